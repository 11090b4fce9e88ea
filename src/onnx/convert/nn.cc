// Convolution, pooling, softmax, losses.
#include "onnx/convert/converters.h"
#include "onnx/convert/emit.h"
#include "ops/col2im.h"
#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/deform_conv.h"
#include "ops/fused.h"
#include "ops/hardmax.h"
#include "ops/max_unpool.h"
#include "ops/nll_loss.h"
#include "ops/pool.h"
#include "ops/softmax.h"

namespace ingot::onnx {
namespace {

// Sets pads or auto_pad from the attributes. SAME becomes explicit pads where they do not depend on a symbolic size.
// `kernel` may hold symbols. Pooling and convolution name their fields alike.
template <class Window> void set_pads(Conversion& c, const DimShape& kernel, Window& window) {
  const std::string mode = c.get_string("auto_pad", "NOTSET");
  if (mode == "VALID") return;
  if (mode == "NOTSET" || mode.empty()) {
    window.pads = c.get_ints("pads");
    return;
  }
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER") fail(Code::kInvalidModel, "auto_pad is \"{}\"", mode);
  window.auto_pad = mode == "SAME_UPPER" ? AutoPad::kSameUpper : AutoPad::kSameLower;
  const auto sizes = constant_shape(kernel);
  const Fact& x = c.input_fact(0);
  if (!sizes || !x.has_rank() || x.shape->size() != kernel.size() + 2) return;
  const auto axes = window_axes(kernel, window.strides, window.dilations, {}, window.auto_pad);
  std::vector<int64_t> pads(2 * axes.size());
  for (size_t i = 0; i < axes.size(); ++i) {
    // With stride 1 the pads are the same for every size; any number does.
    const auto size = axes[i].stride == 1 ? std::optional<int64_t>(1) : (*x.shape)[i + 2].constant();
    if (!size) return;
    const WindowRange range = window_ranges({*size}, {axes[i]}, window.auto_pad, false)[0];
    pads[i] = range.pad_begin;
    pads[axes.size() + i] = range.pad_end;
  }
  window.auto_pad = AutoPad::kNone;
  window.pads = std::move(pads);
}

// The kernel as attribute kernel_shape or, for convolutions, the weights' shape.
DimShape kernel_of(Conversion& c) {
  const DimShape attribute = to_dims(c.get_ints("kernel_shape"));
  if (c.input_count() < 2 || !c.has(1) || !c.input_fact(1).has_rank()) return attribute;
  const DimShape& w = *c.input_fact(1).shape;
  if (w.size() < 2) return attribute;
  const DimShape kernel(w.begin() + 2, w.end());
  bool fits = attribute.empty() || attribute.size() == kernel.size();
  for (size_t i = 0; fits && i < attribute.size(); ++i) fits = !kernel[i].is_constant() || kernel[i] == attribute[i];
  if (!fits) {
    fail(Code::kInvalidModel, "kernel_shape {} of {} with weights {}", dims_text(attribute), c.node().op_type,
         dims_text(w));
  }
  return kernel;
}

void convert_conv(Conversion& c) {
  Conv conv;
  conv.group = c.get_int("group", 1);
  conv.strides = c.get_ints("strides");
  conv.dilations = c.get_ints("dilations");
  set_pads(c, kernel_of(c), conv);
  c.set_output(0, c.add(std::move(conv), {c.input(0), c.input(1), c.optional(2)}));
}

void convert_conv_transpose(Conversion& c) {
  ConvTranspose conv;
  conv.group = c.get_int("group", 1);
  conv.strides = c.get_ints("strides");
  conv.dilations = c.get_ints("dilations");
  conv.output_padding = c.get_ints("output_padding");
  conv.output_shape = c.get_ints("output_shape");
  const std::string mode = c.get_string("auto_pad", "NOTSET");
  if (mode == "SAME_UPPER") conv.auto_pad = AutoPad::kSameUpper;
  if (mode == "SAME_LOWER") conv.auto_pad = AutoPad::kSameLower;
  if (mode == "NOTSET") conv.pads = c.get_ints("pads");
  const DimShape kernel = kernel_of(c);
  // Some exporters give the whole shape, not the spatial sizes alone.
  if (!kernel.empty() && conv.output_shape.size() == kernel.size() + 2) {
    conv.output_shape.erase(conv.output_shape.begin(), conv.output_shape.begin() + 2);
  }
  c.set_output(0, c.add(std::move(conv), {c.input(0), c.input(1), c.optional(2)}));
}

void convert_deform_conv(Conversion& c) {
  kernel_of(c);
  DeformConv conv{c.get_int("group", 1), c.get_int("offset_group", 1), c.get_ints("strides"), c.get_ints("dilations"),
                  c.get_ints("pads")};
  c.set_output(0, c.add(std::move(conv), {c.input(0), c.input(1), c.input(2), c.optional(3), c.optional(4)}));
}

template <PoolFn fn> void convert_pool(Conversion& c) {
  Pool pool;
  pool.fn = fn;
  pool.kernel = c.get_ints("kernel_shape");
  pool.strides = c.get_ints("strides");
  pool.dilations = c.get_ints("dilations");
  pool.ceil_mode = c.get_int("ceil_mode", 0) != 0;
  pool.count_include_pad = fn == PoolFn::kAverage && c.get_int("count_include_pad", 0) != 0;
  pool.column_major = c.get_int("storage_order", 0) != 0;
  pool.with_indices = fn == PoolFn::kMax && c.has_output(1);
  if (fn == PoolFn::kLp) pool.p = static_cast<double>(c.get_int("p", 2));
  set_pads(c, to_dims(pool.kernel), pool);
  c.set_outputs(c.add_node(std::move(pool), {c.input(0)}));
}

ir::ValueId reduce_spatial(Conversion& c, ReduceFn fn, ir::ValueId x) {
  return emit_reduce(c, fn, x, axis_range(2, c.rank(0, "global pooling keeps it")));
}

template <ReduceFn fn> void convert_global_pool(Conversion& c) { c.set_output(0, reduce_spatial(c, fn, c.input(0))); }

void convert_global_lp_pool(Conversion& c) {
  const int64_t p = c.get_int("p", 2);
  if (p < 1) fail(Code::kInvalidModel, "GlobalLpPool with p {}", p);
  if (p <= 2) return c.set_output(0, reduce_spatial(c, p == 1 ? ReduceFn::kL1 : ReduceFn::kL2, c.input(0)));
  const auto exponent = static_cast<double>(p);
  const ir::ValueId powers = emit_scalar(c, BinaryFn::kPow, emit_unary(c, UnaryFn::kAbs, c.input(0)), exponent);
  c.set_output(0, emit_scalar(c, BinaryFn::kPow, reduce_spatial(c, ReduceFn::kSum, powers), 1 / exponent));
}

void convert_max_unpool(Conversion& c) {
  MaxUnpool unpool{c.get_ints("kernel_shape"), c.get_ints("strides"), c.get_ints("pads")};
  c.set_output(0, c.add(std::move(unpool), {c.input(0), c.input(1), c.optional(2)}));
}

void convert_col2im(Conversion& c) {
  Col2Im col{c.get_ints("strides"), c.get_ints("dilations"), c.get_ints("pads")};
  c.set_output(0, c.add(std::move(col), {c.input(0), c.input(1), c.input(2)}));
}

template <Op (*make)(int64_t)> void convert_along_axis(Conversion& c) {
  c.set_output(0, c.add(make(c.get_int("axis", -1)), {c.input(0)}));
}

// Before opset 13 the input is seen as a matrix with the axes from `axis` (default 1) on as one.
template <Op (*make)(int64_t)> void convert_flattened(Conversion& c) {
  const int64_t given = c.get_int("axis", 1), rank = c.rank(0, "the axes are flattened");
  const int64_t axis = given == rank ? rank : normalize_axis(given, std::max<int64_t>(rank, 1));
  if (axis == rank - 1) return c.set_output(0, c.add(make(-1), {c.input(0)}));
  const DimShape shape = shape_of(c, c.input(0));
  const ir::ValueId matrix = emit_reshape(
      c, c.input(0),
      {product(DimShape(shape.begin(), shape.begin() + axis)), product(DimShape(shape.begin() + axis, shape.end()))});
  c.set_output(0, emit_reshape(c, c.add(make(-1), {matrix}), shape));
}

template <bool log> Op make_softmax(int64_t axis) { return Softmax{axis, log}; }
Op make_hardmax(int64_t axis) { return Hardmax{axis}; }

NllLoss loss_of(Conversion& c) {
  return {get_enum<LossReduction>(c, "reduction", "mean"), c.has_attribute("ignore_index"),
          c.get_int("ignore_index", 0)};
}

void convert_nll_loss(Conversion& c) { c.set_output(0, c.add(loss_of(c), {c.input(0), c.input(1), c.optional(2)})); }

void convert_cross_entropy(Conversion& c) {
  const ir::ValueId log_probabilities = c.add(Softmax{1, true}, {c.input(0)});
  c.set_output(0, c.add(loss_of(c), {log_probabilities, c.input(1), c.optional(2)}));
  c.set_output(1, log_probabilities);
}

constexpr Converter kConverters[] = {
    {"", "Conv", convert_conv},
    {"", "ConvTranspose", convert_conv_transpose},
    {"", "DeformConv", convert_deform_conv},
    {"", "MaxPool", convert_pool<PoolFn::kMax>},
    {"", "AveragePool", convert_pool<PoolFn::kAverage>},
    {"", "LpPool", convert_pool<PoolFn::kLp>},
    {"", "GlobalMaxPool", convert_global_pool<ReduceFn::kMax>},
    {"", "GlobalAveragePool", convert_global_pool<ReduceFn::kMean>},
    {"", "GlobalLpPool", convert_global_lp_pool},
    {"", "MaxUnpool", convert_max_unpool},
    {"", "Col2Im", convert_col2im},
    {"", "Softmax", convert_flattened<make_softmax<false>>, 1, 12},
    {"", "Softmax", convert_along_axis<make_softmax<false>>, 13},
    {"", "LogSoftmax", convert_flattened<make_softmax<true>>, 1, 12},
    {"", "LogSoftmax", convert_along_axis<make_softmax<true>>, 13},
    {"", "Hardmax", convert_flattened<make_hardmax>, 1, 12},
    {"", "Hardmax", convert_along_axis<make_hardmax>, 13},
    {"", "NegativeLogLikelihoodLoss", convert_nll_loss},
    {"", "SoftmaxCrossEntropyLoss", convert_cross_entropy},
};

}  // namespace

std::span<const Converter> nn_converters() { return kConverters; }

}  // namespace ingot::onnx

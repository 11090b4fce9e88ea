#include "ops/quantize_linear.h"

#include <algorithm>
#include <cmath>

#include "ops/eval.h"
#include "tensor/elements.h"

namespace ingot {

ScaleIndex::ScaleIndex(const Shape& data, const Shape& scale, int64_t axis, int64_t block) {
  if (block < 0) fail(Code::kInvalidArgument, "a block of {} elements", block);
  if (element_count(scale) == 1 && block == 0) return;
  const auto rank = static_cast<int64_t>(data.size());
  axis = rank == 1 ? 0 : normalize_axis(axis, rank);
  size_ = data[static_cast<size_t>(axis)];
  inner_ = element_count({data.begin() + axis + 1, data.end()});
  if (block == 0) {
    if (scale.size() != 1 || scale[0] != size_) {
      fail(Code::kInvalidArgument, "scales {} for axis {} of {}", shape_text(scale), axis, shape_text(data));
    }
    inner_scales_ = 1;
  } else {
    Shape wanted = data;
    wanted[static_cast<size_t>(axis)] = size_ / block + (size_ % block != 0 ? 1 : 0);
    if (scale != wanted) {
      fail(Code::kInvalidArgument, "scales {} for blocks of {} along axis {} of {}", shape_text(scale), block, axis,
           shape_text(data));
    }
    block_ = block;
    inner_scales_ = inner_;
    step_ = 1;
    outer_scales_ = wanted[static_cast<size_t>(axis)] * inner_;
  }
  size_ = std::max<int64_t>(size_, 1);
  inner_ = std::max<int64_t>(inner_, 1);
  outer_ = size_ * inner_;
}

IntRange int_range(DType dtype) {
  const int bits = dtype_bits(dtype);
  if (!is_int(dtype) || bits > 32) fail(Code::kInvalidArgument, "{} is no quantised integer type", dtype_name(dtype));
  if (is_unsigned_int(dtype)) return {0, (int64_t{1} << bits) - 1};
  return {-(int64_t{1} << (bits - 1)), (int64_t{1} << (bits - 1)) - 1};
}

int64_t quantize_to_int(double ratio, int64_t zero_point, const IntRange& range) {
  if (std::isnan(ratio)) return range.low;
  const double rounded = std::nearbyint(ratio) + static_cast<double>(zero_point);
  return static_cast<int64_t>(std::clamp(rounded, static_cast<double>(range.low), static_cast<double>(range.high)));
}

bool is_quantized_type(DType dtype) {
  return (is_int(dtype) && dtype_bits(dtype) <= 16) || (is_float(dtype) && dtype_bits(dtype) <= 8);
}

void write_quantized(Tensor& to, int64_t index, float ratio, double zero_point, bool saturate) {
  if (is_int(to.dtype())) {
    write_int(to, index, quantize_to_int(ratio, static_cast<int64_t>(zero_point), int_range(to.dtype())));
    return;
  }
  const Tensor one = convert(Tensor::scalar<float>(ratio + static_cast<float>(zero_point)), to.dtype(), saturate);
  copy_element(one, 0, to, index);
}

// Checks scale and zero point of a (de)quantisation against the data.
static void check_parameters(const InferContext& context, int64_t axis, int64_t block, DType zero_point) {
  const Fact &x = context.input(0), &scale = context.input(1);
  if (context.has(2)) {
    context.require(context.dtype(2) == zero_point, "the zero point has type {} instead of {}",
                    dtype_name(context.dtype(2)), dtype_name(zero_point));
  }
  context.require(is_float(scale.dtype()) || scale.dtype() == DType::kI32, "the scale has type {}",
                  dtype_name(scale.dtype()));
  const auto x_shape = x.shape ? constant_shape(*x.shape) : std::nullopt;
  const auto scale_shape = scale.shape ? constant_shape(*scale.shape) : std::nullopt;
  if (x_shape && scale_shape) ScaleIndex(*x_shape, *scale_shape, axis, block);
}

static void infer(const QuantizeLinear& op, InferContext& context) {
  context.require(is_quantized_type(op.to), "quantisation to {}", dtype_name(op.to));
  const DType from = context.dtype(0);
  context.require(is_float(from) || from == DType::kI32, "quantisation of {}", dtype_name(from));
  check_parameters(context, op.axis, op.block, op.to);
  context.set_output(0, op.to, context.shape(0));
}

static float rounded_to(float value, DType precision) {
  if (precision == DType::kF16) return F16(value);
  if (precision == DType::kBF16) return BF16(value);
  return value;
}

static void eval(const QuantizeLinear& op, EvalContext& context) {
  const Tensor &x = context.tensor(0), &scale = context.tensor(1);
  const ScaleIndex scale_of(x.shape(), scale.shape(), op.axis, op.block);
  const Tensor* zero_point = context.has(2) ? &context.tensor(2) : nullptr;
  if (zero_point != nullptr && zero_point->count() != scale.count()) {
    fail(Code::kInvalidArgument, "{} scales and {} zero points", scale.count(), zero_point->count());
  }
  const DType precision = op.precision == DType::kUndefined ? scale.dtype() : op.precision;
  Tensor& y = context.output(0, op.to, x.shape());
  for (int64_t i = 0; i < x.count(); ++i) {
    const int64_t k = scale_of[i];
    const auto divisor = static_cast<float>(read_double(scale, k));
    const float ratio = rounded_to(static_cast<float>(read_double(x, i)) / divisor, precision);
    write_quantized(y, i, ratio, zero_point != nullptr ? read_double(*zero_point, k) : 0, op.saturate);
  }
}

const OpDef QuantizeLinear::def = define_op<QuantizeLinear, infer, eval>(
    {"quantize_linear", "saturate(round(x / scale) + zero_point)", 2, 3, 1, kNoTraits, {0, 0}});

static void infer(const DequantizeLinear& op, InferContext& context) {
  context.require(is_float(op.to), "dequantisation to {}", dtype_name(op.to));
  const DType from = context.dtype(0);
  context.require(is_quantized_type(from) || from == DType::kI32, "dequantisation of {}", dtype_name(from));
  check_parameters(context, op.axis, op.block, from);
  context.set_output(0, op.to, context.shape(0));
}

static void eval(const DequantizeLinear& op, EvalContext& context) {
  const Tensor &x = context.tensor(0), &scale = context.tensor(1);
  const ScaleIndex scale_of(x.shape(), scale.shape(), op.axis, op.block);
  const Tensor* zero_point = context.has(2) ? &context.tensor(2) : nullptr;
  if (zero_point != nullptr && zero_point->count() != scale.count()) {
    fail(Code::kInvalidArgument, "{} scales and {} zero points", scale.count(), zero_point->count());
  }
  Tensor& y = context.output(0, op.to, x.shape());
  for (int64_t i = 0; i < x.count(); ++i) {
    const int64_t k = scale_of[i];
    const double centred = read_double(x, i) - (zero_point != nullptr ? read_double(*zero_point, k) : 0);
    write_double(y, i, static_cast<float>(centred) * static_cast<float>(read_double(scale, k)));
  }
}

const OpDef DequantizeLinear::def = define_op<DequantizeLinear, infer, eval>(
    {"dequantize_linear", "(x - zero_point) * scale", 2, 3, 1, kNoTraits, {1, 0}});

static void infer(const DynamicQuantizeLinear&, InferContext& context) {
  context.require(context.dtype(0) == DType::kF32, "dynamic quantisation of {}", dtype_name(context.dtype(0)));
  context.set_output(0, DType::kU8, context.shape(0));
  context.set_output(1, DType::kF32, DimShape{});
  context.set_output(2, DType::kU8, DimShape{});
}

static void eval(const DynamicQuantizeLinear&, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  float low = 0, high = 0;
  for (const float value : x.span<float>()) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // All zeros: any scale represents them; 1 keeps the division defined.
  const float scale = high == low ? 1.0f : (high - low) / 255.0f;
  const int64_t zero_point = quantize_to_int(-low / scale, 0, int_range(DType::kU8));
  Tensor& y = context.output(0, DType::kU8, x.shape());
  for (int64_t i = 0; i < x.count(); ++i) {
    write_quantized(y, i, x.data<float>()[i] / scale, static_cast<double>(zero_point));
  }
  context.set_output(1, Tensor::scalar<float>(scale));
  context.set_output(2, Tensor::scalar<uint8_t>(static_cast<uint8_t>(zero_point)));
}

const OpDef DynamicQuantizeLinear::def = define_op<DynamicQuantizeLinear, infer, eval>(
    {"dynamic_quantize_linear", "x quantised to u8 over its own range, with scale and zero point", 1, 1, 3});

}  // namespace ingot

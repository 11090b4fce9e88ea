#include "ops/conv_integer.h"

#include "ops/conv.h"
#include "ops/eval.h"
#include "ops/fused.h"
#include "ops/infer.h"
#include "ops/quantize_linear.h"
#include "ops/tile_body.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

void require_8_bit(const InferContext& context, size_t index) {
  context.require(is_int(context.dtype(index)) && dtype_bits(context.dtype(index)) == 8, "integer convolution of {}",
                  dtype_name(context.dtype(index)));
}

double one_number(const Tensor& tensor, const char* what) {
  if (tensor.count() != 1) fail(Code::kInvalidArgument, "{} is {}", what, tensor.type_text());
  return read_double(tensor, 0);
}

std::vector<double> centred_data(const Tensor& x, const Tensor* zero_point) {
  std::vector<double> values = to_doubles(x);
  const double zero = zero_point != nullptr ? one_number(*zero_point, "the zero point of the data") : 0;
  for (double& value : values) value -= zero;
  return values;
}

// Parameter `tensor` (one number or [m]) of filter m.
double of_filter(const Tensor& tensor, int64_t m) { return read_double(tensor, tensor.count() == 1 ? 0 : m); }

void check_filter_parameter(const Tensor& tensor, int64_t filters) {
  if (tensor.count() != 1 && (tensor.rank() != 1 || tensor.count() != filters)) {
    fail(Code::kInvalidArgument, "{} for {} filters", tensor.type_text(), filters);
  }
}

std::vector<double> centred_filters(const Tensor& w, const Tensor* zero_point) {
  std::vector<double> values = to_doubles(w);
  if (zero_point == nullptr || w.count() == 0) return values;
  check_filter_parameter(*zero_point, w.dim(0));
  const int64_t size = w.count() / w.dim(0);
  for (int64_t i = 0; i < w.count(); ++i) values[static_cast<size_t>(i)] -= of_filter(*zero_point, i / size);
  return values;
}

void check_rank(const Tensor& x) {
  if (x.rank() < 3) fail(Code::kInvalidArgument, "convolution of {}", x.type_text());
}

}  // namespace

static void infer(const ConvInteger& op, InferContext& context) {
  require_8_bit(context, 0);
  require_8_bit(context, 1);
  infer_epilogue(op.epilogue, context,
                 infer_convolution(conv_of(op), context, context.shape(0), context.shape(1), DType::kI32), 4);
}

// The convolution of `data`, which is x less its zero point, in the layout of x.
static ConvResult convolve_as(const Conv& conv, std::vector<double> data, const Shape& x, const std::vector<double>& w,
                              const Shape& w_shape) {
  if (!conv.channels_last) return convolve(conv, data, x, w, w_shape);
  ConvResult sums = convolve(conv, to_channels_first(data, x), channels_first_shape(x), w, w_shape);
  sums.values = to_channels_last(sums.values, sums.shape);
  sums.shape = channels_last_shape(sums.shape);
  return sums;
}

static void eval(const ConvInteger& op, EvalContext& context) {
  const Tensor &x = context.tensor(0), &w = context.tensor(1);
  check_rank(x);
  const ConvResult sums =
      convolve_as(conv_of(op), centred_data(x, context.has(2) ? &context.tensor(2) : nullptr), x.shape(),
                  centred_filters(w, context.has(3) ? &context.tensor(3) : nullptr), w.shape());
  eval_epilogue(op.epilogue, context, DType::kI32, sums.shape, std::span<const double>(sums.values), 4);
}

const OpDef ConvInteger::def = define_op<ConvInteger, infer, eval>(
    {"conv_integer", "conv(x - x_zero, w - w_zero) in i32", 2, -1, 1, kNoTraits, {0, 0}});

static void infer(const QLinearConv& op, InferContext& context) {
  require_8_bit(context, 0);
  require_8_bit(context, 3);
  require_8_bit(context, 7);
  context.set_output(0, infer_convolution(conv_of(op), context, context.shape(0), context.shape(3), context.dtype(7)));
}

static void eval(const QLinearConv& op, EvalContext& context) {
  const Tensor &x = context.tensor(0), &w = context.tensor(3);
  check_rank(x);
  std::vector<double> data = centred_data(x, &context.tensor(2));
  if (op.channels_last) data = to_channels_first(data, x.shape());
  ConvResult sums = convolve(conv_of(op), data, op.channels_last ? channels_first_shape(x.shape()) : x.shape(),
                             centred_filters(w, &context.tensor(5)), w.shape());
  const Tensor &w_scale = context.tensor(4), *bias = context.has(8) ? &context.tensor(8) : nullptr;
  const int64_t filters = sums.shape[1];
  check_filter_parameter(w_scale, filters);
  if (bias != nullptr && bias->count() != filters) {
    fail(Code::kInvalidArgument, "{} filters and {} biases", filters, bias->count());
  }
  const auto x_scale = static_cast<float>(one_number(context.tensor(1), "the scale of the data"));
  const auto y_scale = static_cast<float>(one_number(context.tensor(6), "the scale of the result"));
  const Tensor& y_zero = context.tensor(7);
  const auto zero = static_cast<int64_t>(one_number(y_zero, "the zero point of the result"));
  const IntRange range = int_range(y_zero.dtype());
  const size_t plane = sums.values.empty() ? 1 : sums.values.size() / static_cast<size_t>(sums.shape[0] * filters);
  for (size_t i = 0; i < sums.values.size(); ++i) {
    const auto m = static_cast<int64_t>(i / plane % static_cast<size_t>(filters));
    const float factor = x_scale * static_cast<float>(of_filter(w_scale, m)) / y_scale;
    const double sum = sums.values[i] + (bias != nullptr ? read_double(*bias, m) : 0);
    sums.values[i] = static_cast<double>(quantize_to_int(static_cast<float>(sum) * factor, zero, range));
  }
  if (op.channels_last) {
    sums.values = to_channels_last(sums.values, sums.shape);
    sums.shape = channels_last_shape(sums.shape);
  }
  write_doubles(context.output(0, y_zero.dtype(), sums.shape), sums.values);
}

const OpDef QLinearConv::def = define_op<QLinearConv, infer, eval>(
    {"qlinear_conv", "quantize((conv(x - x_zero, w - w_zero) + bias) * (x_scale * w_scale / y_scale))", 8, 9, 1});

}  // namespace ingot

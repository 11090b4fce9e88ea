// For benches of convolutions, of floats and of bytes.
#pragma once
#include "kernels/kernel_benching.h"
#include "ops/conv.h"
#include "ops/conv_integer.h"
#include "ops/fused.h"

namespace ingot::kernels {

struct SquareConv {
  int64_t size, channels, filters, kernel, stride = 1, group = 1;
};

// Batch 1, square data and kernel, padded to keep the size, with bias.
inline void bench_conv(const Family& family, const SquareConv& conv, bool channels_last, int threads = 1,
                       DType dtype = DType::kF32) {
  const auto [size, channels, filters, kernel, stride, group] = conv;
  const int64_t pad = kernel / 2, out = (size + 2 * pad - kernel) / stride + 1;
  Conv op;
  op.group = group;
  op.strides = {stride, stride};
  op.pads = {pad, pad, pad, pad};
  op.channels_last = channels_last;
  const Shape x = channels_last ? Shape{1, size, size, channels} : Shape{1, channels, size, size};
  const Shape y = channels_last ? Shape{1, out, out, filters} : Shape{1, filters, out, out};
  const Shape w = {filters, channels / group, kernel, kernel};
  const Problem problem{op, {{dtype, x}, {dtype, w, true}, {DType::kF32, {filters}, true}}, {{dtype, y}}};
  const auto elements = [](const Shape& shape) { return static_cast<double>(element_count(shape)); };
  bench_rows(family, std::string(dtype_name(dtype)) + " " + family.text(problem) + " t" + std::to_string(threads),
             problem, 2 * elements(y) * static_cast<double>(channels / group * kernel * kernel),
             dtype_bits(dtype) / 8 * (elements(x) + elements(w) + elements(y)), threads);
}

// The same of bytes, channels last, with a zero point and sums of i32; stride 1.
inline void bench_integer_conv(const Family& family, const SquareConv& conv) {
  const auto [size, channels, filters, kernel, stride, group] = conv;
  const int64_t pad = kernel / 2;
  ConvInteger op;
  op.group = group;
  op.pads = {pad, pad, pad, pad};
  op.channels_last = true;
  const Shape x = {1, size, size, channels}, w = {filters, channels / group, kernel, kernel},
              y = {1, size, size, filters};
  const Problem problem{op, {{DType::kU8, x}, {DType::kI8, w, true}, {DType::kU8, {}}, {}}, {{DType::kI32, y}}};
  const auto elements = [](const Shape& shape) { return static_cast<double>(element_count(shape)); };
  bench_rows(family, family.text(problem), problem,
             2 * elements(y) * static_cast<double>(channels / group * kernel * kernel),
             elements(x) + elements(w) + 4 * elements(y));
}

}  // namespace ingot::kernels

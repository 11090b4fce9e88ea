#include "kernels/families.h"
#include "kernels/kernel_benching.h"
#include "ops/conv_integer.h"

namespace ingot::kernels {
namespace {

// Square pictures and filters, padded to keep the size.
void add(int64_t size, int64_t channels, int64_t filters, int64_t kernel, int64_t group = 1) {
  const int64_t pad = kernel / 2;
  ConvInteger conv;
  conv.group = group;
  conv.pads = {pad, pad, pad, pad};
  conv.channels_last = true;
  const Shape x = {1, size, size, channels}, w = {filters, channels / group, kernel, kernel},
              y = {1, size, size, filters};
  const Problem problem{conv, {{DType::kU8, x}, {DType::kI8, w, true}, {DType::kU8, {}}, {}}, {{DType::kI32, y}}};
  const auto elements = [](const Shape& shape) { return static_cast<double>(element_count(shape)); };
  bench_rows(kIntegerConvFamily, kIntegerConvFamily.text(problem), problem,
             2 * elements(y) * static_cast<double>(channels / group * kernel * kernel),
             elements(x) + elements(w) + 4 * elements(y));
}

const int kRegistered = [] {
  add(56, 64, 64, 3);
  add(28, 512, 128, 1);
  add(14, 256, 256, 3);
  add(14, 576, 576, 3, 576);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels

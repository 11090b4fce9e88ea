#include "kernels/families.h"
#include "kernels/kernel_benching.h"
#include "ops/conv_transpose.h"

namespace ingot::kernels {
namespace {

// Doubles pictures: strides of two.
void add(int64_t size, int64_t channels, int64_t filters, int64_t kernel) {
  ConvTranspose conv;
  conv.strides = {2, 2};
  conv.channels_last = true;
  const int64_t to = (size - 1) * 2 + kernel;
  const Shape x = {1, size, size, channels}, w = {channels, filters, kernel, kernel}, y = {1, to, to, filters};
  const Problem problem{conv, {{DType::kF32, x}, {DType::kF32, w, true}}, {{DType::kF32, y}}};
  bench_rows(kConvTransposeFamily, kConvTransposeFamily.text(problem), problem,
             2.0 * static_cast<double>(element_count(x) * filters * kernel * kernel),
             4.0 * static_cast<double>(element_count(x) + element_count(w) + element_count(y)));
}

const int kRegistered = [] {
  add(80, 64, 64, 2);
  add(40, 128, 64, 4);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels

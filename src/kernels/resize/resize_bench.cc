#include "ops/resize.h"

#include "kernels/families.h"
#include "kernels/kernel_benching.h"

namespace ingot::kernels {
namespace {

// Twice the size in each direction, channels last.
void add(ResizeMode mode, int64_t size, int64_t channels) {
  Resize resize;
  resize.mode = mode;
  resize.axes = {1, 2};
  resize.scales = {2, 2};
  const Shape x = {1, size, size, channels}, y = {1, 2 * size, 2 * size, channels};
  const Problem problem{resize, {{DType::kF32, x}}, {{DType::kF32, y}}};
  bench_rows(kResizeFamily, kResizeFamily.text(problem), problem, 0,
             4.0 * static_cast<double>(element_count(x) + element_count(y)));
}

const int kRegistered = [] {
  for (const ResizeMode mode : {ResizeMode::kNearest, ResizeMode::kLinear, ResizeMode::kCubic}) {
    add(mode, 20, 256);
    add(mode, 112, 3);
  }
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels

#include "kernels/families.h"
#include "kernels/kernel_benching.h"
#include "ops/grid_sample.h"

namespace ingot::kernels {
namespace {

void add(int64_t channels, int64_t size) {
  const Shape image = {1, channels, size, size}, grid = {1, size, size, 2};
  const Problem problem{GridSample{}, {{DType::kF32, image}, {DType::kF32, grid}}, {{DType::kF32, image}}};
  bench_rows(kSampleFamily, kSampleFamily.text(problem), problem, 0,
             4.0 * static_cast<double>(2 * element_count(image) + element_count(grid)));
}

const int kRegistered = [] {
  add(3, 224);
  add(64, 56);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels

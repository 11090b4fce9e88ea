#include "kernels/families.h"
#include "kernels/kernel_benching.h"
#include "ops/grid_sample.h"
#include "ops/roi.h"

namespace ingot::kernels {
namespace {

void add(int64_t channels, int64_t size) {
  const Shape image = {1, channels, size, size}, grid = {1, size, size, 2};
  const Problem problem{GridSample{}, {{DType::kF32, image}, {DType::kF32, grid}}, {{DType::kF32, image}}};
  bench_rows(kSampleFamily, kSampleFamily.text(problem), problem, 0,
             4.0 * static_cast<double>(2 * element_count(image) + element_count(grid)));
}

void add_regions(int64_t channels, int64_t size, int64_t regions) {
  const Shape image = {1, channels, size, size}, bins = {regions, channels, 7, 7};
  const Problem problem{RoiAlign{RoiAlignFn::kAverage, 7, 7, 2},
                        {{DType::kF32, image}, {DType::kF32, {regions, 4}}, {DType::kI64, {regions}}},
                        {{DType::kF32, bins}}};
  bench_rows(kSampleFamily, kSampleFamily.text(problem), problem, 0,
             4.0 * static_cast<double>(element_count(image) + element_count(bins)));
}

const int kRegistered = [] {
  add(3, 224);
  add(64, 56);
  add_regions(256, 20, 150);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels

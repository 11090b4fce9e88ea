#include "kernels/families.h"
#include "kernels/kernel_benching.h"
#include "ops/reduce.h"

namespace ingot::kernels {
namespace {

void add(const Shape& shape, const std::vector<int64_t>& axes) {
  Shape to = shape;
  for (const int64_t axis : axes) to[static_cast<size_t>(axis)] = 1;
  const Problem problem{Reduce{ReduceFn::kMean, axes}, {{DType::kF32, shape}}, {{DType::kF32, to}}};
  bench_rows(kReduceFamily, kReduceFamily.text(problem), problem, 0, 4.0 * static_cast<double>(element_count(shape)));
}

const int kRegistered = [] {
  add({1, 7, 7, 2048}, {1, 2});
  add({1, 2048, 7, 7}, {2, 3});
  add({1, 56, 56, 64}, {1, 2});
  add({1, 64, 56, 56}, {2, 3});
  add({128, 768}, {1});
  add({1024, 1024}, {0});
  add({1024, 1024}, {0, 1});
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels

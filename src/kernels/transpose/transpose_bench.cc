#include "kernels/families.h"
#include "kernels/kernel_benching.h"
#include "ops/transpose.h"

namespace ingot::kernels {
namespace {

void add(const Shape& shape, const std::vector<int64_t>& permutation, DType dtype = DType::kF32) {
  Shape to;
  double bytes = 2.0 * dtype_bits(dtype) / 8;
  for (const int64_t axis : permutation) {
    to.push_back(shape[static_cast<size_t>(axis)]);
    bytes *= static_cast<double>(to.back());
  }
  const Problem problem{Transpose{permutation}, {{dtype, shape}}, {{dtype, to}}};
  bench_rows(kTransposeFamily, kTransposeFamily.text(problem), problem, 0, bytes);
}

const int kRegistered = [] {
  add({1, 64, 56, 56}, {0, 2, 3, 1});
  add({1, 56, 56, 64}, {0, 3, 1, 2});
  add({1, 3, 224, 224}, {0, 2, 3, 1});
  add({1, 224, 224, 3}, {0, 3, 1, 2});
  add({1, 128, 12, 64}, {0, 2, 1, 3});
  add({1, 12, 128, 64}, {0, 1, 3, 2});
  add({1024, 1024}, {1, 0});
  add({1024, 1024}, {1, 0}, DType::kF16);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels

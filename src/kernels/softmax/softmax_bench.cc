#include "ops/softmax.h"

#include "kernels/families.h"
#include "kernels/kernel_benching.h"

namespace ingot::kernels {
namespace {

void add(const Shape& shape, int64_t axis) {
  const Problem problem{Softmax{axis}, {{DType::kF32, shape}}, {{DType::kF32, shape}}};
  bench_rows(kSoftmaxFamily, kSoftmaxFamily.text(problem), problem, 0, 8.0 * static_cast<double>(element_count(shape)));
}

const int kRegistered = [] {
  add({12, 128, 128}, -1);
  add({12, 1024, 1024}, -1);
  add({1, 1000}, -1);
  add({512, 32}, -1);
  add({1, 21, 64, 64}, 1);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels

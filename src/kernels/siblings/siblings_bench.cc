#include "kernels/siblings/siblings.h"

#include "kernels/families.h"
#include "kernels/kernel_benching.h"
#include "ops/matmul.h"

namespace ingot::kernels {
namespace {

// `count` products of one input, as query, key and value of attention.
void add(int64_t rows, int64_t depth, int64_t columns, int64_t count) {
  Siblings siblings;
  Problem problem{siblings, {{DType::kF32, {rows, depth}}}, {}};
  for (int64_t i = 0; i < count; ++i) {
    siblings.members.push_back({MatMul{}, {0, i + 1}});
    problem.inputs.push_back({DType::kF32, {depth, columns}, true});
    problem.outputs.push_back({DType::kF32, {rows, columns}});
  }
  problem.op = siblings;
  const auto m = static_cast<double>(rows), k = static_cast<double>(depth), n = static_cast<double>(columns * count);
  bench_rows(kSiblingsFamily, kSiblingsFamily.text(problem), problem, 2 * m * k * n, 4 * (m * k + k * n + m * n));
}

const int kRegistered = [] {
  add(128, 768, 768, 3);
  add(197, 768, 768, 3);
  add(128, 384, 384, 3);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels

#include "kernels/families.h"
#include "kernels/kernel_benching.h"
#include "ops/group_norm.h"
#include "ops/layer_norm.h"

namespace ingot::kernels {
namespace {

void add(const Op& op, const Shape& shape, const Shape& parameters, int threads = 1) {
  const Operand x{DType::kF32, shape}, p{DType::kF32, parameters};
  const Problem problem{op, {x, p, p}, {x}};
  bench_rows(kNormFamily, kNormFamily.text(problem) + fmt::format(" {}t", threads), problem, 0,
             8.0 * static_cast<double>(element_count(shape)), threads);
}

const int kRegistered = [] {
  for (const int64_t rows : {4, 64, 1024}) add(LayerNorm{}, {rows, 1024}, {1024});
  add(LayerNorm{-1, 1e-5, true}, {64, 1024}, {1024});
  add(LayerNorm{}, {3136, 96}, {96});
  add(GroupNorm{32, 1e-5, false}, {1, 320, 32, 32}, {320});
  add(GroupNorm{32, 1e-5, true}, {1, 32, 32, 320}, {320});
  add(GroupNorm{0, 1e-5, true}, {1, 64, 64, 64}, {64});
  add(GroupNorm{1, 1e-5, true}, {1, 64, 64, 64}, {64});
  add(GroupNorm{1, 1e-5, false}, {1, 64, 64, 64}, {64});
  add(GroupNorm{1, 1e-5, true}, {1, 56, 56, 64}, {64}, 2);
  add(GroupNorm{1, 1e-5, false}, {1, 64, 56, 56}, {64}, 2);
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels

#include "kernels/transpose/transpose.h"

#include <gtest/gtest.h>

#include "kernels/families.h"
#include "kernels/kernel_testing.h"
#include "ops/transpose.h"

namespace ingot::kernels {
namespace {

// Every element different, as far as the type goes.
Tensor counted(DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  for (int64_t i = 0; i < tensor.count(); ++i) write_int(tensor, i, i % 251);
  return tensor;
}

TEST(TransposeKernel, MovesEveryElementOfEveryWidth) {
  const std::vector<std::pair<Shape, std::vector<int64_t>>> cases = {
      {{5, 7}, {1, 0}},
      {{64, 48}, {1, 0}},
      {{1, 3, 33, 35}, {0, 2, 3, 1}},
      {{2, 33, 35, 3}, {0, 3, 1, 2}},
      {{2, 9, 4, 6}, {0, 2, 1, 3}},
      {{2, 9, 4, 2}, {2, 0, 1, 3}},
      {{3, 4, 5}, {2, 1, 0}},
      {{3, 4, 5, 6, 2}, {4, 2, 0, 3, 1}},
      {{4, 1, 5}, {1, 2, 0}},
      {{6, 7}, {0, 1}},
      {{0, 3}, {1, 0}},
      {{}, {}},
      {{9}, {0}},
      {{70, 1, 50}, {2, 0, 1}},
      {{200, 300}, {1, 0}},
  };
  for (const DType dtype : {DType::kF32, DType::kI64, DType::kF16, DType::kU8, DType::kC128}) {
    for (const auto& [shape, permutation] : cases) {
      const Tensor x = dtype == DType::kC128 ? Tensor(dtype, shape) : counted(dtype, shape);
      expect_rows_match(kTransposeFamily, {Transpose{permutation}, {x}}, {});
    }
  }
}

TEST(TransposeKernel, RefusesStringsAndPackedElements) {
  for (const DType dtype : {DType::kString, DType::kI4}) {
    const Problem problem{Transpose{{1, 0}}, {{dtype, {2, 2}}}, {{dtype, {2, 2}}}};
    for (const Row& row : kTransposeFamily.rows) EXPECT_NE(row.refuse(problem), nullptr) << row.name;
  }
}

}  // namespace
}  // namespace ingot::kernels

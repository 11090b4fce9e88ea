#include "ops/softmax.h"

#include <gtest/gtest.h>

#include "kernels/families.h"
#include "kernels/kernel_testing.h"

namespace ingot::kernels {
namespace {

std::mt19937 random_numbers(11);
constexpr Tolerance kClose = {2e-6, 1e-30, 0};

TEST(SoftmaxKernel, MatchesAlongEveryAxis) {
  for (const Shape& shape : {Shape{1, 1000}, Shape{130, 128}, Shape{7, 5, 33}, Shape{2, 3, 70, 2}, Shape{5}, Shape{1},
                             Shape{}, Shape{0, 4}, Shape{3, 0}, Shape{3, 4, 1}, Shape{2, 300, 130}}) {
    for (int64_t axis = -static_cast<int64_t>(std::max<size_t>(shape.size(), 1)); axis < 0; ++axis) {
      for (const bool log : {false, true}) {
        const Tensor x = random_tensor(random_numbers, shape, -4, 4);
        expect_rows_match(kSoftmaxFamily, {Softmax{axis, log}, {x}}, log ? Tolerance{2e-6, 4e-6, 0} : kClose);
      }
    }
  }
}

TEST(SoftmaxKernel, TreatsInfinitiesAndNanAsTheEvaluationDoes) {
  const float inf = INFINITY;
  for (const std::vector<float>& row :
       {std::vector<float>{-inf, 0, 1, -inf}, std::vector<float>{-inf, -inf, -inf, -inf},
        std::vector<float>{inf, 0, 1, 2}, std::vector<float>{NAN, 0, 1, 2}, std::vector<float>{-3e38f, 3e38f, 0, 0}}) {
    for (const int64_t copies : {1, 9}) {
      std::vector<float> values;
      for (int64_t i = 0; i < copies; ++i) values.insert(values.end(), row.begin(), row.end());
      const Tensor x = Tensor::of<float>({4 * copies}, values);
      expect_rows_match(kSoftmaxFamily, {Softmax{0}, {x}}, kClose);
      expect_rows_match(kSoftmaxFamily, {Softmax{0}, {x.reshaped({4 * copies, 1})}}, kClose);
      expect_rows_match(kSoftmaxFamily, {Softmax{0}, {x.reshaped({copies, 4})}}, kClose);
    }
  }
}

// Subnormal weights would be right and cost some hundred cycles a vector on Intel's CPUs.
TEST(SoftmaxKernel, GivesMaskedPlacesZeroAndNoSubnormalWeights) {
  std::vector<float> values(40, -90);
  for (size_t i = 1; i < values.size(); i += 3) values[i] = -103;
  values[0] = 0;
  const Case test{Softmax{1}, {Tensor::of<float>({1, 40}, values)}};
  const Problem problem = problem_of(test, {test.inputs[0]});
  for (const Row& row : kSoftmaxFamily.rows) {
    if (row.isa > cpu_isa()) continue;
    const Tensor y = run_row(row, problem, test.inputs, 1)[0];
    for (int64_t i = 0; i < 40; ++i) EXPECT_EQ(y.data<float>()[i], i == 0 ? 1 : 0) << row.name << " at " << i;
  }
}

TEST(SoftmaxKernel, ComputesInHalfPrecisionTypes) {
  for (const DType dtype : {DType::kF16, DType::kBF16}) {
    const Tensor x = convert(random_tensor(random_numbers, {5, 77, 3}, -8, 8), dtype);
    const Tolerance tolerance = {dtype == DType::kF16 ? 1e-3 : 8e-3, 1e-6, 0};
    for (const int64_t axis : {1, 2}) expect_rows_match(kSoftmaxFamily, {Softmax{axis}, {x}}, tolerance);
    expect_rows_match(kSoftmaxFamily, {Softmax{1, true}, {x}}, tolerance);
  }
}

}  // namespace
}  // namespace ingot::kernels

// For tests of kernels on bf16: the exact result on the same operands in f32, rounded once.
#pragma once
#include "kernels/kernel_testing.h"
#include "ops/cast.h"

namespace ingot::kernels {

inline Tensor cast_to(const Tensor& tensor, DType dtype) { return eval_values(Cast{dtype}, {tensor}).at(0).tensor(); }

// Every row of the family that takes `test` (some inputs of bf16) differs from the evaluation of the operator on the
// same numbers in f32 by at most `sums` and, for results of bf16, half a unit of bf16's last place.
inline void expect_bf16_rows_match(const Family& family, const Case& test, const Tolerance& sums, DType result) {
  std::vector<Tensor> wide;
  for (const Tensor& input : test.inputs) {
    wide.push_back(input.defined() && input.dtype() == DType::kBF16 ? cast_to(input, DType::kF32) : input);
  }
  const Tensor expected = eval_values(test.op, wide).at(0).tensor();
  Problem problem = problem_of(test, {expected});
  problem.outputs[0].dtype = result;
  Tolerance tolerance = sums;
  if (result == DType::kBF16) tolerance.rtol += std::ldexp(1, -8);
  int taken = 0;
  for (const Row& row : family.rows) {
    if (row.isa > cpu_isa() || row.refuse(problem) != nullptr) continue;
    ++taken;
    const std::vector<Tensor> one = run_row(row, problem, test.inputs, 1);
    const Comparison comparison = compare(cast_to(one[0], DType::kF32), expected, tolerance);
    EXPECT_TRUE(comparison.equal) << row.name << ", " << family.text(problem) << ": " << comparison.reason;
    for (const int threads : {2, 13}) {
      EXPECT_TRUE(identical(one[0], run_row(row, problem, test.inputs, threads)[0]))
          << row.name << ", " << family.text(problem) << ": other bits with " << threads << " threads";
    }
  }
  EXPECT_GT(taken, 0) << "no row takes " << family.text(problem);
}

}  // namespace ingot::kernels

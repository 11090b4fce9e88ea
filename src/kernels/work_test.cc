#include "kernels/work.h"

#include <gtest/gtest.h>

#include "kernels/chain/chain_testing.h"
#include "ops/conv.h"
#include "ops/matmul.h"
#include "ops/slice.h"
#include "ops/transpose.h"

namespace ingot::kernels {
namespace {

Operand f32(Shape shape, bool constant = false) { return {DType::kF32, std::move(shape), constant}; }

TEST(Work, CountsTwoPerMultiplyAddOfAProduct) {
  const auto work = work_of({MatMul{}, {f32({3, 4}), f32({4, 5}, true)}, {f32({3, 5})}});
  EXPECT_EQ(work->flops, 2 * 3 * 4 * 5);
  EXPECT_EQ(work->bytes, 4 * (12 + 20 + 15));
}

TEST(Work, CountsTheChannelsOfAGroupOnly) {
  Conv conv;
  conv.group = 2;
  const auto work = work_of({conv, {f32({1, 8, 6, 6}), f32({4, 4, 3, 3}, true)}, {f32({1, 4, 4, 4})}});
  EXPECT_EQ(work->flops, 2 * 4 * 16 * (4 * 9));
}

TEST(Work, CountsEveryMemberOfAChain) {
  std::vector<Shape> shapes;
  const Chain op = chain_of({pointwise(4, 12), sliding(12, 3, 2), pointwise(12, 6)}, shapes);
  Problem problem{op, {f32({1, 8, 8, 4})}, {f32({1, 4, 4, 6})}};
  for (const Shape& shape : shapes) problem.inputs.push_back(f32(shape, true));
  const auto work = work_of(problem);
  EXPECT_EQ(work->flops, 2 * (64 * 12 * 4 + 16 * 12 * 9 + 16 * 6 * 12));
  EXPECT_EQ(work->bytes, 4 * (64 * 4 + 12 * 4 + 12 + 12 * 9 + 12 + 6 * 12 + 6 + 16 * 6));
}

TEST(Work, CountsNoArithmeticForCopies) {
  const auto work = work_of({Transpose{{1, 0}}, {f32({10, 20})}, {f32({20, 10})}});
  EXPECT_EQ(work->flops, 0);
  EXPECT_EQ(work->bytes, 2 * 4 * 200);
}

TEST(Work, IsUnknownWhereASizeIs) {
  EXPECT_FALSE(work_of({MatMul{}, {f32({-1, 4}), f32({4, 5}, true)}, {f32({-1, 5})}}).has_value());
}

TEST(Work, IsUnknownForStrings) {
  const Operand words{DType::kString, {3}};
  EXPECT_FALSE(work_of({Transpose{{0}}, {words}, {words}}).has_value());
}

}  // namespace
}  // namespace ingot::kernels

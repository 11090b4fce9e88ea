#include "kernels/epilogue.h"

#include <gtest/gtest.h>

#include <random>

#include "kernels/kernel_testing.h"
#include "ops/binary.h"
#include "ops/unary.h"

namespace ingot::kernels {
namespace {

// gelu(block * scale + bias) + row_value with every kind of operand.
TEST(RowProgram, AppliesItsBodyToABlockInPlaceAtEveryLevel) {
  const std::vector<TileInstruction> body = {{Binary{BinaryFn::kMul}, {0, 1}},
                                             {Binary{BinaryFn::kAdd}, {4, 2}},
                                             {Unary{UnaryFn::kGelu}, {5}},
                                             {Binary{BinaryFn::kAdd}, {6, 3}}};
  ASSERT_EQ(refuse_row_program(body, 3), nullptr);
  std::mt19937 random(3);
  for (const int64_t columns : {1, 7, 16, 48, 64, 100}) {
    const int64_t rows = 70, stride = columns + 3;
    const Tensor scale = random_tensor(random, {columns}), residual = random_tensor(random, {rows, columns});
    const Tensor column = random_tensor(random, {rows}), block = random_tensor(random, {rows, stride});
    const RowOperand operands[] = {
        {scale.data<float>(), 0, 1}, {residual.data<float>(), columns, 1}, {column.data<float>(), 1, 0}};
    std::vector<float> expected(block.span<float>().begin(), block.span<float>().end());
    make_row_program(body, 3, IsaLevel::kReference)->run({expected.data(), stride, rows, columns}, operands);
    for (const IsaLevel isa : {IsaLevel::kAvx2, IsaLevel::kAvx512}) {
      if (cpu_isa() < isa) continue;
      std::vector<float> actual(block.span<float>().begin(), block.span<float>().end());
      make_row_program(body, 3, isa)->run({actual.data(), stride, rows, columns}, operands);
      for (size_t i = 0; i < actual.size(); ++i) {
        const bool inside = static_cast<int64_t>(i) % stride < columns;
        EXPECT_NEAR(actual[i], expected[i], inside ? 2e-6 : 0) << isa_name(isa) << " " << columns << " columns";
      }
    }
  }
}

TEST(RowProgram, RefusesOperatorsOfOtherTypes) {
  const std::vector<TileInstruction> body = {{Binary{BinaryFn::kAnd}, {0, 1}}};
  EXPECT_NE(refuse_row_program(body, 1), nullptr);
}

}  // namespace
}  // namespace ingot::kernels

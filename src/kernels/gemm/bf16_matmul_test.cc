#include "kernels/gemm/bf16_matmul.h"

#include "kernels/bf16_testing.h"
#include "kernels/families.h"
#include "kernels/gemm/instruction_testing.h"
#include "ops/matmul.h"

namespace ingot::kernels {
namespace {

using gemm::binary, gemm::unary;

struct Gemm {
  MatMul op = {};
  Shape a, b;
  bool with_bias = false;
  DType bias = DType::kF32;
  std::vector<Shape> operands = {};
  DType result = DType::kBF16;
};

Tensor random_bf16(std::mt19937& random, const Shape& shape) {
  return cast_to(random_tensor(random, shape), DType::kBF16);
}

void expect_gemm(const Gemm& gemm, unsigned seed = 1) {
  std::mt19937 random(seed);
  Case test{gemm.op, {random_bf16(random, gemm.a), random_bf16(random, gemm.b)}, {false, true}};
  const int64_t n = gemm.b[gemm.op.trans_b ? 0 : 1], k = gemm.a.back();
  test.inputs.push_back(gemm.with_bias ? cast_to(random_tensor(random, {n}), gemm.bias) : Tensor());
  for (const Shape& shape : gemm.operands) test.inputs.push_back(random_bf16(random, shape));
  expect_bf16_rows_match(kGemmFamily, test, tolerance_of(MatMul::def.accuracy, static_cast<double>(k) * 0.3 + 8),
                         gemm.result);
}

TEST(Bf16Gemm, MultipliesEveryEdgeOfTheTiles) {
  for (const int64_t m : {1, 2, 4, 5, 6, 7, 8, 9, 13}) {
    for (const int64_t n : {1, 7, 8, 16, 17, 33, 48, 63, 64, 65, 100, 129}) {
      expect_gemm({.a = {m, 19}, .b = {19, n}}, static_cast<unsigned>(m * n));
      expect_gemm({.a = {m, 20}, .b = {20, n}, .with_bias = true}, static_cast<unsigned>(m * n));
    }
  }
}

TEST(Bf16Gemm, SumsAnyDepth) {
  for (const int64_t k : {1, 2, 3, 383, 384, 1201}) expect_gemm({.a = {14, k}, .b = {k, 70}});
}

TEST(Bf16Gemm, ReadsATransposedBAndFoldsBatches) {
  MatMul op;
  op.trans_b = true;
  op.alpha = 0.25;
  expect_gemm({.op = op, .a = {3, 37, 45}, .b = {77, 45}, .with_bias = true, .bias = DType::kBF16});
  expect_gemm({.a = {2, 3, 5, 9}, .b = {9, 20}});
}

TEST(Bf16Gemm, GivesEmptyAndZeroResults) {
  expect_gemm({.a = {0, 5}, .b = {5, 3}});
  expect_gemm({.a = {2, 5}, .b = {5, 0}});
  expect_gemm({.a = {4, 0}, .b = {0, 3}, .with_bias = true});
  expect_gemm({.a = {70, 0}, .b = {0, 40}, .with_bias = true});
}

TEST(Bf16Gemm, SharesLargeProductsOut) {
  expect_gemm({.a = {300, 1024}, .b = {1024, 40}, .with_bias = true});
  expect_gemm({.a = {130, 64}, .b = {64, 200}});
  expect_gemm({.a = {40, 300}, .b = {300, 1000}});
}

// Against the same body in f32: values between instructions are not rounded.
TEST(Bf16Gemm, RunsEpiloguesInF32) {
  struct Epilogue {
    std::vector<TileInstruction> body;
    std::vector<Shape> operands;
  };
  const std::vector<Epilogue> epilogues = {
      {{unary(UnaryFn::kRelu, 0)}, {}},
      {{binary(BinaryFn::kAdd, 1, 0), unary(UnaryFn::kRelu, 2)}, {{2, 20, 70}}},
      {{binary(BinaryFn::kMax, 0, 1), binary(BinaryFn::kMin, 3, 2)}, {{}, {1}}},
      {{binary(BinaryFn::kAdd, 0, 1)}, {{2, 20, 1}}},
      {{unary(UnaryFn::kGeluTanh, 0)}, {}},
      {{unary(UnaryFn::kSigmoid, 0), binary(BinaryFn::kMul, 0, 1)}, {}},
      {{binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kTanh, 2)}, {{2, 1, 70}}},
  };
  for (const Epilogue& epilogue : epilogues) {
    MatMul op;
    op.epilogue = epilogue.body;
    expect_gemm({.op = op, .a = {2, 20, 50}, .b = {50, 70}, .with_bias = true, .operands = epilogue.operands});
    expect_gemm({.op = op, .a = {2, 20, 1100}, .b = {1100, 70}, .with_bias = true, .operands = epilogue.operands});
  }
}

TEST(Bf16Gemm, AddsAResidualToRowsOfManyBlocks) {
  MatMul op;
  op.epilogue = {binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kRelu, 2)};
  for (const int64_t k : {64, 700}) {
    expect_gemm({.op = op, .a = {190, k}, .b = {k, 100}, .with_bias = true, .operands = {{190, 100}}});
    expect_gemm({.op = op, .a = {190, k}, .b = {k, 100}, .operands = {{1, 100}}});
    expect_gemm({.op = op, .a = {190, k}, .b = {k, 100}, .operands = {{190, 1}}});
  }
}

// The forms that blocks finish between products, and the like that they leave to programs.
TEST(Bf16Gemm, ActivatesScalesAndAdds) {
  const auto silu = [](int64_t operand) { return TileInstruction{Unary{UnaryFn::kSilu, 1}, {operand}}; };
  struct Epilogue {
    std::vector<TileInstruction> body;
    std::vector<Shape> operands;
    DType result = DType::kBF16;
  };
  const std::vector<Epilogue> epilogues = {
      {{silu(0)}, {}},
      {{silu(0)}, {}, DType::kF32},
      {{binary(BinaryFn::kAdd, 0, 1), silu(2)}, {{190, 100}}},
      {{silu(0), binary(BinaryFn::kAdd, 1, 2)}, {{190, 100}}},
      {{unary(UnaryFn::kHardSwish, 0), binary(BinaryFn::kMul, 3, 1), binary(BinaryFn::kAdd, 2, 4)}, {{1}, {1}}},
      {{unary(UnaryFn::kHardSwish, 0), binary(BinaryFn::kMul, 4, 1), binary(BinaryFn::kAdd, 5, 2),
        binary(BinaryFn::kAdd, 3, 6), unary(UnaryFn::kRelu, 7)},
       {{1}, {1}, {190, 100}}},
      {{binary(BinaryFn::kMul, 0, 1), unary(UnaryFn::kHardSwish, 2)}, {{1}}},
      {{unary(UnaryFn::kHardSwish, 0), binary(BinaryFn::kMul, 1, 0)}, {}},
      {{TileInstruction{Cast{DType::kF32}, {0}}, TileInstruction{Unary{UnaryFn::kLeakyRelu, 0.1}, {1}}}, {}},
  };
  for (const Epilogue& epilogue : epilogues) {
    for (const int64_t k : {40, 700}) {
      MatMul op;
      op.epilogue = epilogue.body;
      expect_gemm({.op = op,
                   .a = {190, k},
                   .b = {k, 100},
                   .with_bias = true,
                   .operands = epilogue.operands,
                   .result = epilogue.result});
    }
  }
}

TEST(Bf16Gemm, GivesF32WhereTheEpilogueEndsInACast) {
  MatMul op;
  op.epilogue = {{Cast{DType::kF32}, {0}}};
  expect_gemm({.op = op, .a = {20, 50}, .b = {50, 70}, .with_bias = true, .result = DType::kF32});
}

TEST(Bf16Gemm, LetsNanThroughAClamp) {
  MatMul op;
  op.epilogue = {unary(UnaryFn::kRelu, 0)};
  const Case test{op,
                  {cast_to(Tensor::of<float>({1, 1}, {NAN}), DType::kBF16),
                   cast_to(Tensor::of<float>({1, 2}, {1, -1}), DType::kBF16)},
                  {false, true}};
  expect_bf16_rows_match(kGemmFamily, test, {}, DType::kBF16);
}

TEST(Bf16Gemm, RefusesAProductOfTwoComputedMatrices) {
  const Operand matrix{DType::kBF16, {4, 4}};
  EXPECT_EQ(pick({MatMul{}, {matrix, matrix}, {matrix}}, {IsaLevel::kAvx512Bf16, 1}).row, nullptr);
}

TEST(Bf16Gemm, PrefersTheWiderInstructionsAndTheFittingTile) {
  const auto picked = [](int64_t n, IsaLevel isa, bool slow_dot = false) {
    Target target{isa, 1};
    target.slow_bf16_dot = slow_dot;
    const Problem problem{
        MatMul{}, {{DType::kBF16, {-1, 256}}, {DType::kBF16, {256, n}, true}}, {{DType::kBF16, {-1, n}}}};
    return std::string(pick(problem, target).row->name);
  };
  EXPECT_EQ(picked(256, IsaLevel::kAvx512Bf16), "avx512bf16_gemm_bf16_6x64");
  EXPECT_EQ(picked(96, IsaLevel::kAvx512Bf16), "avx512bf16_gemm_bf16_8x48");
  EXPECT_EQ(picked(256, IsaLevel::kAmx), "amx_gemm_bf16_32x32");
  EXPECT_EQ(picked(256, IsaLevel::kAvx512), "avx512_gemm_bf16_6x64");
  EXPECT_EQ(picked(256, IsaLevel::kAvx512Bf16, true), "avx512_gemm_bf16_6x64");
  EXPECT_EQ(picked(256, IsaLevel::kAmx, true), "amx_gemm_bf16_32x32");
}

}  // namespace
}  // namespace ingot::kernels

#include "kernels/gemm/gemm.h"

#include "kernels/families.h"
#include "kernels/gemm/instruction_testing.h"
#include "kernels/kernel_testing.h"

namespace ingot::kernels {
namespace {

using gemm::binary, gemm::unary;

// Sums of k products of numbers in [-1, 1], plus bias and epilogue operands.
Tolerance tolerance(int64_t k, double alpha = 1) {
  return tolerance_of(MatMul::def.accuracy, static_cast<double>(k) * 0.3 * std::abs(alpha) + 4);
}

struct Gemm {
  MatMul op = {};
  Shape a, b;
  Shape bias = {};
  std::vector<Shape> operands = {};
  bool constant = false, with_bias = false;
};

void expect_gemm(const Gemm& gemm, unsigned seed = 1) {
  std::mt19937 random(seed);
  Case test{gemm.op, {random_tensor(random, gemm.a), random_tensor(random, gemm.b)}, {false, gemm.constant}};
  if (gemm.with_bias) test.inputs.push_back(random_tensor(random, gemm.bias));
  if (!gemm.operands.empty()) test.inputs.resize(3);
  for (const Shape& shape : gemm.operands) test.inputs.push_back(random_tensor(random, shape));
  const int64_t k = gemm.a[gemm.a.size() - (gemm.op.trans_a ? 2 : 1)];
  expect_rows_match(kGemmFamily, test, tolerance(k, gemm.op.alpha));
}

TEST(Gemm, MultipliesEveryEdgeOfTheTiles) {
  for (const int64_t m : {1, 2, 5, 6, 7, 8, 9, 13}) {
    for (const int64_t n : {1, 7, 8, 16, 17, 33, 48, 63, 64, 65, 100, 129}) {
      for (const bool constant : {false, true}) {
        expect_gemm({.a = {m, 19}, .b = {19, n}, .constant = constant}, static_cast<unsigned>(m * n));
      }
    }
  }
}

// Panels side by side, with a rest of whole and partial ones.
TEST(Gemm, MultipliesOneRowByManyColumns) {
  for (const int64_t n : {95, 96, 256, 300, 512, 600}) {
    for (const int64_t k : {1, 50, 1201}) {
      MatMul op;
      op.epilogue = {binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kTanh, 2)};
      expect_gemm({.op = op, .a = {1, k}, .b = {k, n}, .operands = {{n}}, .constant = true});
    }
    expect_gemm({.a = {1, 40}, .b = {40, n}, .bias = {n}, .constant = true, .with_bias = true});
    expect_gemm({.a = {7, 40}, .b = {40, n}, .constant = true});
  }
}

TEST(Gemm, CutsDeepSums) {
  for (const int64_t k : {1, 383, 384, 577, 1201}) {
    for (const bool constant : {false, true}) expect_gemm({.a = {14, k}, .b = {k, 70}, .constant = constant});
  }
}

TEST(Gemm, ReadsTransposedOperands) {
  for (const bool trans_a : {false, true}) {
    for (const bool trans_b : {false, true}) {
      for (const bool constant : {false, true}) {
        const Shape a = trans_a ? Shape{3, 45, 37} : Shape{3, 37, 45};
        const Shape b = trans_b ? Shape{3, 77, 45} : Shape{3, 45, 77};
        expect_gemm({.op = {trans_a, trans_b}, .a = a, .b = b, .constant = constant});
      }
    }
  }
}

TEST(Gemm, BroadcastsBatches) {
  for (const bool constant : {false, true}) {
    expect_gemm({.a = {2, 3, 5, 9}, .b = {9, 20}, .constant = constant});
    expect_gemm({.a = {5, 9}, .b = {2, 3, 9, 20}, .constant = constant});
    expect_gemm({.a = {2, 1, 5, 9}, .b = {3, 9, 20}, .constant = constant});
    expect_gemm({.a = {2, 1, 5, 9}, .b = {1, 3, 9, 20}, .constant = constant});
    expect_gemm({.a = {1, 1, 5, 9}, .b = {1, 9, 20}, .constant = constant});
  }
  expect_gemm({.op = {true, true}, .a = {2, 1, 9, 5}, .b = {3, 20, 9}});
}

TEST(Gemm, AddsABiasOfAnyShape) {
  for (const Shape& bias : std::vector<Shape>{{21}, {1}, {}, {1, 21}, {7, 1}, {7, 21}, {2, 1, 21}, {2, 7, 21}}) {
    MatMul op;
    op.alpha = 0.25;
    expect_gemm({.op = op, .a = {2, 7, 30}, .b = {30, 21}, .bias = bias, .constant = true, .with_bias = true});
    expect_gemm({.op = op, .a = {2, 7, 30}, .b = {2, 30, 21}, .bias = bias, .with_bias = true});
  }
}

TEST(Gemm, GivesEmptyAndZeroResults) {
  for (const bool constant : {false, true}) {
    expect_gemm({.a = {0, 5}, .b = {5, 3}, .constant = constant});
    expect_gemm({.a = {2, 5}, .b = {5, 0}, .constant = constant});
    expect_gemm({.a = {4, 0}, .b = {0, 3}, .constant = constant});
    expect_gemm({.a = {0, 4, 2}, .b = {0, 2, 3}, .constant = constant});
    expect_gemm({.a = {4, 0}, .b = {0, 3}, .bias = {3}, .constant = constant, .with_bias = true});
  }
}

TEST(Gemm, SharesLargeProductsOut) {
  expect_gemm({.a = {130, 64}, .b = {64, 200}, .constant = true});
  expect_gemm({.op = {false, true}, .a = {8, 40, 64}, .b = {8, 90, 64}});
  expect_gemm({.a = {8, 40, 90}, .b = {8, 90, 64}});
  for (const bool trans_b : {false, true}) {
    for (const int64_t m : {1, 3}) {
      expect_gemm({.op = {false, trans_b}, .a = {m, 300}, .b = trans_b ? Shape{1000, 300} : Shape{300, 1000}});
    }
  }
  expect_gemm({.a = {1, 300}, .b = {300, 1000}, .constant = true});
}

TEST(Gemm, RunsEpilogues) {
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
      {{binary(BinaryFn::kMul, 0, 1), binary(BinaryFn::kAdd, 3, 2), unary(UnaryFn::kHardSwish, 4)},
       {{70}, {2, 20, 70}}},
      {{binary(BinaryFn::kMul, 0, 1), binary(BinaryFn::kAdd, 0, 2), unary(UnaryFn::kTanh, 3)}, {{2, 1, 70}}},
      {{binary(BinaryFn::kAdd, 0, 0)}, {}},
  };
  for (const Epilogue& epilogue : epilogues) {
    for (const bool constant : {false, true}) {
      MatMul op;
      op.epilogue = epilogue.body;
      expect_gemm({.op = op, .a = {2, 20, 50}, .b = {50, 70}, .operands = epilogue.operands, .constant = constant});
      expect_gemm({.op = op,
                   .a = {2, 20, 50},
                   .b = {2, 50, 70},
                   .bias = {70},
                   .operands = epilogue.operands,
                   .constant = constant,
                   .with_bias = true});
    }
  }
}

// The forms that finish without a program on vectors, at whole and partial columns, and a like that does not.
TEST(Gemm, ActivatesScalesAndAdds) {
  struct Epilogue {
    std::vector<TileInstruction> body;
    std::vector<Shape> operands;
  };
  const std::vector<Epilogue> epilogues = {
      {{binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kHardSwish, 2)}, {{2, 20, 70}}},
      {{unary(UnaryFn::kHardSwish, 0), binary(BinaryFn::kAdd, 1, 2)}, {{2, 20, 70}}},
      {{unary(UnaryFn::kHardSwish, 0), binary(BinaryFn::kAdd, 1, 2)}, {{20, 1}}},
      {{unary(UnaryFn::kHardSwish, 0), binary(BinaryFn::kMul, 3, 1), binary(BinaryFn::kAdd, 2, 4)}, {{1}, {1}}},
      {{unary(UnaryFn::kHardSwish, 0), binary(BinaryFn::kMul, 5, 1), binary(BinaryFn::kAdd, 6, 2),
        binary(BinaryFn::kAdd, 3, 7), unary(UnaryFn::kRelu, 8), binary(BinaryFn::kMin, 9, 4)},
       {{1}, {1}, {20, 70}, {}}},
      {{unary(UnaryFn::kHardSwish, 0), binary(BinaryFn::kMul, 2, 1), binary(BinaryFn::kAdd, 3, 1)}, {{1}}},
      {{binary(BinaryFn::kMul, 0, 1), unary(UnaryFn::kHardSwish, 2)}, {{1}}},
  };
  for (const Epilogue& epilogue : epilogues) {
    for (const int64_t n : {70, 5}) {
      MatMul op;
      op.alpha = 0.5;
      op.epilogue = epilogue.body;
      std::vector<Shape> operands = epilogue.operands;
      for (Shape& shape : operands) {
        if (!shape.empty() && shape.back() == 70) shape.back() = n;
      }
      expect_gemm({.op = op, .a = {2, 20, 50}, .b = {50, n}, .operands = operands, .constant = true});
      expect_gemm({.op = op, .a = {2, 20, 50}, .b = {2, 50, n}, .bias = {n}, .operands = operands, .with_bias = true});
    }
  }
}

TEST(Gemm, FinishesWithEveryActivation) {
  using enum UnaryFn;
  for (const UnaryFn fn :
       {kHardSwish, kHardSigmoid, kSilu, kSigmoid, kTanh, kGelu, kGeluTanh, kLeakyRelu, kElu, kMish, kSoftplus}) {
    MatMul op;
    op.epilogue = {{Unary{fn, fn == kHardSigmoid ? 0.2 : 1, 0.5}, {0}}};
    expect_gemm({.op = op, .a = {40, 30}, .b = {30, 45}, .bias = {45}, .constant = true, .with_bias = true});
  }
}

TEST(Gemm, LetsNanThroughAClamp) {
  MatMul op;
  op.epilogue = {unary(UnaryFn::kRelu, 0)};
  const Case test{op, {Tensor::of<float>({1, 1}, {NAN}), Tensor::of<float>({1, 2}, {1, -1})}};
  expect_rows_match(kGemmFamily, test, {});
}

TEST(Gemm, RefusesOtherTypesWithAReason) {
  Problem problem{MatMul{}, {{DType::kF64, {2, 2}}, {DType::kF64, {2, 2}}}, {{DType::kF64, {2, 2}}}};
  for (const Row& row : kGemmFamily.rows) EXPECT_NE(row.refuse(problem), nullptr);
  EXPECT_EQ(pick(problem, this_machine(1)).row, nullptr);
}

TEST(Gemm, RefusesToBindShapesThatDoNotFit) {
  const Problem problem{MatMul{}, {{DType::kF32, {2, 3}}, {DType::kF32, {4, 2}}}, {{DType::kF32, {2, 2}}}};
  EXPECT_THROW(kGemmFamily.rows.back().bind(problem, this_machine(1)), Error);
}

TEST(Gemm, PrefersTheWiderInstructionsAndTheFittingTile) {
  const auto picked = [](int64_t n, IsaLevel isa) {
    const Problem problem{
        MatMul{}, {{DType::kF32, {-1, 256}}, {DType::kF32, {256, n}, true}}, {{DType::kF32, {-1, n}}}};
    return std::string(pick(problem, {isa, 1}).row->name);
  };
  EXPECT_EQ(picked(256, IsaLevel::kAvx512), "avx512_gemm_f32_6x64");
  EXPECT_EQ(picked(96, IsaLevel::kAvx512), "avx512_gemm_f32_8x48");
  EXPECT_EQ(picked(256, IsaLevel::kAvx2), "avx2_gemm_f32_6x16");
  EXPECT_EQ(picked(256, IsaLevel::kReference), "reference_gemm_f32_4x8");
}

TEST(Gemm, PrefersToReadBInPlaceForFewRows) {
  const auto picked = [](int64_t m, bool constant) {
    const Problem problem{
        MatMul{}, {{DType::kF32, {m, 256}}, {DType::kF32, {256, 512}, constant}}, {{DType::kF32, {m, 512}}}};
    return std::string(pick(problem, {IsaLevel::kAvx512, 1}).row->name);
  };
  EXPECT_EQ(picked(1, false), "avx512_gemv_f32");
  EXPECT_EQ(picked(4, false), "avx512_gemv_f32");
  EXPECT_EQ(picked(64, false), "avx512_gemm_f32_6x64");
  EXPECT_EQ(picked(1, true), "avx512_gemm_f32_6x64");
}

TEST(Gemm, NamesProblems) {
  MatMul op;
  op.trans_b = true;
  op.epilogue = {unary(UnaryFn::kGelu, 0)};
  const Operand a{DType::kF32, {-1, 64}}, b{DType::kF32, {32, 64}, true};
  EXPECT_EQ(kGemmFamily.text({op, {a, b, {DType::kF32, {32}}}, {{DType::kF32, {-1, 32}}}}),
            "gemm m? n32 k64 f32:f32:f32 trans_b packed +bias +gelu");
}

}  // namespace
}  // namespace ingot::kernels

#include "kernels/gemm/int8_matmul.h"

#include "kernels/families.h"
#include "kernels/gemm/instruction_testing.h"
#include "kernels/kernel_testing.h"
#include "ops/matmul_integer.h"

namespace ingot::kernels {
namespace {

using gemm::binary, gemm::cast, gemm::unary;

struct Gemm {
  MatMulInteger op = {};
  Shape a, b;
  DType type = DType::kU8;
  std::optional<int> zero = {};
  std::vector<Tensor> operands = {};
};

// Sums of integers are the evaluation's; what an epilogue of f32 makes of them is within `tolerance`.
void expect_gemm(const Gemm& gemm, const Tolerance& tolerance = {}, unsigned seed = 1) {
  std::mt19937 random(seed);
  Case test{gemm.op,
            {random_bytes(random, gemm.type, gemm.a), random_bytes(random, DType::kI8, gemm.b), Tensor(), Tensor()},
            {false, true}};
  if (gemm.zero) {
    test.inputs[2] = Tensor(gemm.type, Shape{});
    write_int(test.inputs[2], 0, *gemm.zero);
  }
  test.inputs.insert(test.inputs.end(), gemm.operands.begin(), gemm.operands.end());
  expect_rows_match(kIntegerGemmFamily, test, tolerance);
}

TEST(IntegerGemm, MultipliesEveryEdgeOfTheTiles) {
  for (const int64_t m : {1, 2, 3, 4, 5, 6, 7, 8, 9, 13}) {
    for (const int64_t n : {1, 7, 8, 15, 16, 17, 33, 48, 63, 64, 65, 100, 129}) {
      expect_gemm({.a = {m, 19}, .b = {19, n}, .zero = 3}, {}, static_cast<unsigned>(m * n));
      expect_gemm({.a = {m, 20}, .b = {20, n}, .type = DType::kI8, .zero = -7}, {}, static_cast<unsigned>(m * n));
    }
  }
}

TEST(IntegerGemm, SumsAnyDepth) {
  for (const int64_t k : {0, 1, 2, 3, 4, 5, 767, 3072}) {
    expect_gemm({.a = {14, k}, .b = {k, 70}});
    expect_gemm({.a = {14, k}, .b = {k, 70}, .type = DType::kI8});
  }
}

// vpmaddubsw would saturate these.
TEST(IntegerGemm, AddsTheLargestProductsExactly) {
  Tensor a = Tensor::uninitialized(DType::kU8, {7, 64}), b = Tensor::uninitialized(DType::kI8, {64, 70});
  for (int64_t i = 0; i < a.count(); ++i) write_int(a, i, 255);
  for (const int extreme : {-128, 127}) {
    for (int64_t i = 0; i < b.count(); ++i) write_int(b, i, extreme);
    expect_rows_match(kIntegerGemmFamily, {MatMulInteger{}, {a, b, Tensor(), Tensor()}, {false, true}}, {});
  }
}

TEST(IntegerGemm, FoldsBatchesAndGivesEmptyResults) {
  expect_gemm({.a = {2, 3, 5, 9}, .b = {9, 20}, .zero = 200});
  expect_gemm({.a = {0, 5}, .b = {5, 3}});
  expect_gemm({.a = {2, 5}, .b = {5, 0}});
}

TEST(IntegerGemm, TakesOperandsWithoutZeroPoints) {
  std::mt19937 random(1);
  for (const DType type : {DType::kU8, DType::kI8}) {
    const Tensor a = random_bytes(random, type, {9, 20}), b = random_bytes(random, DType::kI8, {20, 30});
    expect_rows_match(kIntegerGemmFamily, {MatMulInteger{}, {a, b}, {false, true}}, {});
  }
}

TEST(IntegerGemm, SharesLargeProductsOut) {
  expect_gemm({.a = {300, 1024}, .b = {1024, 40}, .zero = 128});
  expect_gemm({.a = {40, 300}, .b = {300, 1000}, .zero = 1});
}

TEST(IntegerGemm, ScalesActivatesAndAddsInF32) {
  std::mt19937 random(1);
  const auto floats = [&](const Shape& shape) { return random_tensor(random, shape, 0, 0.001f); };
  MatMulInteger op;
  // Inputs: sums, one scale, biases of columns, a residual.
  op.epilogue = {cast(DType::kF32, 0), binary(BinaryFn::kMul, 4, 1), binary(BinaryFn::kAdd, 5, 2),
                 unary(UnaryFn::kGelu, 6), binary(BinaryFn::kAdd, 7, 3)};
  for (const Shape& a : {Shape{190, 70}, Shape{2, 5, 33}}) {
    Shape y = a;
    y.back() = 100;
    expect_gemm(
        {.op = op, .a = a, .b = {a.back(), 100}, .zero = 100, .operands = {floats({}), floats({100}), floats(y)}},
        {1e-5, 1e-5, 0});
  }
}

TEST(IntegerGemm, QuantisesItsResultAndReadsQuantisedOperands) {
  std::mt19937 random(1);
  const auto number = [](float value) { return Tensor::scalar(value); };
  MatMulInteger op;
  // Inputs: sums, scales of columns, a quantised residual, its zero point, 0, 255.
  op.epilogue = {cast(DType::kF32, 0),          binary(BinaryFn::kMul, 6, 1),  cast(DType::kF32, 2),
                 binary(BinaryFn::kSub, 8, 3),  binary(BinaryFn::kAdd, 7, 9),  unary(UnaryFn::kRound, 10),
                 binary(BinaryFn::kMax, 11, 4), binary(BinaryFn::kMin, 12, 5), cast(DType::kU8, 13)};
  const Tensor scales = random_tensor(random, {100}, 0, 0.002f);
  const Tensor residual = random_bytes(random, DType::kU8, {37, 100});
  // A power of two: no rounding is near a half by another order of operations.
  expect_gemm({.op = op,
               .a = {37, 70},
               .b = {70, 100},
               .zero = 100,
               .operands = {scales, residual, number(30), number(0), number(255)}});
}

TEST(IntegerGemm, RefusesZeroPointsOfColumnsAndOfRows) {
  const Operand a{DType::kU8, {-1, 8}}, b{DType::kI8, {8, 4}, true}, y{DType::kI32, {-1, 4}};
  const auto refusal = [&](std::vector<Operand> zeros) {
    Problem problem{MatMulInteger{}, {a, b}, {y}};
    problem.inputs.insert(problem.inputs.end(), zeros.begin(), zeros.end());
    return std::string(candidates(problem, {IsaLevel::kAvx512Vnni, 1}).front().refused);
  };
  EXPECT_EQ(refusal({{DType::kU8, {4}}}), "rows of A have zero points of their own");
  EXPECT_EQ(refusal({Operand{}, {DType::kI8, {4}, true}}), "B has a zero point");
}

TEST(IntegerGemm, PrefersTheWiderInstructionsAndTheFittingTile) {
  const auto picked = [](int64_t n, IsaLevel isa) {
    const Problem problem{
        MatMulInteger{}, {{DType::kU8, {-1, 256}}, {DType::kI8, {256, n}, true}}, {{DType::kI32, {-1, n}}}};
    return std::string(pick(problem, {isa, 1}).row->name);
  };
  EXPECT_EQ(picked(256, IsaLevel::kAvx512Bf16), "avx512vnni_integer_gemm_int8_6x64");
  EXPECT_EQ(picked(96, IsaLevel::kAvx512Vnni), "avx512vnni_integer_gemm_int8_8x48");
  EXPECT_EQ(picked(256, IsaLevel::kAvx512), "avx2_integer_gemm_int8_6x8");
}

}  // namespace
}  // namespace ingot::kernels

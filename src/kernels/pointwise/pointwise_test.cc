#include <gtest/gtest.h>

#include "kernels/families.h"
#include "kernels/kernel_testing.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/fused.h"
#include "ops/unary.h"
#include "ops/where.h"

namespace ingot::kernels {
namespace {

std::mt19937 random_numbers(7);

// Elements of any type, integers in [low, high].
Tensor random_of(DType dtype, const Shape& shape, float low = -3, float high = 3) {
  return convert(random_tensor(random_numbers, shape, low, high), dtype);
}
Tensor random_bool(const Shape& shape) {
  Tensor tensor(DType::kBool, shape);
  for (int64_t i = 0; i < tensor.count(); ++i) tensor.mutable_data<bool>()[i] = random_numbers() % 2 == 0;
  return tensor;
}

constexpr Tolerance kFewUlps = {1e-6, 1e-6, 0};
constexpr Tolerance kExact = {0, 0, 0};

// Domains of the functions that are not defined everywhere.
std::pair<float, float> domain(UnaryFn fn) {
  switch (fn) {
    case UnaryFn::kAcos:
    case UnaryFn::kAsin:
    case UnaryFn::kAtanh: return {-0.99f, 0.99f};
    case UnaryFn::kAcosh: return {1, 8};
    case UnaryFn::kLog:
    case UnaryFn::kSqrt: return {0, 8};
    default: return {-8, 8};
  }
}

TEST(Pointwise, ComputesEveryUnaryFunctionOfFloats) {
  for (size_t i = 0; i < kUnaryFnCount; ++i) {
    const auto fn = static_cast<UnaryFn>(i);
    if (fn == UnaryFn::kNot || fn == UnaryFn::kBitwiseNot) continue;
    const auto [low, high] = domain(fn);
    for (const int64_t size : {1, 15, 16, 64, 333}) {
      const Unary unary{fn, fn == UnaryFn::kHardSigmoid ? 0.2 : 1.5, 0.5};
      expect_rows_match(kPointwiseFamily, {unary, {random_of(DType::kF32, {size}, low, high)}}, kFewUlps);
    }
  }
}

TEST(Pointwise, TreatsInfinitiesAndNanAsTheEvaluationDoes) {
  const Tensor x = Tensor::of<float>({9}, {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e-40f, -1e-40f, 3e38f, -3e38f});
  for (size_t i = 0; i < kUnaryFnCount; ++i) {
    const auto fn = static_cast<UnaryFn>(i);
    // x^3 overflows in floats but not in double: gelu_tanh is 0 either way.
    if (fn == UnaryFn::kNot || fn == UnaryFn::kBitwiseNot || fn == UnaryFn::kGelu || fn == UnaryFn::kGeluTanh) continue;
    expect_rows_match(kPointwiseFamily, {Unary{fn, 1, 1}, {x}}, {1e-6, 1e-7, 0});
  }
  for (const BinaryFn fn : {BinaryFn::kMin, BinaryFn::kMax, BinaryFn::kAdd, BinaryFn::kLess, BinaryFn::kEqual,
                            BinaryFn::kGreaterEqual, BinaryFn::kDiv}) {
    expect_rows_match(kPointwiseFamily, {Binary{fn}, {x.reshaped({9, 1}), x}}, kExact);
  }
}

TEST(Pointwise, BroadcastsLikeNumPy) {
  const std::vector<std::pair<Shape, Shape>> pairs = {{{}, {}},
                                                      {{7}, {}},
                                                      {{5, 300}, {300}},
                                                      {{300, 5}, {5}},
                                                      {{5, 300}, {5, 1}},
                                                      {{4, 3, 49}, {3, 1}},
                                                      {{4, 3, 7, 7}, {1, 3, 1, 1}},
                                                      {{2, 3, 40, 40}, {1, 3, 1, 1}},
                                                      {{40, 64}, {64}},
                                                      {{33, 96}, {96}},
                                                      {{1, 6}, {5, 1}},
                                                      {{3, 1, 5, 1}, {1, 4, 1, 6}},
                                                      {{0, 4}, {4}},
                                                      {{3, 0}, {3, 1}},
                                                      {{1000, 3}, {1000, 1}},
                                                      {{2, 1, 2, 1, 2, 3}, {1, 3, 1, 3, 1, 3}},
                                                      {{2, 600, 3}, {2, 1, 3}}};
  for (const auto& [a, b] : pairs) {
    for (const BinaryFn fn : {BinaryFn::kSub, BinaryFn::kLess, BinaryFn::kPow}) {
      const Tensor x = random_of(DType::kF32, a, 0.1f, 3), y = random_of(DType::kF32, b);
      expect_rows_match(kPointwiseFamily, {Binary{fn}, {x, y}}, kFewUlps);
      expect_rows_match(kPointwiseFamily, {Binary{fn}, {y, x}},
                        fn == BinaryFn::kPow ? Tolerance{1e-4, 1e-5} : kFewUlps);
    }
  }
}

TEST(Pointwise, ComputesEveryBinaryFunctionOfFloats) {
  for (size_t i = 0; i < kBinaryFnCount; ++i) {
    const auto fn = static_cast<BinaryFn>(i);
    if (fn >= BinaryFn::kAnd && fn <= BinaryFn::kShiftRight) continue;
    const Tensor a = random_of(DType::kF32, {70}, 0.1f, 5), b = random_of(DType::kF32, {70}, -4, 4);
    expect_rows_match(kPointwiseFamily, {Binary{fn}, {a, b}}, kFewUlps);
    expect_rows_match(kPointwiseFamily, {Binary{fn}, {a, a}}, kFewUlps);
    expect_rows_match(kPointwiseFamily, {Binary{fn}, {a, Tensor::scalar(0.5f)}}, kFewUlps);
  }
  for (const float exponent : {2.0f, 0.5f, 1.0f, 3.0f, -1.0f, 1.7f}) {
    const Tensor a = Tensor::of<float>({7}, {0.0f, -0.0f, INFINITY, 0.3f, 7, NAN, 1e-30f});
    expect_rows_match(kPointwiseFamily, {Binary{BinaryFn::kPow}, {a, Tensor::scalar(exponent)}}, kFewUlps);
  }
}

TEST(Pointwise, ComputesWithTruthValues) {
  const Tensor a = random_bool({5, 70}), b = random_bool({70});
  for (const BinaryFn fn : {BinaryFn::kAnd, BinaryFn::kOr, BinaryFn::kXor}) {
    expect_rows_match(kPointwiseFamily, {Binary{fn}, {a, b}}, kExact);
  }
  expect_rows_match(kPointwiseFamily, {Unary{UnaryFn::kNot}, {a}}, kExact);
  const Tensor x = random_of(DType::kF32, {5, 70}), y = random_of(DType::kF32, {5, 1});
  expect_rows_match(kPointwiseFamily, {Where{}, {a, x, y}}, kExact);
  expect_rows_match(kPointwiseFamily, {Where{}, {b, y, x}}, kExact);
  expect_rows_match(kPointwiseFamily, {Where{}, {b, y, Tensor::scalar(-INFINITY)}}, kExact);
  expect_rows_match(kPointwiseFamily, {Where{}, {Tensor::scalar(true), y, x}}, kExact);
}

TEST(Pointwise, ConvertsBetweenTypesOfFloats) {
  for (const DType from : {DType::kF32, DType::kF16, DType::kBF16, DType::kU8, DType::kI8, DType::kI32, DType::kI64}) {
    for (const DType to : {DType::kF32, DType::kF16, DType::kBF16, DType::kBool}) {
      const Tensor x = random_of(from, {3, 37}, is_unsigned_int(from) ? 0 : -100, 100);
      if (from != to) expect_rows_match(kPointwiseFamily, {Cast{to}, {x}}, kExact);
    }
  }
  expect_rows_match(kPointwiseFamily, {Cast{DType::kF32}, {random_bool({77})}}, kExact);
  for (const DType to : {DType::kI32, DType::kI8, DType::kU8}) {
    const float low = to == DType::kU8 ? 0 : -128, high = to == DType::kU8 ? 255 : 127;
    expect_rows_match(kPointwiseFamily, {Cast{to}, {random_of(DType::kF32, {77}, low, high)}}, kExact);
  }
}

TEST(Pointwise, ComputesInHalfPrecisionTypesWithFloats) {
  for (const DType dtype : {DType::kF16, DType::kBF16}) {
    const Tensor a = random_of(dtype, {6, 70}), b = random_of(dtype, {70}), c = random_of(dtype, {});
    const Tolerance tolerance = {dtype == DType::kF16 ? 1e-3 : 8e-3, 1e-3, 0};
    expect_rows_match(kPointwiseFamily, {Unary{UnaryFn::kTanh}, {a}}, tolerance);
    expect_rows_match(kPointwiseFamily, {Binary{BinaryFn::kMul}, {a, b}}, tolerance);
    expect_rows_match(kPointwiseFamily, {Binary{BinaryFn::kSub}, {c, a}}, tolerance);
  }
}

TileInstruction unary(UnaryFn fn, int64_t x) { return {Unary{fn, 1, 0.5}, {x}}; }
TileInstruction binary(BinaryFn fn, int64_t a, int64_t b) { return {Binary{fn}, {a, b}}; }

TEST(Pointwise, ReadsOperandsOfBf16WhereverTheyStandInAGroup) {
  // Whole numbers, of which no step loses anything.
  const auto whole = [](const Shape& shape) { return convert(random_of(DType::kI8, shape), DType::kBF16); };
  const Tensor a = whole({6, 330}), b = whole({330}), c = whole({6, 1});
  // b - a * a, both factors and both operands of the difference in memory; then b again, and a column.
  const Fused group{{binary(BinaryFn::kMul, 0, 0), binary(BinaryFn::kSub, 1, 3), binary(BinaryFn::kMul, 1, 4),
                     binary(BinaryFn::kSub, 5, 2), binary(BinaryFn::kMax, 6, 1)},
                    {7, 4}};
  expect_rows_match(kPointwiseFamily, {group, {a, b, c}}, kExact);
  expect_rows_match(kPointwiseFamily, {Binary{BinaryFn::kSub}, {b, a}}, kExact);
}

TEST(Pointwise, RoundsToBf16ToTheNearestAndEvenAtEveryLevel) {
  const Tensor x = Tensor::of<float>({8}, {NAN, INFINITY, -INFINITY, -0.0f, 3.4e38f, 1.00390625f, 1.01171875f, -257});
  expect_rows_match(kPointwiseFamily, {Cast{DType::kBF16}, {x}}, kExact);
  const Fused twice{{{Cast{DType::kBF16}, {0}}, {Cast{DType::kF32}, {1}}}, {2}};  // rounded, and given as f32
  expect_rows_match(kPointwiseFamily, {twice, {random_of(DType::kF32, {3, 37})}}, kExact);
}

TEST(Pointwise, ReadsRowsThatAllOthersShareAsTilesOfSeveral) {
  for (const int64_t size : {255, 256, 480, 600, 2000}) {
    const Tensor x = random_of(DType::kF32, {2, 9, size}), row = random_of(DType::kF32, {size});
    expect_rows_match(kPointwiseFamily, {Binary{BinaryFn::kMul}, {x, row}}, kExact);
    const Tensor rows = random_of(DType::kF32, {2, 1, size});  // one for nine
    expect_rows_match(kPointwiseFamily, {Binary{BinaryFn::kMul}, {x, rows}}, kExact);
  }
}

TEST(Pointwise, RunsFusedGroups) {
  const Tensor x = random_of(DType::kF32, {9, 130}), row = random_of(DType::kF32, {130});
  const Tensor column = random_of(DType::kF32, {9, 1}), scalar = Tensor::scalar(0.7f);
  // gelu(x * row + scalar) + x
  expect_rows_match(kPointwiseFamily,
                    {Fused{{binary(BinaryFn::kMul, 0, 1), binary(BinaryFn::kAdd, 3, 2), unary(UnaryFn::kGelu, 4),
                            binary(BinaryFn::kAdd, 5, 0)},
                           {6}},
                     {x, row, scalar}},
                    kFewUlps);
  // hard_swish(x) * sigmoid(column), both factors kept as outputs, an unused value between.
  expect_rows_match(kPointwiseFamily,
                    {Fused{{unary(UnaryFn::kHardSwish, 0), unary(UnaryFn::kSigmoid, 1), unary(UnaryFn::kExp, 0),
                            binary(BinaryFn::kMul, 2, 3), binary(BinaryFn::kAdd, 2, 0)},
                           {5, 6}},
                     {x, column}},
                    kFewUlps);
  // where(x < row, x / column, column - x), an input as output.
  expect_rows_match(kPointwiseFamily,
                    {Fused{{binary(BinaryFn::kLess, 0, 1),
                            binary(BinaryFn::kDiv, 0, 2),
                            binary(BinaryFn::kSub, 2, 0),
                            {Where{}, {3, 4, 5}}},
                           {6, 0}},
                     {x, row, column}},
                    {2e-6, 1e-5, 0});
}

// Any straight-line code of a few functions: spills, reverses, repeated operands, several outputs.
TEST(Pointwise, RunsRandomFusedGroups) {
  const std::vector<Shape> shapes = {{6, 70}, {70}, {6, 1}, {}, {6, 70}};
  constexpr BinaryFn kBinaries[] = {BinaryFn::kAdd, BinaryFn::kMul, BinaryFn::kSub, BinaryFn::kMax, BinaryFn::kMul};
  constexpr UnaryFn kUnaries[] = {UnaryFn::kRelu, UnaryFn::kTanh, UnaryFn::kSigmoid, UnaryFn::kNeg};
  for (int round = 0; round < 100; ++round) {
    std::vector<Tensor> inputs;
    for (const Shape& shape : shapes) inputs.push_back(random_of(DType::kF32, shape, -1, 1));
    const auto pick = [](int64_t count) { return static_cast<int64_t>(random_numbers() % count); };
    Fused fused;
    const int64_t length = 2 + pick(12);
    // All values have the full shape: every instruction but unary ones on the first gets a full operand.
    fused.body.push_back(binary(BinaryFn::kAdd, 0, 4));
    for (int64_t i = 1; i < length; ++i) {
      const int64_t values = 5 + i, full = 5 + pick(i);
      if (pick(3) == 0) {
        fused.body.push_back(unary(kUnaries[pick(4)], full));
      } else {
        const int64_t other = pick(values);
        const bool swap = pick(2) == 0;
        fused.body.push_back(binary(kBinaries[pick(5)], swap ? full : other, swap ? other : full));
        // Bounded, so that products of products stay tame.
        if (i % 3 == 2) fused.body.back() = unary(UnaryFn::kTanh, full);
      }
    }
    fused.results = {5 + length - 1};
    if (round % 3 == 0) fused.results.push_back(5 + pick(length));
    expect_rows_match(kPointwiseFamily, {fused, inputs}, {1e-4, 1e-4, 0});
  }
}

TEST(Pointwise, SharesMemoryWithAnInputOfTheSameSize) {
  const Tensor x = random_of(DType::kF32, {5, 77}), bias = random_of(DType::kF32, {77});
  const Case test{Fused{{binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kTanh, 2), binary(BinaryFn::kAdd, 3, 0)}, {4}},
                  {x, bias}};
  const std::vector<Value> expected = eval_values(test.op, test.inputs);
  const Problem problem = problem_of(test, expected);
  for (const Row& row : kPointwiseFamily.rows) {
    if (row.isa > cpu_isa() || row.refuse(problem) != nullptr) continue;
    ASSERT_TRUE(row.in_place(problem, 0));
    const auto bound = row.bind(problem, this_machine(1));
    Tensor shared = x.clone();
    const void* inputs[] = {shared.raw(), bias.raw()};
    void* outputs[] = {shared.mutable_raw()};
    bound->run({inputs, outputs, nullptr, Parallel{}});
    EXPECT_TRUE(compare(shared, expected[0].tensor(), kFewUlps).equal) << row.name;
  }
}

TEST(Pointwise, ComputesWithIntegersAndDoubles) {
  for (const DType dtype : {DType::kI32, DType::kI64, DType::kU8, DType::kF64}) {
    const float low = dtype == DType::kU8 ? 0 : -9;
    const Tensor a = random_of(dtype, {7, 90}, low, 9), b = random_of(dtype, {90}, low, 9);
    const Tensor column = random_of(dtype, {7, 1}, low, 9), scalar = random_of(dtype, {}, 1, 9);
    for (size_t i = 0; i < kBinaryFnCount; ++i) {
      const auto fn = static_cast<BinaryFn>(i);
      const bool bitwise = fn >= BinaryFn::kBitwiseAnd && fn <= BinaryFn::kShiftRight;
      if (fn == BinaryFn::kAnd || fn == BinaryFn::kOr || fn == BinaryFn::kXor) continue;
      if (dtype == DType::kF64 ? bitwise : fn == BinaryFn::kSwiglu) continue;
      if (fn == BinaryFn::kPow && dtype == DType::kF64) continue;  // NaN for negative bases
      for (const Tensor& other : {a, b, column, scalar}) {
        expect_rows_match(kPointwiseFamily, {Binary{fn}, {a, other}}, {1e-14, 0, 0});
      }
    }
    for (const UnaryFn fn : {UnaryFn::kAbs, UnaryFn::kSign, UnaryFn::kRelu, UnaryFn::kNeg}) {
      expect_rows_match(kPointwiseFamily, {Unary{fn}, {a}}, kExact);
    }
    expect_rows_match(kPointwiseFamily, {Where{}, {random_bool({7, 90}), a, scalar}}, kExact);
    expect_rows_match(kPointwiseFamily, {Where{}, {random_bool({7, 1}), column, b}}, kExact);
  }
  expect_rows_match(kPointwiseFamily, {Unary{UnaryFn::kErf}, {random_of(DType::kF64, {300})}}, {1e-15, 0, 0});
}

TEST(Pointwise, ConvertsBetweenNumberTypes) {
  constexpr DType kTypes[] = {DType::kBool, DType::kU8,  DType::kI8,  DType::kI32, DType::kI64,
                              DType::kF32,  DType::kF64, DType::kF16, DType::kBF16};
  for (const DType from : kTypes) {
    for (const DType to : kTypes) {
      const bool narrows = to == DType::kF16 || to == DType::kBF16;
      if (from == to || (narrows && from == DType::kF64)) continue;
      const Tensor x = random_of(from, {300}, is_unsigned_int(from) ? 0 : -200, 200);
      expect_rows_match(kPointwiseFamily, {Cast{to}, {x}}, kExact);
    }
  }
}

TEST(Pointwise, MixesTypesInOneGroup) {
  // where(i64 == scalar, f64(x), 0) and the mask itself.
  const Fused fused{{binary(BinaryFn::kEqual, 0, 1), {Cast{DType::kF64}, {2}}, {Where{}, {4, 5, 3}}}, {6, 4}};
  expect_rows_match(kPointwiseFamily,
                    {fused,
                     {random_of(DType::kI64, {40, 70}, -3, 3), Tensor::scalar<int64_t>(1), random_of(DType::kF32, {70}),
                      Tensor::scalar(0.0)}},
                    kExact);
}

// Few bits, so that products and sums are exact in every type.
Tensor quarters_of(DType dtype, const Shape& shape) {
  Tensor tensor = random_of(DType::kF32, shape);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    float& value = tensor.mutable_data<float>()[i];
    value = std::round(value * 4) / 4;
  }
  return convert(tensor, dtype);
}

// relu(concat * scale + shift): sources of any width, rows that end within a vector, a tile or a task.
TEST(Pointwise, ReadsConcatenationsWhereTheirPartsLie) {
  const std::vector<std::vector<int64_t>> widths = {{32, 32},     {64, 32, 32},      {1, 2, 3},       {5, 0, 27},
                                                    {256, 32, 9}, {900, 1300, 2500}, {3, 16, 130, 77}};
  for (const DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
    for (const auto& parts : widths) {
      for (const int64_t rows : {1, 7, 197}) {
        std::vector<Tensor> inputs;
        std::vector<int64_t> numbers;
        int64_t channels = 0;
        for (const int64_t width : parts) {
          numbers.push_back(static_cast<int64_t>(inputs.size()));
          inputs.push_back(quarters_of(dtype, {1, rows, width}));
          channels += width;
        }
        const auto scale = static_cast<int64_t>(inputs.size());
        inputs.push_back(quarters_of(dtype, {channels}));
        inputs.push_back(quarters_of(dtype, {channels}));
        const Fused fused{{{Concat{-1}, numbers},
                           binary(BinaryFn::kMul, scale + 2, scale),
                           binary(BinaryFn::kAdd, scale + 3, scale + 1),
                           unary(UnaryFn::kRelu, scale + 4)},
                          {scale + 5}};
        expect_rows_match(kPointwiseFamily, {fused, inputs}, kExact);
      }
    }
  }
}

TEST(Pointwise, ReadsConcatenationsAlongAnyAxis) {
  for (const int64_t axis : {0, 1, 2}) {
    Shape narrow = {3, 5, 70};
    narrow[static_cast<size_t>(axis)] = 2;
    const Tensor a = random_of(DType::kF32, {3, 5, 70}), b = random_of(DType::kF32, narrow);
    Shape whole = {3, 5, 70};
    whole[static_cast<size_t>(axis)] += 2;
    for (const Shape& other : {whole, Shape{whole[1], 1}, Shape{}, Shape{whole[2]}}) {
      // tanh(concat(a, b)) - concat(b, a) * c
      const Fused fused{{{Concat{axis}, {0, 1}},
                         {Concat{axis}, {1, 0}},
                         unary(UnaryFn::kTanh, 3),
                         binary(BinaryFn::kMul, 4, 2),
                         binary(BinaryFn::kSub, 5, 6)},
                        {7}};
      expect_rows_match(kPointwiseFamily, {fused, {a, b, random_of(DType::kF32, other)}}, kFewUlps);
    }
  }
}

TEST(Pointwise, ReadsManyPartsAndTypesOfOtherThanFloats) {
  std::vector<Tensor> inputs;
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < 60; ++i) {
    numbers.push_back(i);
    inputs.push_back(random_of(DType::kF32, {33, 1 + i % 5}));
  }
  expect_rows_match(kPointwiseFamily, {Fused{{{Concat{1}, numbers}, unary(UnaryFn::kExp, 60)}, {61}}, inputs},
                    kFewUlps);
  const Fused sum{{{Concat{1}, {0, 1}}, binary(BinaryFn::kAdd, 3, 2)}, {4}};
  expect_rows_match(
      kPointwiseFamily,
      {sum, {random_of(DType::kI64, {40, 33}), random_of(DType::kI64, {40, 31}), random_of(DType::kI64, {64})}},
      kExact);
  expect_rows_match(
      kPointwiseFamily,
      {Fused{{{Concat{0}, {0, 1}}, {Where{}, {4, 2, 3}}}, {5}},
       {random_bool({40, 33}), random_bool({2, 33}), random_of(DType::kF32, {42, 33}), Tensor::scalar(0.0f)}},
      kExact);
}

TEST(Pointwise, SharesNoMemoryWithAPartOfAConcatenation) {
  const Problem problem{Fused{{{Concat{0}, {0, 1}}, binary(BinaryFn::kAdd, 3, 2)}, {4}},
                        {{DType::kF32, {4, 8}}, {DType::kF32, {0, 8}}, {DType::kF32, {4, 8}}},
                        {{DType::kF32, {4, 8}}}};
  for (const Row& row : kPointwiseFamily.rows) {
    if (row.refuse(problem) != nullptr) continue;
    EXPECT_FALSE(row.in_place(problem, 0)) << row.name;
    EXPECT_TRUE(row.in_place(problem, 2)) << row.name;
  }
}

TEST(Pointwise, RefusesConcatenationsThatNoLoopWalks) {
  Problem problem{Fused{{unary(UnaryFn::kRelu, 0), {Concat{0}, {2, 1}}, unary(UnaryFn::kRelu, 3)}, {4}},
                  {{DType::kBF16, {4, 8}}, {DType::kBF16, {2, 8}}},
                  {{DType::kBF16, {6, 8}}}};
  for (const Row& row : kPointwiseFamily.rows) {
    EXPECT_STREQ(row.refuse(problem), "a concatenation of what is computed") << row.name;
  }
  Fused many;
  for (int64_t i = 0; i < 5; ++i) many.body.push_back({Concat{0}, {0, 1}});
  many.body.push_back(binary(BinaryFn::kAdd, 2, 6));
  many.results = {7};
  problem.op = many;
  for (const Row& row : kPointwiseFamily.rows) EXPECT_STREQ(row.refuse(problem), "too many concatenations") << row.name;
}

TEST(Pointwise, RefusesWhatItLacksWithAReason) {
  const Problem strings{
      Binary{BinaryFn::kEqual}, {{DType::kString, {2}}, {DType::kString, {2}}}, {{DType::kBool, {2}}}};
  for (const Row& row : kPointwiseFamily.rows) EXPECT_NE(row.refuse(strings), nullptr) << row.name;
}

}  // namespace
}  // namespace ingot::kernels

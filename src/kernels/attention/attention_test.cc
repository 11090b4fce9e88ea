#include "ops/attention.h"

#include <gtest/gtest.h>

#include "kernels/attention/attention.h"
#include "kernels/bf16_testing.h"
#include "kernels/families.h"

namespace ingot::kernels {
namespace {

std::mt19937 random_numbers(12);
// Values are in [-1, 1] and scores within a few units: errors of a score scale the result by about as much.
constexpr Tolerance kClose = {2e-5, 2e-6, 0};

Tensor random_bools(const Shape& shape) {
  const std::vector<double> values = to_doubles(random_tensor(random_numbers, shape, -1, 2));
  Tensor result(DType::kBool, shape);
  auto* bytes = static_cast<uint8_t*>(result.mutable_raw());
  for (size_t i = 0; i < values.size(); ++i) bytes[i] = values[i] > 0 ? 1 : 0;
  return result;
}

struct Sizes {
  int64_t batch, q_heads, kv_heads, queries, keys, size, value_size;
};

std::vector<Tensor> operands(const Sizes& s) {
  return {random_tensor(random_numbers, {s.batch, s.q_heads, s.queries, s.size}, -2, 2),
          random_tensor(random_numbers, {s.batch, s.kv_heads, s.keys, s.size}, -2, 2),
          random_tensor(random_numbers, {s.batch, s.kv_heads, s.keys, s.value_size})};
}

TEST(AttentionKernel, MatchesAtSizesThatAreNoMultipleOfTheTile) {
  for (const Sizes& s :
       {Sizes{1, 2, 2, 7, 9, 16, 16}, Sizes{2, 3, 3, 50, 131, 24, 40}, Sizes{1, 1, 1, 1, 1, 1, 1},
        Sizes{1, 2, 2, 197, 197, 64, 64}, Sizes{1, 1, 1, 5, 300, 130, 70}, Sizes{1, 2, 2, 49, 128, 8, 3},
        Sizes{0, 2, 2, 4, 4, 8, 8}, Sizes{1, 2, 2, 4, 0, 8, 8}, Sizes{1, 2, 2, 0, 4, 8, 8}}) {
    for (const bool causal : {false, true}) {
      Attention attention;
      attention.causal = causal;
      expect_rows_match(kAttentionFamily, {attention, operands(s)}, kClose);
    }
  }
}

TEST(AttentionKernel, QueryHeadsShareKeyHeads) {
  Attention attention;
  attention.scale = 0.3;
  expect_rows_match(kAttentionFamily, {attention, operands({2, 6, 2, 20, 33, 16, 16})}, kClose);
}

TEST(AttentionKernel, ReadsAndWritesHeadsSideBySide) {
  Attention attention;
  attention.q_heads = 4;
  attention.kv_heads = 2;
  const Tensor q = random_tensor(random_numbers, {2, 55, 4 * 12}), k = random_tensor(random_numbers, {2, 140, 2 * 12}),
               v = random_tensor(random_numbers, {2, 140, 2 * 20});
  expect_rows_match(kAttentionFamily, {attention, {q, k, v}}, kClose);
  const Tensor split = random_tensor(random_numbers, {2, 2, 140, 12});
  expect_rows_match(kAttentionFamily, {attention, {q, split, v}}, kClose);
}

TEST(AttentionKernel, MasksBroadcastAndAreAddedOrTruthValues) {
  const Sizes s{2, 3, 3, 10, 150, 16, 16};
  for (const Shape& shape : {Shape{2, 3, 10, 150}, Shape{2, 1, 1, 150}, Shape{10, 150}, Shape{1, 3, 10, 1}, Shape{150},
                             Shape{1}, Shape{}, Shape{2, 1, 10, 77}}) {
    auto inputs = operands(s);
    inputs.push_back(random_tensor(random_numbers, shape, -3, 3));
    expect_rows_match(kAttentionFamily, {Attention{}, inputs}, kClose);
    inputs[3] = random_bools(shape);
    expect_rows_match(kAttentionFamily, {Attention{}, inputs}, kClose);
  }
}

TEST(AttentionKernel, CapsScoresAndHidesKeysBeyondTheLength) {
  Attention attention;
  attention.softcap = 1.5;
  auto inputs = operands({3, 2, 2, 9, 140, 16, 16});
  inputs.resize(6);
  inputs.push_back(Tensor::of<int64_t>({3}, {1, 130, 999}));
  expect_rows_match(kAttentionFamily, {attention, inputs}, kClose);
}

TEST(AttentionKernel, AQueryThatSeesNoKeyGivesNan) {
  auto inputs = operands({1, 1, 1, 3, 140, 8, 8});
  std::vector<float> mask(3 * 140, 0.0f);
  std::fill(mask.begin() + 140, mask.begin() + 280, -INFINITY);  // no key
  std::fill(mask.begin() + 280, mask.begin() + 415, -INFINITY);  // only keys of the second tile
  inputs.push_back(Tensor::of<float>({3, 140}, mask));
  expect_rows_match(kAttentionFamily, {Attention{}, inputs}, kClose);
  Attention guarded;
  guarded.nan_is_zero = true;
  expect_rows_match(kAttentionFamily, {guarded, inputs}, kClose);
}

TEST(AttentionKernel, AQueryThatSeesNoKeyMayGiveZeroWhileANanStays) {
  auto inputs = operands({1, 1, 1, 3, 140, 8, 8});
  std::vector<float> mask(3 * 140, 0.0f);
  std::fill(mask.begin() + 140, mask.begin() + 280, -INFINITY);
  std::fill(mask.begin() + 280, mask.end(), NAN);
  inputs.push_back(Tensor::of<float>({3, 140}, mask));
  Attention attention;
  attention.unseen_is_zero = true;
  expect_rows_match(kAttentionFamily, {attention, inputs}, kClose);
}

TEST(AttentionKernel, RefusesACacheAndFurtherOutputs) {
  const Operand heads{DType::kF32, {1, 2, 4, 8}};
  Attention attention;
  Problem problem{attention, {heads, heads, heads, {}, heads, heads}, {heads}};
  const Row& row = *find_row("avx2_attention_f32_6x16");
  EXPECT_STREQ(row.refuse(problem), "past keys and values");
  attention.output_count = 3;
  problem = {attention, {heads, heads, heads}, {heads, heads, heads}};
  EXPECT_STREQ(row.refuse(problem), "outputs besides the result");
}

// In bf16 what is left of a score is rounded once more before it meets a value of at most 1.
const Tolerance kCloseBf16 = {2e-5, std::ldexp(1, -8), 0};

std::vector<Tensor> in_bf16(std::vector<Tensor> operands) {
  for (size_t i = 0; i < 3; ++i) operands[i] = cast_to(operands[i], DType::kBF16);
  return operands;
}

const char* take(const Problem&) { return nullptr; }
double no_cost(const Problem&, const Target&) { return 0; }
std::unique_ptr<BoundKernel> bind_blocks(const Problem& problem, const Target& target) {
  return attention::bind_bf16_attention(gemm::kReferenceBf16_32x32, avx2::attention_functions(), problem, target);
}
constexpr Row kBlockRows[] = {{"reference_blocks", IsaLevel::kAvx2, take, no_cost, bind_blocks}};
// What AMX runs, with the blocks multiplied number by number.
const Family kBlocks = {"attention", "in blocks", kAttentionFamily.ops, kBlockRows, kAttentionFamily.text};

void expect_bf16(const Attention& attention, const std::vector<Tensor>& inputs) {
  for (const Family* family : {&kAttentionFamily, &kBlocks}) {
    expect_bf16_rows_match(*family, {attention, in_bf16(inputs)}, kCloseBf16, DType::kBF16);
  }
}

TEST(Bf16AttentionKernel, MatchesAtSizesThatAreNoMultipleOfTheTile) {
  for (const Sizes& s : {Sizes{1, 2, 2, 7, 9, 16, 16}, Sizes{2, 3, 3, 50, 131, 24, 40}, Sizes{1, 1, 1, 1, 1, 1, 1},
                         Sizes{1, 2, 2, 197, 197, 64, 64}, Sizes{1, 1, 1, 5, 700, 130, 70},
                         Sizes{1, 2, 2, 49, 128, 8, 3}, Sizes{1, 4, 2, 70, 257, 33, 33}, Sizes{0, 2, 2, 4, 4, 8, 8},
                         Sizes{1, 2, 2, 4, 0, 8, 8}, Sizes{1, 2, 2, 0, 4, 8, 8}}) {
    for (const bool causal : {false, true}) {
      Attention attention;
      attention.causal = causal;
      expect_bf16(attention, operands(s));
    }
  }
}

TEST(Bf16AttentionKernel, MasksCapsLengthsAndHeadsSideBySide) {
  auto inputs = operands({2, 3, 3, 10, 300, 16, 16});
  inputs.push_back(random_tensor(random_numbers, {2, 1, 10, 300}, -3, 3));
  expect_bf16(Attention{}, inputs);
  inputs[3] = random_bools({10, 300});
  expect_bf16(Attention{}, inputs);
  Attention capped;
  capped.softcap = 1.5;
  inputs.resize(6);
  inputs[3] = inputs[4] = inputs[5] = Tensor();
  inputs.push_back(Tensor::of<int64_t>({2}, {1, 130}));
  expect_bf16(capped, inputs);
  Attention side_by_side;
  side_by_side.q_heads = 4;
  side_by_side.kv_heads = 2;
  expect_bf16(side_by_side,
              {random_tensor(random_numbers, {2, 55, 4 * 12}), random_tensor(random_numbers, {2, 140, 2 * 12}),
               random_tensor(random_numbers, {2, 140, 2 * 20})});
}

TEST(Bf16AttentionKernel, AQueryThatSeesNoKeyGivesNanOrZero) {
  auto inputs = operands({1, 1, 1, 3, 300, 8, 8});
  std::vector<float> mask(3 * 300, 0.0f);
  std::fill(mask.begin() + 300, mask.begin() + 600, -INFINITY);  // no key
  std::fill(mask.begin() + 600, mask.begin() + 890, -INFINITY);  // only keys of the second tile
  inputs.push_back(Tensor::of<float>({3, 300}, mask));
  expect_bf16(Attention{}, inputs);
  Attention negative;
  negative.scale = -0.25;
  expect_bf16(negative, inputs);
  expect_bf16(negative, operands({1, 2, 2, 9, 30, 16, 16}));
  Attention guarded;
  guarded.nan_is_zero = true;
  expect_bf16(guarded, inputs);
}

}  // namespace
}  // namespace ingot::kernels

#include "ops/attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/linear_attention.h"
#include "ops/op_testing.h"
#include "ops/recurrent.h"
#include "ops/rotary_embedding.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

TEST(Attention, InfersGroupedHeadsAndACache) {
  Attention attention;
  attention.output_count = 4;
  const auto facts = infer_facts(attention, {fact("f16[b,8,s,64]"), fact("f16[b,2,t,64]"), fact("f16[b,2,t,32]"),
                                             std::nullopt, fact("f16[b,2,p,64]"), fact("f16[b,2,p,32]")});
  EXPECT_EQ(facts[0].text(), "f16[b,8,s,32]");
  EXPECT_EQ(facts[1].text(), "f16[b,2,p+t,64]");
  EXPECT_EQ(facts[3].text(), "f16[b,8,s,p+t]");
}

TEST(Attention, SplitsRankThreeByTheNumbersOfHeads) {
  Attention attention;
  attention.q_heads = 4, attention.kv_heads = 2;
  EXPECT_EQ(infer_text(attention, {fact("f32[b,s,32]"), fact("f32[b,t,16]"), fact("f32[b,t,10]")}), "f32[b,s,20]");
  attention.q_heads = 3;
  EXPECT_THROW(infer_text(attention, {fact("f32[b,s,32]"), fact("f32[b,t,16]"), fact("f32[b,t,10]")}), Error);
  EXPECT_THROW(infer_text(Attention{}, {fact("f32[b,s,32]"), fact("f32[b,t,16]"), fact("f32[b,t,10]")}), Error);
}

TEST(Attention, KeysPastAShortMaskAndTheLengthsAreHidden) {
  const auto q = Tensor::of<float>({1, 1, 1, 1}, {1}), k = Tensor::of<float>({1, 1, 3, 1}, {0, 0, 0}),
             v = Tensor::of<float>({1, 1, 3, 1}, {3, 5, 100});
  const auto run = [&](std::vector<Tensor> rest) {
    std::vector<Tensor> inputs{q, k, v};
    inputs.insert(inputs.end(), rest.begin(), rest.end());
    return read_double(eval_tensor(Attention{}, inputs), 0);
  };
  EXPECT_DOUBLE_EQ(run({Tensor::of<float>({1, 2}, {0, 0})}), 4);
  EXPECT_DOUBLE_EQ(run({Tensor(), Tensor(), Tensor(), Tensor::of<int64_t>({1}, {2})}), 4);
  EXPECT_THROW(run({Tensor::of<float>({1, 4}, {0, 0, 0, 0})}), Error);
  EXPECT_THROW(run({Tensor(), Tensor(DType::kF32, {1, 1, 1, 1})}), Error);
}

// ONNX first said nothing of a query that sees no key: its reference evaluation up to 1.22 gives NaN. Its erratum of
// 2026 to opset 23 onwards gives 0, as PyTorch's scaled_dot_product_attention does, and ONNX Runtime 1.32; its models
// set `unseen_is_zero`. The probabilities, which the erratum leaves NaN, are 0 as in ONNX Runtime. A softmax written
// out in single operators stays NaN there and here.
TEST(Attention, AQueryThatSeesNoKeyGivesZeroOrNanAsTold) {
  const auto q = Tensor::of<float>({1, 1, 3, 1}, {1, 1, NAN}), k = Tensor::of<float>({1, 1, 2, 1}, {0, 0}),
             v = Tensor::of<float>({1, 1, 2, 1}, {3, 5});
  const Tensor mask = Tensor::of<float>({3, 2}, {-INFINITY, -INFINITY, 0, 0, 0, 0});
  Attention attention;
  EXPECT_TRUE(std::isnan(read_double(eval_tensor(attention, {q, k, v, mask}), 0)));
  attention.unseen_is_zero = true;
  attention.output_count = 4;
  attention.scores = AttentionScores::kProbabilities;
  const auto outputs = eval_values(attention, {q, k, v, mask});
  EXPECT_EQ(read_double(outputs[0].tensor(), 0), 0);
  EXPECT_EQ(read_double(outputs[0].tensor(), 1), 4);
  EXPECT_TRUE(std::isnan(read_double(outputs[0].tensor(), 2)));
  EXPECT_EQ(read_double(outputs[3].tensor(), 0), 0);
}

TEST(RotaryEmbedding, RefusesPositionsOutsideTheTables) {
  RotaryEmbedding rotary;
  const Tensor x(DType::kF32, {1, 1, 2, 4}), table(DType::kF32, {3, 2});
  EXPECT_EQ(eval_tensor(rotary, {x, table, table, Tensor::of<int64_t>({1, 2}, {0, 2})}).shape(), x.shape());
  EXPECT_THROW(eval_tensor(rotary, {x, table, table, Tensor::of<int64_t>({1, 2}, {0, 3})}), Error);
  EXPECT_THROW(eval_tensor(rotary, {x, table, table, Tensor::of<int64_t>({2, 1}, {0, 1})}), Error);
  rotary.rotary_size = 8;
  EXPECT_THROW(eval_tensor(rotary, {x, table, table, Tensor::of<int64_t>({1, 2}, {0, 1})}), Error);
}

TEST(LinearAttention, InfersAndChecksTheRulesOperands) {
  LinearAttention attention;
  attention.q_heads = 4, attention.kv_heads = 2;
  attention.rule = LinearAttentionRule::kLinear;
  const auto facts = infer_facts(attention, {fact("f32[b,t,32]"), fact("f32[b,t,16]"), fact("f32[b,t,12]")});
  EXPECT_EQ(facts[0].text(), "f32[b,t,24]");
  EXPECT_EQ(facts[1].text(), "f32[b,2,8,6]");
  attention.rule = LinearAttentionRule::kGated;
  EXPECT_THROW(infer_facts(attention, {fact("f32[b,t,32]"), fact("f32[b,t,16]"), fact("f32[b,t,12]")}), Error);
}

TEST(Recurrent, InfersBothLayouts) {
  Recurrent lstm;
  lstm.cell = RecurrentCell::kLstm;
  lstm.direction = RecurrentDirection::kBidirectional;
  EXPECT_EQ(infer_text(lstm, {fact("f32[s,b,3]"), fact("f32[2,20,3]"), fact("f32[2,20,5]")}), "f32[s,2,b,5]");
  lstm.batch_first = true;
  const auto facts = infer_facts(lstm, {fact("f32[b,s,3]"), fact("f32[2,20,3]"), fact("f32[2,20,5]")});
  EXPECT_EQ(facts[0].text(), "f32[b,s,2,5]");
  EXPECT_EQ(facts[2].text(), "f32[b,2,5]");
}

TEST(Recurrent, RefusesWeightsAndActivationsThatDoNotFit) {
  Recurrent gru;
  gru.cell = RecurrentCell::kGru;
  EXPECT_THROW(infer_text(gru, {fact("f32[s,b,3]"), fact("f32[1,20,3]"), fact("f32[1,20,5]")}), Error);
  EXPECT_THROW(infer_text(gru, {fact("f32[s,b,3]"), fact("f32[1,15,4]"), fact("f32[1,15,5]")}), Error);
  EXPECT_THROW(infer_text(gru, {fact("f32[s,b]"), fact("f32[1,15,3]"), fact("f32[1,15,5]")}), Error);
  gru.activations = {"sigmoid", "swish"};
  EXPECT_THROW(infer_text(gru, {fact("f32[s,b,3]"), fact("f32[1,15,3]"), fact("f32[1,15,5]")}), Error);
}

TEST(Recurrent, KeepsTheStateAndWritesZeroPastTheLength) {
  Recurrent rnn;
  rnn.activations = {"affine"};
  rnn.alphas = {1}, rnn.betas = {0};
  const auto one = Tensor::of<float>({1, 1, 1}, {1});
  const auto x = Tensor::of<float>({3, 2, 1}, {1, 1, 2, 2, 4, 4});
  const auto outputs = eval_values(rnn, {x, one, one, Tensor(), Tensor::of<int32_t>({2}, {3, 2})});
  EXPECT_EQ(to_doubles(outputs[0].tensor()), (std::vector<double>{1, 1, 3, 3, 7, 0}));
  EXPECT_EQ(to_doubles(outputs[1].tensor()), (std::vector<double>{7, 3}));
  EXPECT_THROW(eval_values(rnn, {x, one, one, Tensor(), Tensor::of<int32_t>({2}, {3, 4})}), Error);
}

TEST(Recurrent, QuantisesStatesTogetherOverTheirRange) {
  Recurrent lstm;
  lstm.cell = RecurrentCell::kLstm;
  lstm.activations = {"affine", "affine", "affine"};
  lstm.alphas = {1, 1, 1}, lstm.betas = {0, 0, 0};
  lstm.quantized_states = true;
  // i and o are 1 (their bias), f is 0: h is R's product, of steps of 1 from 0 to 255.
  const auto w = Tensor::of<float>({1, 4, 1}, {0, 0, 0, 0}), r = Tensor::of<float>({1, 4, 1}, {0, 0, 0, 1});
  const auto b = Tensor::of<float>({1, 8}, {1, 1, 0, 0, 0, 0, 0, 0});
  const auto x = Tensor::of<float>({1, 3, 1}, {0, 0, 0}), h = Tensor::of<float>({1, 3, 1}, {255, 7.4f, 8.6f});
  const auto outputs = eval_values(lstm, {x, w, r, b, Tensor(), h});
  EXPECT_EQ(to_doubles(outputs[0].tensor()), (std::vector<double>{255, 7, 9}));
  lstm.cell = RecurrentCell::kGru;
  lstm.activations = {};
  lstm.alphas = lstm.betas = {};
  EXPECT_THROW(infer_text(lstm, {fact("f32[s,b,3]"), fact("f32[1,15,3]"), fact("f32[1,15,5]")}), Error);
}

}  // namespace
}  // namespace ingot

#include "precision/narrow_floats.h"

#include "ops/attention.h"
#include "ops/recurrent.h"
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::precision {
namespace {

using passes::Rewritten;

Rewritten narrowed(std::string_view text) {
  Rewritten result{ir::parse_graph(text), {}, {}};
  result.after = result.before.clone();
  const auto stages = bf16_stages();
  result.report = passes::run_passes(result.after, stages, passes::strict_options());
  return result;
}

TEST(NarrowFloats, ProductsAndWhatLiesBetweenThemAreBf16) {
  const auto result = narrowed(R"(graph g(%x: f32[n,8]) {
    %w: f32[8,8] = const random(1)
    %v: f32[8,4] = const random(2)
    %b: f32[8] = const random(3)
    %a = matmul(%x, %w, %b)
    %c = unary{fn=tanh}(%a)
    %s = softmax(%c)
    %d = binary(%s, %c)
    %y = matmul(%d, %v)
    return %y
  })");
  EXPECT_EQ(result.report.counts.at("casts between f32 and bf16"), 2) << result.text();
  EXPECT_EQ(result.report.counts.at("products in bf16"), 2);
  EXPECT_EQ(result.after.fact(result.after.outputs()[0]).dtype(), DType::kF32);
  passes::expect_same_numbers(result, 0.03);
}

TEST(NarrowFloats, BiasesStayF32AndWeightsAreConvertedAtBuildTime) {
  const auto result = narrowed(R"(graph g(%x: f32[1,3,5,5]) {
    %w: f32[4,3,3,3] = const random(1)
    %b: f32[4] = const random(2)
    %y = conv(%x, %w, %b)
    return %y
  })");
  int convolutions = 0;
  for (const ir::NodeId id : result.after.order()) {
    const ir::Node& node = result.after.node(id);
    if (node.inputs.size() < 3) continue;
    ++convolutions;
    EXPECT_EQ(result.after.constant(node.inputs[1])->dtype(), DType::kBF16);
    EXPECT_EQ(result.after.constant(node.inputs[2])->dtype(), DType::kF32);
  }
  EXPECT_EQ(convolutions, 1);
  passes::expect_same_numbers(result, 0.03);
}

TEST(NarrowFloats, RecurrentLayersAreBf16AndTheirBiasesAndStatesStay) {
  const auto result = narrowed(R"(graph g(%x: f32[5,2,8], %h: f32[1,2,6], %c: f32[1,2,6]) {
    %w: f32[1,24,8] = const random(1)
    %r: f32[1,24,6] = const random(2)
    %b: f32[1,48] = const random(3)
    %v: f32[6,4] = const random(4)
    %y, %yh, %yc = recurrent{cell=lstm, hidden_size=6}(%x, %w, %r, %b, _, %h, %c)
    %z = matmul(%y, %v)
    return %z, %yc
  })");
  EXPECT_EQ(result.report.counts.at("products in bf16"), 2) << result.text();
  EXPECT_EQ(result.report.counts.at("casts between f32 and bf16"), 3) << result.text();
  for (const ir::NodeId id : result.after.order()) {
    const ir::Node& node = result.after.node(id);
    if (!node.op.is<Recurrent>()) continue;
    for (const size_t i : {0, 1, 2, 3, 5, 6}) {
      EXPECT_EQ(result.after.fact(node.inputs[i]).dtype(), i < 3 ? DType::kBF16 : DType::kF32);
    }
  }
  passes::expect_same_numbers(result, 0.03);
}

// The branch of an If for other ranks, as exporters write it: inferred before the rank was known, and never run.
TEST(NarrowFloats, LayersWhoseOperandsContradictThemStayAsTheyAre) {
  Rewritten result{ir::parse_graph(R"(graph g(%x: f32[?], %z: f32[n,6]) {
    %w: f32[1,24,8] = const random(1)
    %r: f32[1,24,6] = const random(2)
    %v: f32[6,4] = const random(4)
    %y, %yh, %yc = recurrent{cell=lstm, hidden_size=6}(%x, %w, %r)
    %p = matmul(%z, %v)
    return %yc, %p
  })"),
                   {},
                   {}};
  result.after = result.before.clone();
  result.after.refine_fact(result.after.inputs()[0],
                           ir::parse_graph("graph g(%x: f32[1,1,n,3,8]) { return %x }").fact(0));
  const auto stages = bf16_stages();
  result.report = passes::run_passes(result.after, stages, {});
  EXPECT_EQ(result.report.counts.at("products in bf16"), 1) << result.text();
  EXPECT_EQ(result.report.counts.at("products in f32"), 1) << result.text();
  EXPECT_NE(result.refusals().find("a recurrent layer takes operands of rank 3"), std::string::npos);
}

TEST(NarrowFloats, AttentionBetweenProductsIsBf16AndItsMaskStays) {
  const auto result = narrowed(R"(graph g(%x: f32[n,5,8], %mask: f32[n,1,1,5]) {
    %w: f32[8,8] = const random(1)
    %q = matmul(%x, %w)
    %k = matmul(%x, %w)
    %y = attention{q_heads=2, kv_heads=2}(%q, %k, %x, %mask)
    %z = matmul(%y, %w)
    return %z
  })");
  for (const ir::NodeId id : result.after.order()) {
    const ir::Node& node = result.after.node(id);
    if (!node.op.is<Attention>()) continue;
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(result.after.fact(node.inputs[i]).dtype(), i < 3 ? DType::kBF16 : DType::kF32);
    }
  }
  EXPECT_EQ(result.report.counts.at("casts between f32 and bf16"), 2) << result.text();
  passes::expect_same_numbers(result, 0.03);
}

TEST(NarrowFloats, WhatComesAfterTheLastProductStaysF32) {
  const auto result = narrowed(R"(graph g(%x: f32[n,8]) {
    %w: f32[8,8] = const random(1)
    %a = matmul(%x, %w)
    %y = softmax(%a)
    return %y
  })");
  EXPECT_EQ(result.report.counts.at("casts between f32 and bf16"), 2) << result.text();
  const ir::Graph& graph = result.after;
  EXPECT_EQ(graph.fact(graph.producer(graph.outputs()[0])->inputs[0]).dtype(), DType::kF32) << result.text();
}

TEST(NarrowFloats, ProductsOfComputedFactorsStayF32WithAReason) {
  const auto result = narrowed(R"(graph g(%x: f32[1,4,5,5], %a: f32[4,4]) {
    %w: f32[4,1,3,3] = const random(1)
    %y = conv{group=4}(%x, %w)
    %z = matmul(%a, %a)
    return %y, %z
  })");
  EXPECT_EQ(result.report.counts.at("casts between f32 and bf16"), 0);
  EXPECT_EQ(result.report.counts.at("products in f32"), 2);
  EXPECT_EQ(result.refusals(), "both factors are computed");
}

TEST(NarrowFloats, DepthwiseConvolutionsFollowWhatIsBf16) {
  const auto result = narrowed(R"(graph g(%x: f32[1,4,5,5]) {
    %w: f32[4,1,3,3] = const random(1)
    %v: f32[4,4,1,1] = const random(2)
    %a = conv{group=4}(%x, %w)
    %b = conv(%a, %v)
    %c = conv{group=4}(%b, %w)
    %y = conv(%c, %v)
    return %y
  })");
  EXPECT_EQ(result.report.counts.at("products in f32"), 1) << result.text();
  EXPECT_EQ(result.report.counts.at("products in bf16"), 3) << result.text();
  EXPECT_EQ(result.report.counts.at("casts between f32 and bf16"), 2) << result.text();
}

TEST(NarrowFloats, TheLowestNumberStaysFinite) {
  const auto result = narrowed(R"(graph g(%x: f32[2,4]) {
    %w: f32[4,4] = const random(1)
    %low: f32[] = const -3.4028235e38
    %a = matmul(%x, %w)
    %m = binary{fn=max}(%a, %low)
    %y = matmul(%m, %w)
    return %y
  })");
  for (const ir::NodeId id : result.after.order()) {
    for (const ir::ValueId input : result.after.node(id).inputs) {
      const Tensor* constant = result.after.constant(input);
      if (constant == nullptr || constant->count() != 1) continue;
      EXPECT_TRUE(std::isfinite(static_cast<float>(*constant->data<BF16>())));
    }
  }
}

TEST(NarrowFloats, ASecondRunChangesNothing) {
  auto result = narrowed(R"(graph g(%x: f32[n,8]) {
    %w: f32[8,8] = const random(1)
    %a = matmul(%x, %w)
    %c = unary{fn=tanh}(%a)
    %y = matmul(%c, %w)
    return %y
  })");
  const auto stages = bf16_stages();
  EXPECT_EQ(passes::run_passes(result.after, stages, passes::strict_options()).patches, 0);
}

}  // namespace
}  // namespace ingot::precision

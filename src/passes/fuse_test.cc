// Elementwise operators that go into products, convolutions and groups.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

size_t nodes(const Rewritten& result) { return result.after.live_node_count(); }

TEST(FuseEpilogue, BiasActivationAndResidualRunInsideTheConvolution) {
  const auto result = rewrite(fuse_epilogue(), R"(graph g(%x: f32[n,4,4,3], %r: f32[n,4,4,8]) {
    %w: f32[8,3,3,3] = const random(1)
    %b: f32[8] = const random(2)
    %scale: f32[] = const 0.5
    %a = conv{pads=[1,1,1,1], channels_last=true}(%x, %w, %b)
    %c = binary{fn=mul}(%a, %scale)
    %d = binary(%r, %c)
    %y = unary{fn=relu}(%d)
    return %y
  })");
  EXPECT_EQ(nodes(result), 1u) << result.text();
  expect_same_numbers(result);
}

TEST(FuseEpilogue, ValuesUsedTwiceInsideAreNoObstacle) {
  const auto result = rewrite(fuse_epilogue(), R"(graph g(%x: f32[n,4], %w: f32[4,5]) {
    %three: f32[] = const 3
    %a = matmul(%x, %w)
    %b = binary(%a, %three)
    %c = unary{fn=tanh}(%b)
    %d = binary{fn=mul}(%a, %c)
    %y = binary{fn=sub}(%d, %b)
    return %y
  })");
  EXPECT_EQ(nodes(result), 1u) << result.text();
  expect_same_numbers(result);
}

TEST(FuseEpilogue, TheProductThatRunsLastTakesTheSum) {
  const auto result = rewrite(fuse_epilogue(), R"(graph g(%x: f32[n,4], %w: f32[4,4], %v: f32[4,4]) {
    %a = matmul(%x, %w)
    %b = unary{fn=relu}(%a)
    %c = matmul(%b, %v)
    %short = matmul(%x, %v)
    %sum = binary(%c, %short)
    %y = unary{fn=relu}(%sum)
    return %y
  })");
  EXPECT_EQ(nodes(result), 3u) << result.text();
  expect_same_numbers(result);
}

constexpr const char* kMixed = R"(graph g(%x: bf16[n,4], %w: bf16[4,5], %r: f32[n,5]) {
    %a = matmul(%x, %w)
    %b = cast{to=f32}(%a)
    %c = unary{fn=relu}(%b)
    %y = binary(%c, %r)
    return %y
  })";

TEST(FuseEpilogue, CastsRunInsideProductsThatMixTypes) {
  PassOptions options = strict_options();
  options.target.pointwise_types.push_back(DType::kBF16);
  options.target.mixed_epilogue_types.push_back(DType::kBF16);
  const auto result = rewrite(fuse_epilogue(), kMixed, options);
  EXPECT_EQ(nodes(result), 1u) << result.text();
  expect_same_numbers(result);
}

TEST(FuseEpilogue, CastsStayOutsideOtherProducts) {
  PassOptions options = strict_options();
  options.target.pointwise_types.push_back(DType::kBF16);
  const auto result = rewrite(fuse_epilogue(), kMixed, options);
  EXPECT_EQ(result.patches(), 0) << result.text();
  EXPECT_EQ(result.refusals(), "the elements are not of the product's type");
}

TEST(FuseEpilogue, AResultNeededElsewhereStays) {
  const auto result = rewrite(fuse_epilogue(), R"(graph g(%x: f32[n,4], %w: f32[4,5]) {
    %a = matmul(%x, %w)
    %y = unary{fn=relu}(%a)
    return %y, %a
  })");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "the product is used elsewhere");
}

TEST(FuseEpilogue, AProductThatIsBroadcastStays) {
  const auto result = rewrite(fuse_epilogue(), R"(graph g(%x: f32[1,4], %w: f32[4,5], %r: f32[n,5]) {
    %a = matmul(%x, %w)
    %y = binary(%a, %r)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "the operator broadcasts the product");
}

TEST(FuseEpilogue, OnlySoManyOperandsFit) {
  auto options = strict_options();
  options.target.max_epilogue_operands = 1;
  const auto result = rewrite(fuse_epilogue(), R"(graph g(%x: f32[n,4], %w: f32[4,5], %r: f32[n,5], %s: f32[n,5]) {
    %a = matmul(%x, %w)
    %b = binary(%a, %r)
    %y = binary{fn=mul}(%b, %s)
    return %y
  })",
                              options);
  EXPECT_EQ(nodes(result), 2u);
  EXPECT_EQ(result.refusals(), "the epilogue would grow too long");
  expect_same_numbers(result);
}

TEST(FusePointwise, ChainsAndDiamondsAreOneStep) {
  const auto result = rewrite(fuse_pointwise(), R"(graph g(%x: f32[n,4], %z: f32[n,4]) {
    %c: f32[] = const 0.5
    %a = unary{fn=exp}(%x)
    %b = binary{fn=mul}(%a, %c)
    %d = unary{fn=neg}(%a)
    %e = binary(%b, %d)
    %k = binary{fn=less}(%e, %z)
    %y = where(%k, %e, %z)
    return %y, %b
  })");
  EXPECT_EQ(nodes(result), 1u) << result.text();
  EXPECT_EQ(result.after.node(result.after.order()[0]).outputs.size(), 2u);
  expect_same_numbers(result);
}

TEST(FusePointwise, PathsThatLeaveAndComeBackDivideGroups) {
  const auto result = rewrite(fuse_pointwise(), R"(graph g(%x: f32[n,4]) {
    %a = unary{fn=exp}(%x)
    %b = unary{fn=neg}(%a)
    %s = softmax(%b)
    %c = binary{fn=mul}(%a, %s)
    %y = binary(%c, %b)
    return %y
  })");
  EXPECT_EQ(nodes(result), 3u) << result.text();
  expect_same_numbers(result);
}

TEST(FusePointwise, SmallerOperandsAreComputedOnceOutside) {
  const auto result = rewrite(fuse_pointwise(), R"(graph g(%x: f32[n,4], %s: f32[4]) {
    %g = unary{fn=exp}(%s)
    %a = binary{fn=mul}(%x, %g)
    %y = unary{fn=tanh}(%a)
    return %y
  })");
  EXPECT_EQ(nodes(result), 2u) << result.text();
  expect_same_numbers(result);
}

constexpr const char* kDense = R"(graph g(%x: f32[n,5,5,40], %a: f32[n,5,5,32], %b: f32[n,5,5,7]) {
    %scale: f32[79] = const random(1)
    %shift: f32[79] = const random(2)
    %c = concat{axis=-1}(%x, %a, %b)
    %d = binary{fn=mul}(%c, %scale)
    %e = binary(%d, %shift)
    %y = unary{fn=relu}(%e)
    return %y
  })";

TEST(FusePointwise, AConcatenationWithNormalisationAndActivationIsOneStep) {
  const auto result = rewrite(fuse_pointwise(), kDense);
  EXPECT_EQ(nodes(result), 1u) << result.text();
  EXPECT_EQ(result.after.node(result.after.order()[0]).inputs.size(), 5u);
  expect_same_numbers(result);
}

TEST(FusePointwise, ConcatenationsStayWhereTheTargetReadsThemElsewhere) {
  auto options = strict_options();
  options.target.max_joined = 0;
  EXPECT_EQ(nodes(rewrite(fuse_pointwise(), kDense, options)), 2u);
}

TEST(FusePointwise, AConcatenationNeededElsewhereStays) {
  const auto result = rewrite(fuse_pointwise(), R"(graph g(%x: f32[n,8], %a: f32[n,3], %w: f32[11,4]) {
    %scale: f32[11] = const random(1)
    %c = concat{axis=1}(%x, %a)
    %d = binary{fn=mul}(%c, %scale)
    %y = unary{fn=relu}(%d)
    %z = matmul(%c, %w)
    return %y, %z
  })");
  EXPECT_EQ(nodes(result), 3u) << result.text();
  expect_same_numbers(result);
}

TEST(FusePointwise, AConcatenationReadTwiceByOneGroupIsPartOfIt) {
  const auto result = rewrite(fuse_pointwise(), R"(graph g(%x: f32[n,8], %a: f32[n,3], %b: f32[n,11]) {
    %c = concat{axis=1}(%x, %a, %a)
    %d = concat{axis=1}(%a, %b)
    %s = unary{fn=sigmoid}(%c)
    %e = binary{fn=mul}(%c, %s)
    %y = binary(%e, %d)
    return %y
  })");
  EXPECT_EQ(nodes(result), 1u) << result.text();
  expect_same_numbers(result);
}

// A part without elements leaves the other with the shape of the whole.
TEST(FusePointwise, AConcatenationOfWhatTheGroupComputesStays) {
  const auto result = rewrite(fuse_pointwise(), R"(graph g(%x: f32[n,8], %a: f32[n,0]) {
    %t = unary{fn=tanh}(%x)
    %c = concat{axis=1}(%t, %a)
    %d = unary{fn=relu}(%c)
    %y = binary(%d, %t)
    return %y
  })");
  EXPECT_EQ(nodes(result), 2u) << result.text();
  expect_same_numbers(result);
}

TEST(FusePointwise, ManyPartsCountAsOneOperand) {
  std::string text = "graph g(%x: f32[n,8], %s: f32[328]) {\n %r = unary{fn=relu}(%x)\n %c = concat{axis=1}(%x";
  for (int i = 0; i < 40; ++i) text += i % 2 == 0 ? ", %r" : ", %x";
  const auto result = rewrite(fuse_pointwise(), text + ")\n %y = binary{fn=mul}(%c, %s)\n return %y\n}");
  EXPECT_EQ(nodes(result), 2u) << result.text();
  expect_same_numbers(result);
}

TEST(FusePointwise, IntegersStayApart) {
  const auto result = rewrite(fuse_pointwise(), R"(graph g(%x: i64[n]) {
    %a = unary{fn=neg}(%x)
    %y = unary(%a)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
}

TEST(FusePointwise, GroupsKeepToTheLimits) {
  auto options = strict_options();
  options.target.max_body = 3;
  std::string text = "graph g(%x: f32[n]) {\n %v0 = unary{fn=exp}(%x)\n";
  for (int i = 1; i < 10; ++i) {
    text += " %v" + std::to_string(i) + " = unary{fn=tanh}(%v" + std::to_string(i - 1) + ")\n";
  }
  const auto result = rewrite(fuse_pointwise(), text + " return %v9\n}", options);
  EXPECT_EQ(nodes(result), 4u) << result.text();
  expect_same_numbers(result);
}

}  // namespace
}  // namespace ingot::passes

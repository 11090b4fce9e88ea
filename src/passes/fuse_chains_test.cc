// Convolutions around a depthwise one become one step.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

Rewritten chains(std::string_view text, bool enabled = true) {
  PassOptions options = strict_options();
  options.target.chains = enabled;
  return rewrite({fuse_epilogue(), merge_siblings(), fuse_chains()}, text, options);
}

size_t nodes(const Rewritten& result) { return result.after.live_node_count(); }

constexpr const char* kBottleneck = R"(graph g(%x: f32[2,9,8,4]) {
    %we: f32[12,4,1,1] = const random(1)
    %wd: f32[12,1,3,3] = const random(2)
    %wp: f32[4,12,1,1] = const random(3)
    %be: f32[12] = const random(4)
    %e0 = conv{channels_last=true}(%x, %we, %be)
    %e = unary{fn=relu}(%e0)
    %d0 = conv{group=12, pads=[1,1,1,1], channels_last=true}(%e, %wd)
    %d = unary{fn=relu}(%d0)
    %p = conv{channels_last=true}(%d, %wp)
    %y = binary(%p, %x)
    return %y
  })";

TEST(FuseChains, AnInvertedBottleneckWithItsResidualIsOneStep) {
  const auto result = chains(kBottleneck);
  EXPECT_EQ(nodes(result), 1u) << result.text();
  expect_same_numbers(result);
}

TEST(FuseChains, TargetsWithoutChainsKeepThreeSteps) { EXPECT_EQ(nodes(chains(kBottleneck, false)), 3u); }

TEST(FuseChains, ADepthwiseResultThatIsReadTwiceEndsTheChain) {
  const auto result = chains(R"(graph g(%x: f32[1,9,8,4]) {
    %we: f32[12,4,1,1] = const random(1)
    %wd: f32[12,1,5,5] = const random(2)
    %wp: f32[4,12,1,1] = const random(3)
    %e = conv{channels_last=true}(%x, %we)
    %d = conv{group=12, strides=[2,2], pads=[2,2,2,2], channels_last=true}(%e, %wd)
    %s = reduce{fn=mean, axes=[1,2]}(%d)
    %g = binary{fn=mul}(%d, %s)
    %p = conv{channels_last=true}(%g, %wp)
    return %p
  })");
  EXPECT_EQ(result.ops().find("chain"), 0u) << result.text();
  EXPECT_EQ(nodes(result), 4u) << result.text();
  expect_same_numbers(result);
}

TEST(FuseChains, AStridedConvolutionMayStandFirst) {
  const auto result = chains(R"(graph g(%x: f32[1,11,8,3]) {
    %ws: f32[8,3,3,3] = const random(1)
    %wd: f32[8,1,3,3] = const random(2)
    %wp: f32[4,8,1,1] = const random(3)
    %s = conv{strides=[2,2], pads=[1,1,1,1], channels_last=true}(%x, %ws)
    %d = conv{group=8, pads=[1,1,1,1], channels_last=true}(%s, %wd)
    %p = conv{channels_last=true}(%d, %wp)
    return %p
  })");
  EXPECT_EQ(nodes(result), 1u) << result.text();
  expect_same_numbers(result);
}

TEST(FuseChains, LargerConvolutionsAndThoseReadTwiceStay) {
  const auto result = chains(R"(graph g(%x: f32[n,9,8,4]) {
    %wc: f32[6,4,3,3] = const random(1)
    %wd: f32[6,1,3,3] = const random(2)
    %c = conv{pads=[1,1,1,1], channels_last=true}(%x, %wc)
    %d = conv{group=6, pads=[1,1,1,1], channels_last=true}(%c, %wd)
    %we: f32[6,6,3,3] = const random(3)
    %e = conv{pads=[1,1,1,1], channels_last=true}(%d, %we)
    %wp: f32[6,6,1,1] = const random(4)
    %p = conv{channels_last=true}(%e, %wp)
    %f = conv{group=6, pads=[1,1,1,1], channels_last=true}(%p, %wd)
    return %p, %f
  })");
  EXPECT_EQ(nodes(result), 5u) << result.text();
  expect_same_numbers(result);
}

TEST(FuseChains, SqueezeAndExciteIsOneStep) {
  constexpr const char* kText = R"(graph g(%x: f32[2,h,7,12]) {
    %w1: f32[4,12,1,1] = const random(1)
    %b1: f32[4] = const random(2)
    %w2: f32[12,4,1,1] = const random(3)
    %s = reduce{fn=mean, axes=[1,2]}(%x)
    %c1 = conv{channels_last=true}(%s, %w1, %b1)
    %r = unary{fn=relu}(%c1)
    %c2 = conv{channels_last=true}(%r, %w2)
    %g = unary{fn=hard_sigmoid, alpha=0.2, beta=0.5}(%c2)
    %y = binary{fn=mul}(%x, %g)
    return %y
  })";
  const auto result = chains(kText);
  EXPECT_TRUE(mentions(result, "chain")) << result.text();
  EXPECT_EQ(nodes(result), 2u) << result.text();
  expect_same_numbers(result);
  EXPECT_EQ(nodes(chains(kText, false)), 4u);
}

TEST(FuseChains, AMeanThatIsReadTwiceOrOverOtherAxesStays) {
  const auto result = chains(R"(graph g(%x: f32[2,5,7,12]) {
    %w1: f32[4,12,1,1] = const random(1)
    %w2: f32[12,4,1,1] = const random(3)
    %s = reduce{fn=mean, axes=[1,2]}(%x)
    %c1 = conv{channels_last=true}(%s, %w1)
    %c2 = conv{channels_last=true}(%c1, %w2)
    %t = reduce{fn=mean, axes=[1]}(%x)
    %d1 = conv{channels_last=true}(%t, %w1)
    %d2 = conv{channels_last=true}(%d1, %w2)
    return %c2, %s, %d2
  })");
  EXPECT_EQ(nodes(result), 6u) << result.text();
}

TEST(FuseChains, UnknownSizesAreNoObstacle) {
  const auto result = chains(R"(graph g(%x: f32[n,h,w,4]) {
    %wd: f32[4,1,3,3] = const random(2)
    %wp: f32[6,4,1,1] = const random(3)
    %d = conv{group=4, pads=[1,1,1,1], channels_last=true}(%x, %wd)
    %p = conv{channels_last=true}(%d, %wp)
    return %p
  })");
  EXPECT_EQ(nodes(result), 1u) << result.text();
  expect_same_numbers(result);
}

}  // namespace
}  // namespace ingot::passes

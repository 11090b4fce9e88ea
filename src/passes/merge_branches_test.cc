// Branches that are added become one convolution.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

Rewritten merged(std::string_view text) { return rewrite({fold_affine(), merge_branches(), remove_dead()}, text); }

TEST(MergeBranches, ABlockOfRepVggWithItsNormalisedInputIsOneConvolution) {
  const auto result = merged(R"(graph g(%x: f32[n,6,h,w]) {
    %w3: f32[6,6,3,3] = const random(1)
    %w1: f32[6,6,1,1] = const random(2)
    %b1: f32[6] = const random(3)
    %scale: f32[6,1,1] = const random(4)
    %shift: f32[6,1,1] = const random(5)
    %c3 = conv{pads=[1,1,1,1]}(%x, %w3)
    %c1 = conv(%x, %w1, %b1)
    %both = binary(%c1, %c3)
    %scaled = binary{fn=mul}(%x, %scale)
    %normal = binary(%scaled, %shift)
    %y = binary(%both, %normal)
    return %y
  })");
  EXPECT_EQ(result.after.live_node_count(), 1u) << result.text();
  expect_same_numbers(result);
}

TEST(MergeBranches, StridedDepthwiseWindowsOfSeveralSizesAreOne) {
  const auto result = merged(R"(graph g(%x: f32[2,4,11,9]) {
    %w5: f32[4,1,5,3] = const random(1)
    %w3: f32[4,1,3,3] = const random(2)
    %w1: f32[4,1,1,1] = const random(3)
    %c5 = conv{group=4, strides=[2,2], pads=[2,1,2,1]}(%x, %w5)
    %c3 = conv{group=4, strides=[2,2], pads=[1,1,1,1]}(%x, %w3)
    %c1 = conv{group=4, strides=[2,2]}(%x, %w1)
    %a = binary(%c1, %c3)
    %y = binary(%a, %c5)
    return %y
  })");
  EXPECT_EQ(result.after.live_node_count(), 1u) << result.text();
  expect_same_numbers(result);
}

TEST(MergeBranches, AConvolutionInGroupsTakesItsInput) {
  const auto result = merged(R"(graph g(%x: f32[2,6,5,5]) {
    %w: f32[6,3,3,3] = const random(1)
    %c = conv{group=2, pads=[1,1,1,1]}(%x, %w)
    %y = binary(%x, %c)
    return %y
  })");
  EXPECT_EQ(result.ops().find("binary"), std::string::npos) << result.text();
  expect_same_numbers(result);
}

TEST(MergeBranches, WindowsThatDoNotHoldEachOtherStayTwo) {
  const auto result = merged(R"(graph g(%x: f32[1,4,8,8]) {
    %wa: f32[4,4,3,1] = const random(1)
    %wb: f32[4,4,1,3] = const random(2)
    %a = conv{pads=[1,0,1,0]}(%x, %wa)
    %b = conv{pads=[0,1,0,1]}(%x, %wb)
    %y = binary(%a, %b)
    return %y
  })");
  EXPECT_EQ(result.after.live_node_count(), 3u) << result.text();
  EXPECT_EQ(result.refusals(), "no window holds the other");
}

TEST(MergeBranches, AResultThatIsReadElsewhereStays) {
  const auto result = merged(R"(graph g(%x: f32[1,4,8,8]) {
    %w: f32[4,4,3,3] = const random(1)
    %c = conv{pads=[1,1,1,1]}(%x, %w)
    %y = binary(%x, %c)
    return %y, %c
  })");
  EXPECT_EQ(result.after.live_node_count(), 2u) << result.text();
  EXPECT_EQ(result.refusals(), "a branch is used elsewhere");
}

TEST(MergeBranches, ASumThatBroadcastsASmallerResultStays) {
  const auto result = merged(R"(graph g(%x: f32[1,4,3,3]) {
    %w3: f32[4,4,3,3] = const random(1)
    %w1: f32[4,4,1,1] = const random(2)
    %a = conv(%x, %w3)
    %b = conv(%x, %w1)
    %p = binary(%a, %b)
    %y = binary(%p, %x)
    return %y
  })");
  EXPECT_EQ(result.after.live_node_count(), 4u) << result.text();
}

}  // namespace
}  // namespace ingot::passes

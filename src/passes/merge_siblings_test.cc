// Products and convolutions of one input become one step.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

size_t nodes(const Rewritten& result) { return result.after.live_node_count(); }

TEST(MergeSiblings, ThreeProductsOfOneInputAreOneStep) {
  const auto result = rewrite({fuse_epilogue(), merge_siblings()}, R"(graph g(%x: f32[n,6,8]) {
    %wq: f32[8,8] = const random(1)
    %wk: f32[8,4] = const random(2)
    %wv: f32[4,8] = const random(3)
    %b: f32[8] = const random(4)
    %q0 = matmul(%x, %wq)
    %q = binary(%q0, %b)
    %k = matmul{alpha=0.5}(%x, %wk)
    %v0 = matmul{trans_b=true}(%x, %wv)
    %v = unary{fn=relu}(%v0)
    return %q, %k, %v
  })");
  EXPECT_EQ(nodes(result), 1u) << result.text();
  expect_same_numbers(result);
}

TEST(MergeSiblings, BranchesOfABlockAreOneStepAndKeepTheirEpilogues) {
  const auto result = rewrite({fuse_epilogue(), merge_siblings()}, R"(graph g(%x: f32[n,5,5,8], %r: f32[n,5,5,4]) {
    %wa: f32[4,8,1,1] = const random(1)
    %wb: f32[6,8,1,1] = const random(2)
    %wc: f32[3,8,3,3] = const random(3)
    %b: f32[6] = const random(4)
    %a0 = conv{channels_last=true}(%x, %wa)
    %a = binary(%a0, %r)
    %b0 = conv{channels_last=true}(%x, %wb, %b)
    %bb = unary{fn=relu}(%b0)
    %c = conv{channels_last=true}(%x, %wc)
    return %a, %bb, %c
  })");
  EXPECT_EQ(nodes(result), 2u) << result.text();
  EXPECT_EQ(result.refusals(), "a convolution that is not 1x1 in one group");
  expect_same_numbers(result);
}

constexpr const char* kGated = R"(graph g(%x: f32[n,8]) {
    %wg: f32[8,8] = const random(1)
    %wu: f32[8,8] = const random(2)
    %g0 = matmul(%x, %wg)
    %g = unary{fn=silu}(%g0)
    %u = matmul(%x, %wu)
    %y = binary{fn=mul}(%g, %u)
    return %y
  })";

TEST(MergeSiblings, ASiblingThatNeedsAnotherStays) {
  const auto result = rewrite({fuse_epilogue(), merge_siblings()}, kGated);
  EXPECT_EQ(nodes(result), 2u) << result.text();
  EXPECT_EQ(result.refusals(), "one sibling needs the result of another");
  const auto longer = rewrite(merge_siblings(), R"(graph g(%x: f32[n,8]) {
    %w: f32[8,8] = const random(1)
    %a = matmul(%x, %w)
    %b = softmax(%a)
    %c = binary(%x, %b)
    %d = matmul(%c, %w)
    %y = matmul(%x, %w)
    %z = binary(%d, %y)
    return %z
  })");
  EXPECT_EQ(nodes(longer), 5u) << longer.text();
  expect_same_numbers(longer);
}

TEST(MergeSiblings, TwoFamiliesThatCrossDoNotBothMerge) {
  const auto result = rewrite(merge_siblings(), R"(graph g(%x: f32[n,8], %y: f32[n,8]) {
    %w: f32[8,8] = const random(1)
    %v: f32[8,8] = const random(2)
    %a = matmul(%x, %w)
    %c = matmul(%y, %v)
    %xa = binary{fn=mul}(%x, %c)
    %ya = binary{fn=mul}(%y, %a)
    %b = matmul(%x, %v)
    %d = matmul(%y, %w)
    %s = binary(%xa, %b)
    %t = binary(%ya, %d)
    return %s, %t
  })");
  EXPECT_EQ(nodes(result), 6u) << result.text();
  expect_same_numbers(result);
}

TEST(MergeSiblings, OthersAreLeftAloneWithTheirReason) {
  const auto reason = [](const std::string& body, const char* target = nullptr) {
    PassOptions options = strict_options();
    if (target != nullptr) options.target.merge_siblings = false;
    const auto result =
        rewrite(merge_siblings(),
                "graph g(%x: f32[2,5,8], %m: f32[8,8], %p: f32[2,1,4]) {\n" + body + "\n return %a, %b\n}", options);
    EXPECT_EQ(result.patches(), 0) << result.text();
    return result.refusals();
  };
  const std::string w = "%w: f32[8,4] = const random(1)\n %a = matmul(%x, %w)\n";
  EXPECT_EQ(reason(w + "%b = matmul(%x, %m)"), "weights that are not constant");
  EXPECT_EQ(reason(w + "%v: f32[2,8,4] = const random(2)\n %b = matmul(%x, %v)"),
            "a batch of weights or a transposed input");
  EXPECT_EQ(reason(w + "%v: f32[8,4] = const random(2)\n"
                       "%b = matmul{epilogue=[binary([0,1])]}(%x, %v, _, %p)"),
            "an epilogue with an operand that is broadcast");
  EXPECT_EQ(reason(w + "%v: f32[8,4] = const random(2)\n %b = matmul(%x, %v)", "none"), "");
}

}  // namespace
}  // namespace ingot::passes

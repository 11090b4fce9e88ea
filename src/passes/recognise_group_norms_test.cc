#include <gtest/gtest.h>

#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

// As torch exports GroupNorm(2, 6); GROUPED, SCALE and BACK are shapes to fill in.
std::string group_norm(const char* grouped, const char* scale, const char* back) {
  std::string text = R"(graph g(%x: f32[n,6,h,5]) {
    %one: f32[2] = const 1
    %zero: f32[2] = const 0
    %scale: f32[SCALE] = const random(1)
    %bias: f32[6,1,1] = const random(2)
    %r = reshape{shape=[GROUPED]}(%x)
    %z = group_norm{epsilon=1e-05}(%r, %one, %zero)
    %b = reshape{shape=[BACK]}(%z)
    %s = binary{fn=mul}(%b, %scale)
    %y = binary(%bias, %s)
    return %y
  })";
  const auto fill = [&](const char* name, const char* value) {
    text.replace(text.find(name), std::string_view(name).size(), value);
  };
  fill("GROUPED", grouped);
  fill("SCALE", scale);
  fill("BACK", back);
  return text;
}

TEST(RecogniseGroupNorms, GroupsMadeChannelsAreOneOperatorWithScaleAndBias) {
  const auto result = rewrite(recognise_group_norms(), group_norm("n,2,15*h", "1,6,1,1", "n,6,h,5"));
  EXPECT_EQ(result.ops(), "group_norm{groups=2}");
  EXPECT_EQ(result.after.live_node_count(), 1u);
  expect_same_numbers(result);
}

TEST(RecogniseGroupNorms, AScaleOfOtherAxesStaysOutside) {
  const auto result = rewrite(recognise_group_norms(), group_norm("n,2,15*h", "1,1,1,5", "n,6,h,5"));
  EXPECT_EQ(result.refusals(), "the operand varies along other axes");
  EXPECT_EQ(result.after.live_node_count(), 3u);
  expect_same_numbers(result);
}

TEST(RecogniseGroupNorms, AReshapeToAnotherShapeIsNoGroupNorm) {
  const auto result = rewrite(recognise_group_norms(), group_norm("n,2,15*h", "1,6,1,1", "n,6,5,h"));
  EXPECT_EQ(result.patches(), 0);
  EXPECT_NE(result.refusals().find("the second reshape does not undo the first"), std::string::npos);
}

TEST(RecogniseGroupNorms, ImagesJoinedInOneGroupAreNoGroupNorm) {
  const auto result = rewrite(recognise_group_norms(), R"(graph g(%x: f32[2,6,5]) {
    %r = reshape{shape=[1,2,30]}(%x)
    %z = group_norm(%r)
    %y = reshape{shape=[2,6,5]}(%z)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "a group is not made of whole channels of one image");
}

}  // namespace
}  // namespace ingot::passes

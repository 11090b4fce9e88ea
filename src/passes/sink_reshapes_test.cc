// Rows of products that are only counted otherwise.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

std::string flattened(const std::string& shape, const std::string& bias = "f32[12]") {
  return R"(graph g(%x: f32[n,5,8], %z: f32[n,5,12]) {
    %w: f32[8,12] = const random(1)
    %b: )" +
         bias + R"( = const random(3)
    %r = reshape{shape=[)" +
         shape + R"(]}(%x)
    %p = matmul(%r, %w, %b)
    %y = reshape{shape=[n,5,12]}(%p)
    %s = binary{fn=add}(%y, %z)
    return %s
})";
}

TEST(SinkReshapes, AProductOfFlattenedRowsTakesThemAsTheyAre) {
  const auto result = rewrite({sink_reshapes(), cancel_movement()}, flattened("5*n,8"));
  EXPECT_EQ(result.text().find("reshape"), std::string::npos) << result.text();
  expect_same_numbers(result);
}

TEST(SinkReshapes, WhatFollowedTheReshapeRunsInsideTheProduct) {
  const auto result = rewrite({sink_reshapes(), cancel_movement(), fuse_epilogue()}, flattened("5*n,8"));
  EXPECT_EQ(result.after.live_node_count(), 1u) << result.text();
  expect_same_numbers(result);
}

TEST(SinkReshapes, HeadsThatAreJoinedWithTheRowsKeepTheRows) {
  const auto result =
      rewrite({sink_reshapes(), cancel_movement(), fuse_epilogue()}, R"(graph g(%x: f32[n,5,4,2], %z: f32[n,5,12]) {
    %w: f32[8,12] = const random(1)
    %r = reshape{shape=[5*n,8]}(%x)
    %p = matmul(%r, %w)
    %y = reshape{shape=[n,5,12]}(%p)
    %s = binary{fn=add}(%y, %z)
    return %s
})");
  EXPECT_EQ(result.after.live_node_count(), 2u) << result.text();
  expect_same_numbers(result);
}

TEST(SinkReshapes, ACastOfTheResultComesBeforeTheReshape) {
  const auto result = rewrite({sink_reshapes(), cancel_movement()}, R"(graph g(%x: f32[n,5,8]) {
    %w: f32[8,12] = const random(1)
    %p = matmul(%x, %w)
    %r = reshape{shape=[5*n,12]}(%p)
    %c = cast{to=f64}(%r)
    %y = reshape{shape=[n,5,4,3]}(%c)
    return %y
})");
  EXPECT_EQ(result.after.live_node_count(), 3u) << result.text();
  expect_same_numbers(result);
}

TEST(SinkReshapes, AReshapeThatCutsRowsStays) {
  const auto result = rewrite(sink_reshapes(), R"(graph g(%x: f32[n,5,8]) {
    %w: f32[4,12] = const random(1)
    %r = reshape{shape=[n,10,4]}(%x)
    %p = matmul(%r, %w)
    return %p
})");
  EXPECT_EQ(result.patches(), 0);
}

TEST(SinkReshapes, ABiasThatDiffersFromRowToRowIsRefused) {
  const auto result = rewrite(sink_reshapes(), flattened("5,n,8", "f32[5,1,12]"));
  EXPECT_EQ(result.refusals(), "a bias that is not the same for every row");
}

}  // namespace
}  // namespace ingot::passes

#include <gtest/gtest.h>

#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

Rewritten gathered(const std::string& x, const std::string& indices, const char* fields = "") {
  return rewrite(cancel_movement(), "graph g(%x: f32[" + x + "], %i: i64[" + indices + "]) {\n%y = gather_nd" + fields +
                                        "(%x, %i)\nreturn %y\n}");
}

TEST(CancelGatherNd, SlicesByOneIndexAreAGather) {
  EXPECT_EQ(gathered("6,5", "n,3,1").ops(), "reshape{shape=[n,3], allow_zero=true}, gather");
}

TEST(CancelGatherNd, SeveralIndicesOrABatchStay) {
  EXPECT_EQ(gathered("6,5", "n,3,2").ops(), "gather_nd");
  EXPECT_EQ(gathered("3,5", "3,n,1", "{batch_dims=1}").refusals(), "the first axes are a batch");
}

TEST(CancelGatherNd, GivesTheSameNumbers) {
  const auto result = rewrite(cancel_movement(), R"(graph g(%x: f32[n,5]) {
    %i: i64[2,2,1] = const {0, 1, -1, 0}
    %y = gather_nd(%x, %i)
    return %y
  })");
  EXPECT_EQ(result.ops(), "reshape{shape=[2,2], allow_zero=true}, gather");
  expect_same_numbers(result);
}

}  // namespace
}  // namespace ingot::passes

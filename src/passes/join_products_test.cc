// Products of one input as one wide product.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

PassOptions joining() {
  PassOptions options;
  options.target.merge_siblings = false;
  options.target.join_products = true;
  return options;
}

constexpr const char* kHeads = R"(graph g(%x: f32[2,6,16]) {
    %wq: f32[16,16] = const random(1)
    %wk: f32[16,16] = const random(2)
    %wv: f32[16,16] = const random(3)
    %b: f32[16] = const random(4)
    %q = matmul(%x, %wq, %b)
    %k = matmul(%x, %wk)
    %v = matmul(%x, %wv, %b)
    %y = attention{q_heads=2, kv_heads=2}(%q, %k, %v)
    return %y
  })";

TEST(JoinProducts, QueryKeyAndValueAreCutFromOneProduct) {
  const auto result = rewrite(join_products(), kHeads, joining());
  EXPECT_EQ(result.after.live_node_count(), 5u) << result.text();  // the product, three slices, attention
  expect_same_numbers(result);
}

TEST(JoinProducts, TransposedWeightsAreJoinedBelowEachOther) {
  const auto result = rewrite(join_products(), R"(graph g(%x: f32[n,16]) {
    %wg: f32[8,16] = const random(1)
    %wu: f32[8,16] = const random(2)
    %g = matmul{trans_b=true}(%x, %wg)
    %u = matmul{trans_b=true}(%x, %wu)
    %y = binary{fn=mul}(%g, %u)
    return %y
  })",
                              joining());
  EXPECT_EQ(result.after.live_node_count(), 4u) << result.text();
  expect_same_numbers(result);
}

TEST(JoinProducts, AReaderThatWantsDenseRowsKeepsItsProduct) {
  const auto result = rewrite(join_products(), R"(graph g(%x: f32[n,16]) {
    %wa: f32[16,8] = const random(1)
    %wb: f32[16,8] = const random(2)
    %a = matmul(%x, %wa)
    %b = matmul(%x, %wb)
    %s = softmax(%a)
    %y = binary{fn=mul}(%s, %b)
    return %y
  })",
                              joining());
  EXPECT_EQ(result.after.live_node_count(), 4u) << result.text();
  EXPECT_EQ(result.refusals(), "a reader does not take columns of a wider tensor");
}

TEST(JoinProducts, TargetsWithoutReadersInPlaceKeepTheirProducts) {
  const auto result = rewrite(join_products(), kHeads);
  EXPECT_EQ(result.after.live_node_count(), 4u) << result.text();
}

}  // namespace
}  // namespace ingot::passes

// A product that is only cut into columns.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

std::string packed(const std::string& product, const std::string& last = "12",
                   const std::string& results = "%q, %k, %v") {
  return R"(graph g(%x: f32[n,5,8]) {
    %w: f32[8,12] = const random(1)
    %wt: f32[12,8] = const random(2)
    %b: f32[12] = const random(3)
    )" + product +
         R"(
    %q = slice{starts=[0], ends=[4], axes=[2], steps=[1]}(%y)
    %k = slice{starts=[4], ends=[8], axes=[-1]}(%y)
    %v = slice{starts=[-4], ends=[)" +
         last + R"(], axes=[2]}(%y)
    return )" +
         results + "\n}";
}

TEST(SplitProducts, PackedQueryKeyAndValueAreSiblings) {
  for (const char* product :
       {"%y = matmul(%x, %w)", "%y = matmul(%x, %w, %b)", "%y = matmul{trans_b=true}(%x, %wt, %b)"}) {
    const auto result = rewrite({split_products(), fold_constants(), merge_siblings()}, packed(product));
    EXPECT_EQ(result.after.live_node_count(), 1u) << result.text();
    expect_same_numbers(result);
  }
}

TEST(SplitProducts, AProductNeededWholeStays) {
  const auto result = rewrite(split_products(), packed("%y = matmul(%x, %w)", "12", "%q, %k, %v, %y"));
  EXPECT_EQ(result.patches(), 0);
}

TEST(SplitProducts, OverlappingCutsStay) {
  std::string text = packed("%y = matmul(%x, %w)");
  text.replace(text.find("ends=[4]"), 8, "ends=[6]");
  const auto result = rewrite(split_products(), text);
  EXPECT_EQ(result.refusals(), "the cuts overlap: they would be computed twice");
}

TEST(SplitProducts, WeightsThatAreComputedStay) {
  std::string text = packed("%y = matmul(%x, %m)");
  text.replace(text.find("%x: f32[n,5,8]"), 14, "%x: f32[n,5,8], %m: f32[8,12]");
  const auto result = rewrite(split_products(), text);
  EXPECT_EQ(result.refusals(), "the weights are not one constant matrix of floats");
}

TEST(SplitProducts, ASingleColumnThatIsPickedBesideCutsStays) {
  const auto result = rewrite(split_products(), R"(graph g(%x: f32[n,8]) {
    %w: f32[8,12] = const random(1)
    %y = matmul(%x, %w)
    %part = slice{starts=[4], ends=[8], axes=[1]}(%y)
    %index: i64[] = const 7
    %column = gather{axis=1}(%y, %index)
    return %part, %column
  })");
  EXPECT_EQ(result.patches(), 0);
}

// Query, key and value as exporters cut them from one product: by index, after heads are moved to the front.
std::string stacked(const std::string& moves, const std::string& last_index = "2") {
  return R"(graph g(%x: f32[n,5,8]) {
    %w: f32[8,12] = const random(1)
    %b: f32[12] = const random(3)
    %zero: i64[] = const 0
    %one: i64[] = const 1
    %two: i64[] = const )" +
         last_index + R"(
    %y = matmul(%x, %w, %b)
    )" + moves +
         R"(
    return %q, %k, %v
})";
}

const char* const kHeadsInFront = R"(%r = reshape{shape=[n,5,3,2,2]}(%y)
    %t = transpose{permutation=[2,0,3,1,4]}(%r)
    %q = gather{axis=0}(%t, %zero)
    %k = gather{axis=0}(%t, %one)
    %v = gather{axis=0}(%t, %two))";

TEST(SplitProducts, IndicesOfReshapedAndTransposedColumnsAreSiblings) {
  for (const char* last : {"2", "-1"}) {
    const auto result = rewrite({split_products(), cancel_movement(), fold_constants(), merge_siblings()},
                                stacked(kHeadsInFront, last));
    EXPECT_EQ(result.text().find("gather"), std::string::npos) << result.text();
    EXPECT_NE(result.text().find("siblings"), std::string::npos) << result.text();
    expect_same_numbers(result);
  }
}

TEST(SplitProducts, HalvesAfterAReshapeAreSiblings) {
  const auto result =
      rewrite({split_products(), fold_constants(), merge_siblings()}, stacked(R"(%r = reshape{shape=[n,5,6,2]}(%y)
    %q = slice{starts=[0], ends=[2], axes=[2]}(%r)
    %k = slice{starts=[2], ends=[3], axes=[2]}(%r)
    %v = slice{starts=[3], ends=[6], axes=[2]}(%r))"));
  EXPECT_NE(result.text().find("siblings"), std::string::npos) << result.text();
  EXPECT_EQ(result.text().find("slice"), std::string::npos) << result.text();
  expect_same_numbers(result);
}

TEST(SplitProducts, ProductsInBf16AreSiblingsToo) {
  std::string text = stacked(R"(%n = cast{to=bf16}(%x)
    %p = matmul(%n, %h, %b)
    %f = cast{to=f32}(%p)
    %r = reshape{shape=[n,5,3,4]}(%f)
    %q = gather{axis=2}(%r, %zero)
    %k = gather{axis=2}(%r, %one)
    %v = gather{axis=2}(%r, %two))");
  text.replace(text.find("%w: f32[8,12]"), 13, "%h: bf16[8,12] = const random(4)\n    %w: f32[8,12]");
  const auto result = rewrite({split_products(), cancel_movement(), fold_constants(), remove_dead()}, text);
  EXPECT_EQ(result.text().find("gather"), std::string::npos) << result.text();
  EXPECT_NE(result.text().find("bf16[8,4]"), std::string::npos) << result.text();
  expect_same_numbers(result);
}

TEST(SplitProducts, CutsWithinGroupsOfColumnsStay) {
  const auto result = rewrite(split_products(), stacked(R"(%r = reshape{shape=[n,5,4,3]}(%y)
    %q = gather{axis=3}(%r, %zero)
    %k = gather{axis=3}(%r, %one)
    %v = gather{axis=3}(%r, %two))"));
  EXPECT_EQ(result.refusals(), "the cuts are no ranges of columns");
}

}  // namespace
}  // namespace ingot::passes

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
  EXPECT_EQ(result.refusals(), "the weights are not one constant matrix of f32");
}

}  // namespace
}  // namespace ingot::passes

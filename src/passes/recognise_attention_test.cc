// Attention written out in small operators becomes one.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

std::string written_out(const std::string& scores, const std::string& rest = "%y = matmul(%p, %v)",
                        const std::string& results = "%y") {
  return R"(graph g(%q: f32[n,2,6,4], %k: f32[n,2,5,4], %v: f32[n,2,5,3], %mask: f32[n,1,6,5]) {
    %root: f32[] = const 0.70710678
    %two: f32[] = const 2
    )" + scores +
         "\n %p = softmax(%s)\n " + rest + "\n return " + results + "\n}";
}

TEST(RecogniseAttention, FormsThatExportersWrite) {
  for (const char* scores : {
           "%s = matmul{trans_b=true}(%q, %k)",
           "%m = matmul{trans_b=true, alpha=0.5}(%q, %k)\n %s = binary(%m, %mask)",
           "%t = transpose{permutation=[0,1,3,2]}(%k)\n %m = matmul(%q, %t)\n %d = binary{fn=div}(%m, %two)\n"
           " %s = binary(%mask, %d)",
           "%a = binary{fn=mul}(%q, %root)\n %b = binary{fn=mul}(%root, %k)\n %m = matmul{trans_b=true}(%a, %b)\n"
           " %s = binary(%m, %mask)",
       }) {
    const auto result = rewrite({recognise_attention(), cancel_movement()}, written_out(scores));
    EXPECT_EQ(result.after.live_node_count(), 1u) << result.text();
    EXPECT_EQ(result.ops().substr(0, 9), "attention") << result.ops();
    expect_same_numbers(result);
  }
}

TEST(RecogniseAttention, NearMissesAreRefusedWithTheirReason) {
  const std::string plain = "%s = matmul{trans_b=true}(%q, %k)";
  const auto reason = [](const std::string& text) {
    const auto result = rewrite(recognise_attention(), text);
    EXPECT_EQ(result.patches(), 0) << text;
    return result.refusals();
  };
  EXPECT_EQ(reason(written_out(plain, "%y = matmul(%p, %v)", "%y, %p")), "the scores are used elsewhere");
  EXPECT_EQ(reason(written_out(plain, "%y = matmul{alpha=2}(%p, %v)")), "the product with the values does more");
  std::string other = written_out(plain);
  other.replace(other.find("softmax("), 8, "softmax{axis=2}(");
  EXPECT_EQ(reason(other), "the softmax is not over the keys");
  std::string shared = written_out(plain);
  shared.replace(shared.find("%k: f32[n,2"), 11, "%k: f32[n,1");
  EXPECT_EQ(reason(shared), "batches or heads that broadcast");
}

TEST(RecogniseAttention, NoKernelMeansNoChange) {
  PassOptions options = strict_options();
  options.target.attention = false;
  const auto result = rewrite(recognise_attention(), written_out("%s = matmul{trans_b=true}(%q, %k)"), options);
  EXPECT_EQ(result.patches(), 0);
}

constexpr const char* kHeads = R"(graph g(%q: f32[n,6,8], %k: f32[n,5,8], %v: f32[n,5,8]) {
    %q4 = reshape{shape=[n,6,2,4]}(%q)
    %k4 = reshape{shape=[n,5,2,4]}(%k)
    %v4 = reshape{shape=[n,5,2,4]}(%v)
    %qt = transpose{permutation=[0,2,1,3]}(%q4)
    %kt = transpose{permutation=[0,2,3,1]}(%k4)
    %vt = transpose{permutation=[0,2,1,3]}(%v4)
    %s = matmul{alpha=0.5}(%qt, %kt)
    %p = softmax(%s)
    %o = matmul(%p, %vt)
    %t = transpose{permutation=[0,2,1,3]}(%o)
    %y = reshape{shape=[n,6,8]}(%t)
    return %y
  })";

TEST(RecogniseAttention, TransposesOfHeadsVanish) {
  const auto result = rewrite({recognise_attention(), cancel_movement()}, kHeads);
  EXPECT_EQ(result.ops(), "attention{q_heads=2, kv_heads=2, scale=0.5}") << result.text();
  expect_same_numbers(result);
}

TEST(RecogniseAttention, ScalesBeforeHeadsAreSplitGoIn) {
  std::string text = kHeads;
  text.replace(text.find("%q4 = reshape{shape=[n,6,2,4]}(%q)"), 34,
               "%c: f32[] = const 0.25\n %qs = binary{fn=mul}(%q, %c)\n %q4 = reshape{shape=[n,6,2,4]}(%qs)");
  const auto result = rewrite({recognise_attention(), cancel_movement()}, text);
  EXPECT_EQ(result.ops(), "attention{q_heads=2, kv_heads=2, scale=0.125}") << result.text();
  expect_same_numbers(result);
}

TEST(RecogniseAttention, HeadsInOtherOrdersStay) {
  std::string text = kHeads;
  text.replace(text.find("%v4 = reshape{shape=[n,5,2,4]}(%v)"), 34, "%v4 = reshape{shape=[n,2,5,4]}(%v)");
  text.replace(text.find("%vt = transpose{permutation=[0,2,1,3]}(%v4)"), 43, "%vt = unary{fn=abs}(%v4)");
  const auto result = rewrite({recognise_attention(), cancel_movement()}, text);
  EXPECT_NE(result.ops().find("transpose"), std::string::npos);
  EXPECT_NE(result.ops().find("attention"), std::string::npos);
  expect_same_numbers(result);
}

}  // namespace
}  // namespace ingot::passes

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

TEST(RecogniseAttention, MasksThatChooseAreMasks) {
  const std::string product = "%m = matmul{trans_b=true}(%q, %k)\n ";
  const std::string seen =
      "%seen: bool[6,5] = const {true,true,false,false,false, true,true,false,false,false, "
      "true,true,true,false,false, true,true,true,true,false, true,true,true,true,true, "
      "false,false,false,false,true}\n ";
  for (const std::string& scores : {
           "%low: f32[] = const -inf\n %zero: f32[] = const 0\n %seen = binary{fn=greater}(%mask, %zero)\n" + product +
               "%s = where(%seen, %m, %low)",
           "%low: f32[] = const -3.4028235e38\n %zero: f32[] = const 0\n %hid = binary{fn=less}(%mask, %zero)\n" +
               product + "%s = where(%hid, %low, %m)",
           "%low: f32[] = const -1e4\n " + seen + product + "%s = where(%seen, %m, %low)",
           "%low: f32[] = const -3.4028235e38\n " + seen + product +
               "%w = where(%seen, %m, %low)\n %s = binary(%w, %mask)",
           "%low: f32[] = const -3.4028235e38\n " + seen + product +
               "%w = binary(%mask, %m)\n %s = where(%seen, %w, %low)",
       }) {
    const auto result = rewrite({recognise_attention(), fold_constants()}, written_out(scores));
    EXPECT_NE(result.ops().find("attention"), std::string::npos) << result.text();
    EXPECT_EQ(result.ops().find("softmax"), std::string::npos) << result.text();
    for (const int64_t size : {2, 5}) {
      const auto inputs = random_inputs(result.before, static_cast<uint64_t>(size), size);
      // A row that sees no key is NaN in both.
      const auto expected = ir::interpret(result.before, inputs), actual = ir::interpret(result.after, inputs);
      EXPECT_TRUE(compare(actual[0], expected[0], {0, 1e-30, 1e-5}).equal) << result.text();
    }
  }
}

TEST(RecogniseAttention, NumbersInPlaceOfScoresThatMayMatterAreNoMask) {
  const auto result = rewrite(recognise_attention(), written_out(R"(%low: f32[] = const -10000
    %zero: f32[] = const 0
    %seen = binary{fn=greater}(%mask, %zero)
    %m = matmul{trans_b=true}(%q, %k)
    %s = where(%seen, %m, %low))"));
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "a mask that puts a number in place of scores that may not be far below the others");
}

TEST(RecogniseAttention, AGuardAgainstRowsWithoutKeysIsPartOfIt) {
  const auto result = rewrite(recognise_attention(), written_out(R"(%low: f32[] = const -inf
    %zero: f32[] = const 0
    %seen = binary{fn=greater}(%mask, %mask)
    %m = matmul{trans_b=true}(%q, %k)
    %s = where(%seen, %m, %low))",
                                                                 R"(%nan = unary{fn=is_nan}(%p)
    %guarded = where(%nan, %zero, %p)
    %y = matmul(%guarded, %v))"));
  EXPECT_NE(result.ops().find("nan_is_zero=true"), std::string::npos) << result.text();
  expect_same_numbers(result);
}

TEST(RecogniseAttention, OneHeadWithoutAnAxisOfItsOwn) {
  const auto result =
      rewrite(recognise_attention(), R"(graph g(%q: f32[n,6,4], %k: f32[n,5,4], %v: f32[n,5,3], %mask: f32[n,6,5]) {
    %m = matmul{trans_b=true, alpha=0.5}(%q, %k)
    %s = binary(%m, %mask)
    %p = softmax(%s)
    %y = matmul(%p, %v)
    return %y
  })");
  EXPECT_NE(result.ops().find("attention"), std::string::npos) << result.text();
  expect_same_numbers(result);
}

TEST(RecogniseAttention, RepeatedHeadsAreReadWhereTheyLie) {
  for (const char* repeat : {"expand{shape=[n,2,3,5,4]}", "tile{repeats=[1,1,3,1,1]}"}) {
    const auto result = rewrite({recognise_attention(), cancel_movement()},
                                std::string(R"(graph g(%q: f32[n,6,7,4], %k: f32[n,2,5,4], %v: f32[n,2,5,4]) {
      %k5 = reshape{shape=[n,2,1,5,4]}(%k)
      %ke = )") + repeat + R"((%k5)
      %kr = reshape{shape=[n,6,5,4]}(%ke)
      %v5 = reshape{shape=[n,2,1,5,4]}(%v)
      %ve = )" + repeat + R"((%v5)
      %vr = reshape{shape=[n,6,5,4]}(%ve)
      %t = transpose{permutation=[0,1,3,2]}(%kr)
      %s = matmul(%q, %t)
      %p = softmax(%s)
      %y = matmul(%p, %vr)
      return %y
    })");
    EXPECT_EQ(result.ops(), "attention{scale=1}") << result.text();
    expect_same_numbers(result);
  }
}

TEST(RecogniseAttention, OneHeadOfKeysServesAllQueries) {
  const auto result = rewrite(recognise_attention(), R"(graph g(%q: f32[n,6,7,4], %k: f32[n,1,5,4], %v: f32[n,1,5,4]) {
    %s = matmul{trans_b=true}(%q, %k)
    %p = softmax(%s)
    %y = matmul(%p, %v)
    return %y
  })");
  EXPECT_EQ(result.ops(), "attention{scale=1}") << result.text();
  expect_same_numbers(result);
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

std::string in_windows(const std::string& pictures, const std::string& mask) {
  return "graph g(%q: f32[" + pictures + "*3,2,4,5], %k: f32[" + pictures + "*3,2,4,5], %v: f32[" + pictures +
         "*3,2,4,5], %m: f32[" + mask + ",3,1,4,4], %pictures: f32[" + pictures + R"(]) {
    %b: f32[1,2,4,4] = const random(1)
    %s = matmul{trans_b=true}(%q, %k)
    %a = binary(%s, %b)
    %r = reshape{shape=[)" +
         pictures + R"(,3,2,4,4]}(%a)
    %c = binary(%r, %m)
    %d = reshape{shape=[)" +
         pictures + R"(*3,2,4,4]}(%c)
    %p = softmax(%d)
    %y = matmul(%p, %v)
    return %y
  })";
}

TEST(RecogniseAttention, MasksOfWindowsAreMasks) {
  const auto many = rewrite({recognise_attention(), cancel_movement()}, in_windows("n", "1"));
  EXPECT_NE(many.ops().find("attention"), std::string::npos) << many.text();
  EXPECT_EQ(many.ops().find("softmax"), std::string::npos) << many.text();
  expect_same_numbers(many);
  const auto one = rewrite({recognise_attention(), cancel_movement()}, in_windows("1", "1"));
  EXPECT_NE(one.ops().find("attention"), std::string::npos) << one.text();
  EXPECT_EQ(one.ops().find("expand"), std::string::npos) << one.text();
  expect_same_numbers(one);
}

TEST(RecogniseAttention, MasksOfWindowsThatDifferFromPictureToPictureStay) {
  const auto result = rewrite(recognise_attention(), in_windows("2", "2"));
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "masks by windows that differ from picture to picture, or of unknown number");
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

// Operands that only repeat a narrower value are read narrow.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

TEST(Narrowed, AMaskThatSaysNothingWidensNoOther) {
  const auto result = rewrite({cancel_movement(), remove_dead()}, R"(graph g(%x: f32[n,2,3,4], %keys: bool[n,1,1,4]) {
    %all: bool[1,1,3,1] = const true
    %zero: f32[] = const 0
    %low: f32[] = const -1000
    %seen = binary{fn=and}(%all, %keys)
    %mask = where(%seen, %zero, %low)
    %y = binary(%x, %mask)
    return %y
  })");
  EXPECT_EQ(result.ops(), "where, binary") << result.text();
  EXPECT_NE(result.text().find("f32[n,1,1,4] = where(%keys"), std::string::npos) << result.text();
  expect_same_numbers(result);
}

TEST(Narrowed, AMaskOfAttentionKeepsItsKeys) {
  const auto text = [](const char* keys, const char* all) {
    return std::string("graph g(%q: f32[n,2,3,8], %k: f32[n,2,4,8], %v: f32[n,2,4,8], %keys: bool[") + keys +
           "]) {\n %all: bool[" + all + R"(] = const true
      %mask = binary{fn=and}(%all, %keys)
      %y = attention(%q, %k, %v, %mask)
      return %y
    })";
  };
  const auto narrow = rewrite({cancel_movement(), remove_dead()}, text("n,1,1,4", "1,1,3,1"));
  EXPECT_EQ(narrow.ops(), "attention") << narrow.text();
  const auto kept = rewrite({cancel_movement(), remove_dead()}, text("n,1,3,1", "1,1,1,4"));
  EXPECT_EQ(kept.ops(), "binary{fn=and}, attention") << kept.text();
  EXPECT_EQ(kept.refusals(), "attention would take the narrower mask for one of fewer keys");
}

TEST(Narrowed, AttentionReadsAMaskOfKeysAlone) {
  const auto result = rewrite({cancel_movement(), merge_equal(), recognise_attention(), remove_dead()},
                              R"(graph g(%q: f32[3,2,6,4], %k: f32[3,2,5,4], %v: f32[3,2,5,4], %keys: bool[3,1,1,5]) {
    %all: bool[1,1,6,1] = const true
    %zero: f32[] = const 0
    %low: f32[] = const -1000
    %seen = binary{fn=and}(%all, %keys)
    %mask = where(%seen, %zero, %low)
    %m = matmul{trans_b=true, alpha=0.5}(%q, %k)
    %s = binary(%m, %mask)
    %p = softmax(%s)
    %y = matmul(%p, %v)
    return %y
  })");
  EXPECT_EQ(result.ops(), "where, attention{scale=0.5}") << result.text();
  EXPECT_NE(result.text().find("f32[3,1,1,5] = where(%keys"), std::string::npos) << result.text();
  expect_same_numbers(result);
}

}  // namespace
}  // namespace ingot::passes

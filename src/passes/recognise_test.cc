// Activations and norms in the forms that exporters write.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

constexpr const char* kNumbers = R"(
    %half: f32[] = const 0.5
    %one: f32[] = const 1
    %three: f32[] = const 3
    %six: f32[] = const 6
    %zero: f32[] = const 0
    %sixth: f32[] = const 0.16666667
    %inverse_root2: f32[] = const 0.70710678
    %root2: f32[1] = const 1.4142135
    %cubic: f32[] = const 0.044715
    %root_2_over_pi: f32[] = const 0.7978846
    %quick: f32[] = const 1.702
)";

Rewritten activation(const std::string& lines, const char* outputs = "%y") {
  return rewrite(recognise_activations(),
                 std::string("graph g(%x: f32[n,3]) {") + kNumbers + lines + "\n return " + outputs + "\n}");
}

struct Written {
  const char* lines;
  const char* recognised;
};

TEST(RecogniseActivations, FindsEveryForm) {
  const Written all[] = {
      {R"(%s = binary{fn=div}(%x, %root2)
          %e = unary{fn=erf}(%s)
          %p = binary(%e, %one)
          %q = binary{fn=mul}(%x, %p)
          %y = binary{fn=mul}(%q, %half))",
       "unary{fn=gelu}"},
      {R"(%h = binary{fn=mul}(%x, %half)
          %s = binary{fn=mul}(%x, %inverse_root2)
          %e = unary{fn=erf}(%s)
          %p = binary(%one, %e)
          %y = binary{fn=mul}(%h, %p))",
       "unary{fn=gelu}"},
      {R"(%c = binary{fn=pow}(%x, %three)
          %d = binary{fn=mul}(%cubic, %c)
          %s = binary(%x, %d)
          %t = binary{fn=mul}(%s, %root_2_over_pi)
          %u = unary{fn=tanh}(%t)
          %v = binary(%u, %one)
          %h = binary{fn=mul}(%half, %x)
          %y = binary{fn=mul}(%h, %v))",
       "unary{fn=gelu_tanh}"},
      {"%s = unary{fn=sigmoid}(%x)\n %y = binary{fn=mul}(%x, %s)", "unary{fn=silu, alpha=1}"},
      {"%n = unary{fn=neg}(%x)\n %e = unary{fn=exp}(%n)\n %p = binary(%e, %one)\n %y = binary{fn=div}(%one, %p)",
       "unary{fn=sigmoid}"},
      {"%e = unary{fn=exp}(%x)\n %p = binary(%e, %one)\n %y = unary{fn=log}(%p)", "unary{fn=softplus}"},
      {"%s = unary{fn=softplus}(%x)\n %t = unary{fn=tanh}(%s)\n %y = binary{fn=mul}(%t, %x)", "unary{fn=mish}"},
      {R"(%a = binary(%x, %three)
          %b = binary{fn=max}(%a, %zero)
          %c = binary{fn=min}(%b, %six)
          %d = binary{fn=mul}(%x, %c)
          %y = binary{fn=div}(%d, %six))",
       "unary{fn=hard_swish}"},
      {R"(%a = binary(%three, %x)
          %b = unary{fn=relu}(%a)
          %c = binary{fn=min}(%b, %six)
          %y = binary{fn=mul}(%c, %sixth))",
       "unary{fn=hard_sigmoid, alpha=0.16666666666666666, beta=0.5}"},
      {R"(%a = binary(%three, %x)
          %b = unary{fn=relu}(%a)
          %c = binary{fn=min}(%b, %six)
          %d = binary{fn=mul}(%c, %sixth)
          %y = binary{fn=mul}(%d, %x))",
       "unary{fn=hard_swish}"},
  };
  for (const Written& each : all) {
    const auto result = activation(each.lines);
    EXPECT_EQ(result.ops(), each.recognised) << each.lines;
    expect_same_numbers(result);
  }
}

TEST(RecogniseActivations, TakesTheFactorOfSwish) {
  const auto result =
      activation("%a = binary{fn=mul}(%quick, %x)\n %s = unary{fn=sigmoid}(%a)\n %y = binary{fn=mul}(%x, %s)");
  ASSERT_EQ(result.after.live_node_count(), 1u);
  expect_same_numbers(result);
}

TEST(RecogniseActivations, RefusesWhenAnInnerValueIsNeeded) {
  const auto result = activation("%s = unary{fn=sigmoid}(%x)\n %y = binary{fn=mul}(%x, %s)", "%y, %s");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "an inner value is used elsewhere");
}

TEST(RecogniseActivations, OtherConstantsAreNoMatch) {
  const auto result = activation(R"(%a = binary(%x, %six)
          %b = unary{fn=relu}(%a)
          %c = binary{fn=min}(%b, %six)
          %y = binary{fn=mul}(%c, %sixth))");
  EXPECT_EQ(result.patches(), 0);
}

TEST(RecogniseActivations, RefusesAConstantThatBroadcasts) {
  const auto result = rewrite(recognise_activations(), R"(graph g(%x: f32[3]) {
    %c: f32[2,1] = const 1.702
    %a = binary{fn=mul}(%x, %c)
    %s = unary{fn=sigmoid}(%a)
    %y = binary{fn=mul}(%x, %s)
    return %y
  })");
  EXPECT_EQ(result.refusals(), "a constant broadcasts the operand");
}

constexpr const char* kLayerNorm = R"(graph g(%x: f32[n,4,6]) {
    %epsilon: f32[1] = const 1e-05
    %two: f32[] = const 2
    %scale: f32[6] = const random(1)
    %bias: f32[6] = const random(2)
    %m = reduce{fn=mean, axes=[AXIS]}(%x)
    %d = binary{fn=sub}(%x, %m)
    %q = binary{fn=pow}(%d, %two)
    %v = reduce{fn=mean, axes=[AXIS]}(%q)
    %e = binary(%epsilon, %v)
    %r = unary{fn=sqrt}(%e)
    %z = binary{fn=div}(%d, %r)
    %s = binary{fn=mul}(%z, %scale)
    %y = binary(%bias, %s)
    return %y
  })";
std::string layer_norm(const char* axis) {
  std::string text = kLayerNorm;
  for (size_t at = text.find("AXIS"); at != std::string::npos; at = text.find("AXIS")) text.replace(at, 4, axis);
  return text;
}

TEST(RecogniseNorms, LayerNormWithScaleAndBiasIsOneOperator) {
  const auto result = rewrite(recognise_norms(), layer_norm("-1"));
  EXPECT_EQ(result.ops().substr(0, 11), "layer_norm{") << result.ops();
  EXPECT_EQ(result.after.live_node_count(), 1u);
  expect_same_numbers(result);
}

TEST(RecogniseNorms, OnlyTheLastAxesNormalise) {
  const auto result = rewrite(recognise_norms(), layer_norm("1"));
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "the axes are not the last ones");
}

TEST(RecogniseNorms, RmsNorm) {
  const auto result = rewrite(recognise_norms(), R"(graph g(%x: f32[n,6]) {
    %epsilon: f32[] = const 1e-06
    %one: f32[] = const 1
    %scale: f32[6] = const random(1)
    %q = binary{fn=mul}(%x, %x)
    %v = reduce{fn=mean, axes=[-1]}(%q)
    %e = binary(%v, %epsilon)
    %r = unary{fn=sqrt}(%e)
    %i = binary{fn=div}(%one, %r)
    %z = binary{fn=mul}(%i, %x)
    %y = binary{fn=mul}(%scale, %z)
    return %y
  })");
  EXPECT_EQ(result.after.live_node_count(), 1u);
  EXPECT_NE(result.ops().find("rms=true"), std::string::npos) << result.ops();
  expect_same_numbers(result);
}

TEST(RecogniseNorms, AnOperandOfOtherAxesStaysOutside) {
  const auto result = rewrite(recognise_norms(), R"(graph g(%x: f32[n,6], %s: f32[n,6]) {
    %z = layer_norm(%x)
    %y = binary{fn=mul}(%z, %s)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "the operand varies along other axes");
}

TEST(RecogniseNorms, SoftmaxAndItsLogarithm) {
  constexpr const char* kText = R"(graph g(%x: f32[n,6]) {
    %m = reduce{fn=max, axes=[1]}(%x)
    %d = binary{fn=sub}(%x, %m)
    %e = unary{fn=exp}(%d)
    %s = reduce{axes=[1]}(%e)
    %p = binary{fn=div}(%e, %s)
    %y = unary{fn=log}(%p)
    return %y
  })";
  const auto result = rewrite(recognise_norms(), kText);
  EXPECT_EQ(result.ops(), "softmax{axis=1, log=true}");
  expect_same_numbers(result);
  std::string both = kText;
  both.replace(both.find("return %y"), 9, "return %y, %p");
  const auto needed = rewrite(recognise_norms(), both);
  EXPECT_EQ(needed.ops(), "softmax{axis=1}, unary{fn=log}");
  EXPECT_EQ(needed.refusals(), "the softmax is used elsewhere");
  expect_same_numbers(needed);
}

}  // namespace
}  // namespace ingot::passes

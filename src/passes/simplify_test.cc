// The passes that hold for every target: they fire, near misses are refused with a reason, numbers stay.
#include "passes/pass_testing.h"
#include "passes/passes.h"
#include "passes/pipeline.h"

namespace ingot::passes {
namespace {

TEST(FoldConstants, EvaluatesWhatIsKnown) {
  const auto result = rewrite(fold_constants(), R"(graph g(%x: f32[n]) {
    %a: f32[2] = const {1, 2}
    %b = unary{fn=neg}(%a)
    %c = binary{fn=mul}(%b, %a)
    %s: f32[1] = const 2
    %y = binary(%x, %s)
    return %y, %c
  })");
  EXPECT_EQ(result.ops(), "binary");
  EXPECT_NE(result.text().find("f32[2] = const {-1, -4}"), std::string::npos) << result.text();
  expect_same_numbers(result);
}

TEST(FoldConstants, LeavesWhatOnlyRepeats) {
  const auto result = rewrite(fold_constants(), R"(graph g() {
    %a: f32[1] = const 1
    %y = expand{shape=[1000,1000]}(%a)
    return %y
  })");
  EXPECT_EQ(result.ops(), "expand{shape=[1000,1000]}");
  EXPECT_EQ(result.refusals(), "the result only repeats its operands");
}

TEST(FoldConstants, GathersFromTablesOfSomeSize) {
  const auto gathered = [](const std::string& sizes) {
    return rewrite(fold_constants(), "graph g() {\n%t: f32[100,4] = const random(1)\n%i: i32[" + sizes +
                                         "] = const 7\n%y = gather(%t, %i)\nreturn %y\n}");
  };
  EXPECT_EQ(gathered("80,80").ops(), "");
  EXPECT_EQ(gathered("800,80").ops(), "");
  EXPECT_EQ(gathered("800,800").refusals(), "the result only repeats its operands");
}

TEST(FoldConstants, StopsAtTheBudget) {
  auto options = strict_options();
  options.fold_bytes = 100;
  const auto result = rewrite(fold_constants(), R"(graph g() {
    %a: f32[1000] = const random(1)
    %y = unary{fn=neg}(%a)
    return %y
  })",
                              options);
  EXPECT_EQ(result.refusals(), "the result is too large");
}

TEST(InlineIf, TakesTheKnownBranch) {
  constexpr const char* kText = R"(graph main(%x: f32[n], %d: bool[]) {
    body 0 then(%a: f32[n]) {
      %r: f32[n] = unary{fn=neg}(%a)
      return %r
    }
    body 1 else(%a: f32[n]) {
      return %a
    }
    %c: bool[] = const true
    %p: f32[n] = if{else_body=1}(%CONDITION, %x)
    %y = unary{fn=exp}(%p)
    return %y
  })";
  const auto with = [&](const char* condition) {
    std::string text = kText;
    return text.replace(text.find("CONDITION"), 9, condition);
  };
  const auto known = rewrite(inline_if(), with("c"));
  EXPECT_EQ(known.ops(), "unary{fn=neg}, unary{fn=exp}");
  expect_same_numbers(known);
  const auto unknown = rewrite(inline_if(), with("d"));
  EXPECT_EQ(unknown.patches(), 0);
  EXPECT_EQ(unknown.refusals(), "the condition is known only when it runs");
}

TEST(MergeCommon, ComputesEqualThingsOnce) {
  const auto result = rewrite(merge_equal(), R"(graph g(%x: f32[n]) {
    %c: f32[] = const 2
    %d: f32[] = const 2
    %a = binary{fn=mul}(%x, %c)  # first
    %b = binary{fn=mul}(%x, %d)  # second
    %y = binary{fn=sub}(%a, %b)
    return %y
  })");
  EXPECT_EQ(result.ops(), "binary{fn=mul}, binary{fn=sub}");
  EXPECT_NE(ir::print_graph(result.after).find("# first, second"), std::string::npos);
  expect_same_numbers(result);
}

TEST(MergeCommon, TellsDifferentFieldsApart) {
  const auto result = rewrite(merge_equal(), R"(graph g(%x: f32[n,m]) {
    %a = softmax{axis=0}(%x)
    %b = softmax{axis=1}(%x)
    %y = binary(%a, %b)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
}

TEST(CancelCasts, DropsCastsThatLoseNothing) {
  const auto result = rewrite(cancel_casts(), R"(graph g(%x: i32[n], %h: f16[n]) {
    %a = cast{to=i64}(%x)
    %b = cast{to=i32}(%a)
    %c = cast{to=f32}(%h)
    %d = cast{to=f16}(%c)
    return %b, %d
  })");
  EXPECT_EQ(result.ops(), "");
  expect_same_numbers(result);
}

TEST(CancelCasts, KeepsCastsThatLoseValues) {
  const auto result = rewrite(cancel_casts(), R"(graph g(%x: f32[n]) {
    %a = cast{to=f16}(%x)
    %b = cast{to=f32}(%a)
    return %b
  })");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "the inner cast loses values");
}

TEST(CancelMovement, ChainsCollapse) {
  const auto result = rewrite(cancel_movement(), R"(graph g(%x: f32[n,3,4]) {
    %a = transpose{permutation=[0,2,1]}(%x)
    %b = transpose{permutation=[2,0,1]}(%a)
    %c = reshape{shape=[12,n]}(%b)
    %d = reshape{shape=[3,4,n]}(%c)
    %e = transpose{permutation=[2,0,1]}(%x)
    %f = transpose{permutation=[1,2,0]}(%e)
    return %d, %f
  })");
  EXPECT_EQ(result.ops(), "transpose{permutation=[1,0,2]}, reshape{shape=[3,4,n]}");
  expect_same_numbers(result);
}

TEST(CancelMovement, MovingAxesOfSizeOneIsAReshape) {
  const auto result = rewrite(cancel_movement(), R"(graph g(%x: f32[n,1,4]) {
    %y = transpose{permutation=[1,0,2]}(%x)
    return %y
  })");
  EXPECT_EQ(result.ops(), "reshape{shape=[1,n,4], allow_zero=true}");
  expect_same_numbers(result);
}

TEST(CancelMovement, WhatMovesNothingGoes) {
  const auto result = rewrite(cancel_movement(), R"(graph g(%x: f32[n,4], %r: f32[4]) {
    %a = reshape{shape=[n,4]}(%x)
    %b = expand{shape=[1,4]}(%a)
    %c = slice{starts=[0], ends=[9223372036854775807], axes=[1], steps=[1]}(%b)
    %d = concat{axis=0}(%c)
    %e = expand{shape=[n,4]}(%r)
    %y = binary(%d, %e)
    return %y
  })");
  EXPECT_EQ(result.ops(), "binary");
  expect_same_numbers(result);
}

TEST(CancelMovement, ReversalStays) {
  const auto result = rewrite(cancel_movement(), R"(graph g(%x: f32[4]) {
    %y = slice{starts=[-1], ends=[-9223372036854775807], axes=[0], steps=[-1]}(%x)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "it reverses an axis");
}

TEST(CancelMovement, ConcatenationsJoin) {
  const auto result = rewrite(cancel_movement(), R"(graph g(%x: f32[n,2], %z: f32[n,3], %e: f32[n,0]) {
    %a = concat{axis=1}(%x, %z)
    %b = concat{axis=1}(%a, %e, %x)
    %k = concat{axis=1}(%x, %x)
    %y = concat{axis=1}(%k, %k)
    return %b, %y, %k
  })");
  EXPECT_EQ(result.ops(), "concat{axis=1}, concat{axis=1}, concat{axis=1}");
  expect_same_numbers(result);
}

TEST(SimplifyArithmetic, NeutralOperandsGo) {
  const auto result = rewrite(simplify_arithmetic(), R"(graph g(%x: f32[n,4]) {
    %zero: f32[4] = const 0
    %one: f32[] = const 1
    %a = binary(%zero, %x)
    %b = binary{fn=mul}(%a, %one)
    %c = binary{fn=div}(%b, %one)
    %d = binary{fn=pow}(%c, %one)
    %y = unary{fn=exp}(%d)
    return %y
  })");
  EXPECT_EQ(result.ops(), "unary{fn=exp}");
  expect_same_numbers(result);
}

TEST(SimplifyArithmetic, AnOperandThatBroadcastsStays) {
  const auto result = rewrite(simplify_arithmetic(), R"(graph g(%x: f32[1,4]) {
    %zero: f32[3,1] = const 0
    %y = binary(%x, %zero)
    return %y
  })");
  EXPECT_EQ(result.ops(), "binary");
  EXPECT_EQ(result.refusals(), "the operator changes the shape");
}

TEST(SimplifyArithmetic, ConstantsMeet) {
  const auto result = rewrite({simplify_arithmetic(), fold_constants()}, R"(graph g(%x: f32[n,2]) {
    %c: f32[] = const 4
    %d: f32[2] = const {3, 5}
    %a = binary{fn=div}(%x, %c)
    %b = binary{fn=mul}(%d, %a)
    %s = binary{fn=sub}(%b, %d)
    %t = binary(%s, %c)
    return %t
  })");
  EXPECT_EQ(result.ops(), "binary{fn=mul}, binary");
  expect_same_numbers(result);
}

TEST(SimplifyArithmetic, DivisionByZeroStaysADivision) {
  const auto result = rewrite(simplify_arithmetic(), R"(graph g(%x: f32[n]) {
    %c: f32[] = const 0
    %y = binary{fn=div}(%x, %c)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "a reciprocal is no normal number");
}

// log(8) / log(16) * 8 is 6; with a reciprocal it is a little less, and an integer less.
TEST(SimplifyArithmetic, QuotientsThatAreRoundedLaterAreLeft) {
  const auto result = rewrite(simplify_arithmetic(), R"(graph g(%x: f32[n]) {
    %c: f32[] = const 2.7725887
    %e: f32[] = const 8
    %q = binary{fn=div}(%x, %c)
    %m = binary{fn=mul}(%q, %e)
    %y = cast{to=i64}(%m)
    %r = binary{fn=div}(%x, %e)
    %z = unary{fn=floor}(%r)
    return %y, %z
  })");
  EXPECT_EQ(result.ops(), "binary{fn=div}, binary{fn=mul}, cast{to=i64}, binary{fn=mul}, unary{fn=floor}");
  EXPECT_EQ(result.refusals(), "the quotient is rounded later");
  expect_same_numbers(result, 0);
}

TEST(SimplifyArithmetic, IntegersKeepTheirDivision) {
  const auto result = rewrite(simplify_arithmetic(), R"(graph g(%x: i64[n]) {
    %c: i64[] = const 3
    %y = binary{fn=div}(%x, %c)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
}

TEST(SimplifyArithmetic, SmallPowersMultiply) {
  const auto result = rewrite(simplify_arithmetic(), R"(graph g(%x: f32[n]) {
    %two: f32[] = const 2
    %three: f32[1] = const 3
    %a = binary{fn=pow}(%x, %two)
    %b = binary{fn=pow}(%x, %three)
    %y = binary(%a, %b)
    return %y
  })");
  EXPECT_EQ(result.ops(), "binary{fn=mul}, binary{fn=mul}, binary{fn=mul}, binary");
  expect_same_numbers(result);
}

TEST(SimplifyArithmetic, RepetitionsGo) {
  const auto result = rewrite(simplify_arithmetic(), R"(graph g(%x: f32[n]) {
    %zero: f32[] = const 0
    %a = binary{fn=max}(%zero, %x)
    %b = unary{fn=relu}(%a)
    %c = unary{fn=neg}(%b)
    %d = unary{fn=neg}(%c)
    return %d
  })");
  EXPECT_EQ(result.ops(), "unary{fn=relu}");
  expect_same_numbers(result);
}

TEST(FoldShapes, ExportersChainsVanish) {
  const auto result =
      rewrite({fold_shapes(), fold_constants(), remove_dead(), cancel_movement()}, R"(graph g(%x: f32[n,c,h,w]) {
    %shape = shape_of(%x)
    %i0: i64[] = const 0
    %i1: i64[] = const 1
    %one: i64[1] = const 1
    %n = gather(%shape, %i0)
    %c = gather(%shape, %i1)
    %n1 = reshape{shape=[1]}(%n)
    %c1 = reshape{shape=[1]}(%c)
    %minus: i64[1] = const -1
    %target = concat(%n1, %c1, %minus)
    %y = reshape(%x, %target)
    return %y
  })");
  EXPECT_EQ(result.ops(), "reshape{shape=[n,c,h*w], allow_zero=true}");
  expect_same_numbers(result);
}

TEST(FoldShapes, ComputedValuesBecomeSizes) {
  const auto result = rewrite({fold_shapes(), fold_constants(), remove_dead()}, R"(graph g(%x: f32[n,4]) {
    %shape = shape_of(%x)
    %two: i64[] = const 2
    %y = binary{fn=mul}(%shape, %two)
    return %y
  })");
  EXPECT_EQ(result.ops(), "sizes{elements=[2*n,8]}");
  expect_same_numbers(result);
}

TEST(FoldShapes, ShapesFromDataStay) {
  const auto result = rewrite(fold_shapes(), R"(graph g(%x: f32[n], %shape: i64[2]) {
    %y = reshape(%x, %shape)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "the shape is known only when it runs");
}

TEST(FoldShapes, SlicesTakeTheirBounds) {
  const auto result = rewrite({fold_shapes(), fold_constants(), remove_dead()}, R"(graph g(%x: f32[n,6], %y: f32[m,6]) {
    %start: i64[1] = const 1
    %shape = shape_of{end=1}(%y)
    %axis: i64[1] = const 0
    %z = slice(%x, %start, %shape, %axis)
    return %z
  })");
  EXPECT_EQ(result.ops(), "slice{starts=[1], ends=[m], axes=[0]}");
  expect_same_numbers(result);
}

constexpr const char* kConvNorm = R"(graph g(%x: f32[n,4,h,w]) {
  %w: f32[6,2,3,3] = const random(1)
  %scale: f32[6,1,1] = const random(2)
  %shift: f32[1,6,1,1] = const random(3)
  %before: f32[4,1,1] = const random(4)
  %p = binary{fn=mul}(%x, %before)
  %a = conv{group=2, pads=[1,1,1,1]}(%p, %w)
  %b = binary{fn=mul}(%a, %scale)
  %y = binary(%b, %shift)
  return %y OUTPUTS
})";
std::string conv_norm(const char* outputs) {
  std::string text = kConvNorm;
  return text.replace(text.find("OUTPUTS"), 7, outputs);
}

TEST(FoldAffine, BatchNormalisationGoesIntoTheConvolution) {
  const auto result = rewrite(fold_affine(), conv_norm(""));
  EXPECT_EQ(result.ops(), "conv{group=2, pads=[1,1,1,1]}");
  expect_same_numbers(result);
}

TEST(FoldAffine, AConvolutionReadTwiceStays) {
  const auto result = rewrite(fold_affine(), conv_norm(", %a"));
  EXPECT_EQ(result.ops(), "conv{group=2, pads=[1,1,1,1]}, binary{fn=mul}, binary");
  EXPECT_EQ(result.refusals(), "the convolution's result is used elsewhere");
  expect_same_numbers(result);
}

TEST(FoldAffine, OnlyNumbersPerChannelFold) {
  const auto result = rewrite(fold_affine(), R"(graph g(%x: f32[n,2,4,4]) {
    %w: f32[3,2,1,1] = const random(1)
    %c: f32[4] = const random(2)
    %a = conv(%x, %w)
    %y = binary(%a, %c)
    return %y
  })");
  EXPECT_EQ(result.refusals(), "the constant is not one number per channel");
}

TEST(FoldAffine, AConvolutionWithoutFiltersStays) {
  const auto result = rewrite(fold_affine(), R"(graph g(%x: f32[n,2,4,4]) {
    %w: f32[0,2,1,1] = const random(1)
    %before: f32[2,1,1] = const random(2)
    %p = binary{fn=mul}(%x, %before)
    %y = conv(%p, %w)
    return %y
  })");
  EXPECT_EQ(result.refusals(), "the filters have no elements");
  expect_same_numbers(result);
}

TEST(FoldAffine, MatrixProductsTakeScaleAndBias) {
  const auto result = rewrite({fold_affine(), fold_constants()}, R"(graph g(%x: f32[n,s,4], %k: f32[n,s,4]) {
    %w: f32[4,5] = const random(1)
    %scale: f32[5] = const random(2)
    %bias: f32[1,1,5] = const random(3)
    %eighth: f32[] = const 0.125
    %p = binary{fn=mul}(%x, %eighth)
    %a = matmul(%p, %w)
    %b = binary{fn=mul}(%a, %scale)
    %c = binary(%bias, %b)
    %d = binary{fn=mul}(%k, %eighth)
    %e = matmul{trans_b=true}(%x, %d)
    return %c, %e
  })");
  EXPECT_EQ(result.ops(), "matmul, matmul{trans_b=true, alpha=0.125}");
  expect_same_numbers(result);
}

TEST(FoldAffine, ProductsOfComputedMatricesTakeOneNumberOnly) {
  const auto result = rewrite(fold_affine(), R"(graph g(%x: f32[n,4], %z: f32[4,2]) {
    %scale: f32[2] = const {1, 2}
    %a = matmul(%x, %z)
    %b = binary{fn=mul}(%a, %scale)
    return %b
  })");
  EXPECT_EQ(result.refusals(), "neither matrix is constant");
}

TEST(RemoveDead, KeepsOnlyWhatOutputsNeed) {
  const auto result = rewrite(remove_dead(), R"(graph g(%x: f32[n]) {
    %a = unary{fn=exp}(%x)
    %b = unary{fn=neg}(%a)
    %y = unary{fn=abs}(%x)
    return %y
  })");
  EXPECT_EQ(result.ops(), "unary");
  EXPECT_EQ(result.patches(), 1);
}

}  // namespace
}  // namespace ingot::passes

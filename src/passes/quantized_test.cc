// Quantised models computed in f32.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

Rewritten widened(std::string_view text) {
  return rewrite({expand_quantization(), widen_integer_products(), fold_constants(), cancel_casts(), merge_equal()},
                 text);
}

TEST(WidenIntegerProducts, DynamicallyQuantisedProductsMeetNoIntegers) {
  const auto result = widened(R"(graph g(%x: f32[n,40]) {
    %w: i8[40,12] = const random(1)
    %wz: i8[] = const 3
    %ws: f32[] = const 0.02
    %b: f32[12] = const random(2)
    %q, %s, %z = dynamic_quantize_linear(%x)
    %i = matmul_integer(%q, %w, %z, %wz)
    %f = cast{to=f32}(%i)
    %ss = binary{fn=mul}(%s, %ws)
    %m = binary{fn=mul}(%f, %ss)
    %y = binary(%m, %b)
    return %y
  })");
  EXPECT_TRUE(mentions(result, "matmul,")) << result.text();
  EXPECT_FALSE(mentions(result, "cast") || mentions(result, "integer") || mentions(result, "quantize"));
  expect_same_numbers(result);
}

TEST(WidenIntegerProducts, SumsStayIntegersWhereTheyAreExact) {
  const auto result = widened(R"(graph g(%x: u8[n,40], %z: u8[]) {
    %w: i8[40,12] = const random(1)
    %y = matmul_integer(%x, %w, %z)
    return %y
  })");
  EXPECT_TRUE(mentions(result, "matmul, cast{to=i32}")) << result.text();
  expect_same_numbers(result, 0);
}

TEST(WidenIntegerProducts, LongSumsThatAreNeededAsIntegersAreLeft) {
  const auto result = widened(R"(graph g(%x: u8[n,4000]) {
    %w: i8[4000,2] = const random(1)
    %y = matmul_integer(%x, %w)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "the sums are needed as integers, and f32 may not hold them exactly");
}

TEST(WidenIntegerProducts, ConvolutionsTakeTheirIntegerBiasAlong) {
  const auto result = widened(R"(graph g(%x: u8[n,12,6,7]) {
    %w: i8[4,12,3,3] = const random(1)
    %xz: u8[] = const 7
    %b: i32[1,4,1,1] = const {100, -2000, 3, 4}
    %s: f32[] = const 0.01
    %i = conv_integer{pads=[1,1,1,1]}(%x, %w, %xz)
    %a = binary(%i, %b)
    %f = cast{to=f32}(%a)
    %y = binary{fn=mul}(%f, %s)
    return %y
  })");
  EXPECT_TRUE(mentions(result, "conv{pads=[1,1,1,1]}")) << result.text();
  EXPECT_FALSE(mentions(result, "integer"));
  expect_same_numbers(result);
}

TEST(WidenIntegerProducts, QuantisedConvolutionsKeepTheirRounding) {
  const auto result = widened(R"(graph g(%x: f32[n,6,5,5]) {
    %s: f32[] = const 0.05
    %z: u8[] = const 128
    %w: i8[4,6,3,3] = const random(1)
    %ws: f32[4] = const {0.01, 0.02, 0.03, 0.04}
    %wz: i8[4] = const 0
    %b: i32[4] = const {10, -20, 30, 40}
    %ys: f32[] = const 0.5
    %yz: u8[] = const 100
    %v: i8[4,4,1,1] = const random(4)
    %q = quantize_linear{to=u8}(%x, %s, %z)
    %c = qlinear_conv{pads=[1,1,1,1]}(%q, %s, %z, %w, %ws, %wz, %ys, %yz, %b)
    %d = qlinear_conv{pads=[0,0,0,0]}(%c, %ys, %yz, %v, %ws, %wz, %ys, %yz)
    %y = dequantize_linear(%d, %ys, %yz)
    return %y
  })");
  EXPECT_FALSE(mentions(result, "cast") || mentions(result, "qlinear")) << result.text();
  expect_same_numbers(result);
}

TEST(WidenIntegerProducts, QuantisedMatricesMayHaveScalesOfRowsAndColumns) {
  const auto result = widened(R"(graph g(%a: i8[2,3,8], %b: i8[8,5]) {
    %as: f32[3] = const {0.1, 0.2, 0.3}
    %az: i8[3] = const {1, -2, 3}
    %bs: f32[5] = const {0.1, 0.2, 0.3, 0.4, 0.5}
    %bz: i8[5] = const {1, 2, 3, -4, 5}
    %ys: f32[] = const 40
    %yz: i8[] = const -5
    %y = qlinear_matmul(%a, %as, %az, %b, %bs, %bz, %ys, %yz)
    return %y
  })");
  EXPECT_FALSE(mentions(result, "qlinear")) << result.text();
  expect_same_numbers(result, 0);
}

TEST(WidenIntegerProducts, WeightsOfFewBitsBecomeFloats) {
  const auto result = widened(R"(graph g(%x: f32[n,40]) {
    %w: u8[6,2,16] = const random(1)
    %s: f32[12] = const random(2)
    %z: u8[6] = const random(3)
    %y = matmul_nbits{k=40, n=6, bits=4, block=32}(%x, %w, %s, %z)
    return %y
  })");
  EXPECT_EQ(result.ops(), "matmul{trans_b=true}");
  expect_same_numbers(result);
}

TEST(ExpandQuantization, FloatsThatAreOnlyRoundedMeetNoIntegers) {
  const auto result = widened(R"(graph g(%x: f32[n,3]) {
    %s: f32[3] = const {0.1, 0.2, 0.05}
    %z: i8[3] = const {0, 4, -7}
    %q = quantize_linear{to=i8}(%x, %s, %z)
    %y = dequantize_linear(%q, %s, %z)
    return %y
  })");
  EXPECT_FALSE(mentions(result, "cast") || mentions(result, "quantize")) << result.text();
  expect_same_numbers(result);
}

TEST(ExpandQuantization, NanAndInfinityAreQuantisedAsTheOperatorSays) {
  for (const char* type : {"u8", "i8"}) {
    const auto result = widened(fmt::format(R"(graph g(%x: f32[n,3]) {{
      %s: f32[] = const 0.5
      %z: {0}[] = const 7
      %huge: f32[3] = const {{inf, -inf, 1}}
      %none: f32[3] = const {{0, 0, 1}}
      %i = binary{{fn=mul}}(%x, %huge)
      %m = binary{{fn=mul}}(%i, %none)
      %a = quantize_linear{{to={0}}}(%i, %s, %z)
      %b = quantize_linear{{to={0}}}(%m, %s, %z)
      %y = dequantize_linear(%a, %s, %z)
      %w = dequantize_linear(%b, %s, %z)
      return %y, %w
    }})",
                                            type));
    EXPECT_FALSE(mentions(result, "cast") || mentions(result, "quantize")) << result.text();
    expect_same_numbers(result);
  }
}

TEST(ExpandQuantization, MaximaOfRoundedNumbersAreTakenAsFloats) {
  const auto result = widened(R"(graph g(%x: f32[n,2,6,6]) {
    %s: f32[] = const 0.1
    %z: u8[] = const 100
    %q = quantize_linear{to=u8}(%x, %s, %z)
    %m = pool{kernel=[2,2], strides=[2,2]}(%q)
    %t = transpose{permutation=[0,2,3,1]}(%m)
    %y = dequantize_linear(%t, %s, %z)
    return %y
  })");
  EXPECT_FALSE(mentions(result, "cast")) << result.text();
  expect_same_numbers(result);
}

TEST(ExpandQuantization, CastsThatMayCutStay) {
  const auto result = widened(R"(graph g(%x: f32[n,3]) {
    %q = cast{to=u8}(%x)
    %y = cast{to=f32}(%q)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
}

TEST(ExpandQuantization, TablesStaySmallWhereOnlyRowsAreTaken) {
  const auto result = widened(R"(graph g(%i: i64[n]) {
    %t: u8[100,8] = const random(1)
    %s: f32[] = const 0.1
    %z: u8[] = const 120
    %w = dequantize_linear(%t, %s, %z)
    %y = gather(%w, %i)
    return %y
  })");
  EXPECT_TRUE(mentions(result, "gather, cast, binary{fn=sub}")) << result.text();
}

TEST(ExpandQuantization, WeightsInBlocksAreTakenBackOnce) {
  const auto result = widened(R"(graph g(%x: f32[n,4]) {
    %w: i8[4,6] = const random(1)
    %s: f32[2,6] = const random(2)
    %d = dequantize_linear{axis=0, block=2}(%w, %s)
    %y = matmul(%x, %d)
    return %y
  })");
  EXPECT_EQ(result.ops(), "matmul");
  expect_same_numbers(result);
}

}  // namespace
}  // namespace ingot::passes

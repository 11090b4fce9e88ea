// Quantised models computed in integers, where kernels multiply them.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

Rewritten in_integers(std::string_view text, std::vector<Pass> then = {}) {
  PassOptions options = strict_options();
  options.target.integer_products = true;
  std::vector<Pass> passes = {integer_products(), expand_quantization(), widen_integer_products(),
                              fold_constants(),   cancel_casts(),        merge_equal()};
  std::move(then.begin(), then.end(), std::back_inserter(passes));
  return rewrite(std::move(passes), text, options);
}

// With epilogues, and what is left in groups.
Rewritten fused(std::string_view text) { return in_integers(text, {fuse_epilogue()}); }

size_t nodes(const Rewritten& result) { return result.after.order().size(); }

constexpr const char* kDynamic = R"(graph g(%x: f32[n,40]) {
  %w: i8[40,12] = const random(1)
  %wz: i8[] = const 0
  %ws: f32[] = const 0.02
  %b: f32[12] = const random(2)
  %q, %s, %z = dynamic_quantize_linear(%x)
  %i = matmul_integer(%q, %w, %z, %wz)
  %f = cast{to=f32}(%i)
  %ss = binary{fn=mul}(%s, %ws)
  %m = binary{fn=mul}(%f, %ss)
  %a = binary(%m, %b)
  %y = unary{fn=gelu}(%a)
  return %y
})";

TEST(IntegerProducts, DynamicallyQuantisedProductsAreOneStepWithWhatFollows) {
  const auto result = fused(kDynamic);
  EXPECT_TRUE(mentions(result, "matmul_integer{epilogue=")) << result.text();
  EXPECT_FALSE(mentions(result, "gelu}, ")) << result.text();
  expect_same_numbers(result);
}

TEST(IntegerProducts, WithoutKernelsNothingChanges) {
  const auto result = rewrite(integer_products(), kDynamic);
  EXPECT_EQ(result.patches(), 0);
}

TEST(IntegerProducts, WeightsRoundTheMiddleAreMovedToZero) {
  const auto result = in_integers(R"(graph g(%x: u8[n,8], %z: u8[]) {
    %w: u8[8,4] = const random(1)
    %wz: u8[4] = const 128
    %y = matmul_integer(%x, %w, %z, %wz)
    return %y
  })");
  EXPECT_EQ(result.ops(), "matmul_integer");
  EXPECT_TRUE(result.text().find("i8[8,4]") != std::string::npos) << result.text();
  expect_same_numbers(result, 0);
}

TEST(IntegerProducts, WeightsWithOtherZeroPointsAreFloats) {
  const auto result = in_integers(R"(graph g(%x: u8[n,8], %z: u8[]) {
    %w: i8[8,4] = const random(1)
    %wz: i8[] = const 3
    %y = matmul_integer(%x, %w, %z, %wz)
    return %y
  })");
  EXPECT_EQ(result.refusals(), "the weights have zero points other than the middle");
  EXPECT_TRUE(mentions(result, "matmul, cast{to=i32}")) << result.text();
  expect_same_numbers(result, 0);
}

// A rounding of the quantised result may fall to the other side of a half: one step of its scale.
TEST(IntegerProducts, QuantisedConvolutionsTakeAndGiveBytes) {
  const auto result = fused(R"(graph g(%x: u8[n,6,5,5], %r: u8[n,4,5,5]) {
    %s: f32[] = const 0.05
    %z: u8[] = const 128
    %w: i8[4,6,3,3] = const random(1)
    %ws: f32[4] = const {0.01, 0.02, 0.03, 0.04}
    %wz: i8[4] = const 0
    %b: i32[4] = const {10, -20, 30, 40}
    %bs: f32[4] = const {0.0005, 0.001, 0.0015, 0.002}
    %ys: f32[] = const 0.5
    %yz: u8[] = const 100
    %f = dequantize_linear(%x, %s, %z)
    %v = dequantize_linear{axis=0}(%w, %ws, %wz)
    %c = dequantize_linear{axis=0}(%b, %bs)
    %p = conv{pads=[1,1,1,1]}(%f, %v, %c)
    %o = dequantize_linear(%r, %ys, %yz)
    %a = binary(%p, %o)
    %q = quantize_linear{to=u8}(%a, %ys, %yz)
    return %q
  })");
  EXPECT_EQ(nodes(result), 1u) << result.text();
  EXPECT_TRUE(mentions(result, "conv_integer{pads=[1,1,1,1], epilogue=")) << result.text();
  expect_same_numbers(result, 1.0 / 128);
}

TEST(IntegerProducts, QuantisedOperatorsAreProductsOfIntegers) {
  const auto result = fused(R"(graph g(%q: u8[n,6,5,5], %a: i8[n,8]) {
    %s: f32[] = const 0.05
    %z: u8[] = const 128
    %w: i8[4,6,3,3] = const random(1)
    %ws: f32[4] = const {0.01, 0.02, 0.03, 0.04}
    %wz: i8[4] = const 0
    %b: i32[4] = const {10, -20, 30, 40}
    %ys: f32[] = const 0.5
    %yz: u8[] = const 100
    %az: i8[] = const 5
    %m: i8[8,3] = const random(4)
    %mz: i8[] = const 0
    %c = qlinear_conv{pads=[1,1,1,1]}(%q, %s, %z, %w, %ws, %wz, %ys, %yz, %b)
    %d = qlinear_matmul(%a, %s, %az, %m, %s, %mz, %ys, %yz)
    return %c, %d
  })");
  EXPECT_EQ(nodes(result), 2u) << result.text();
  EXPECT_TRUE(mentions(result, "conv_integer") && mentions(result, "matmul_integer")) << result.text();
  expect_same_numbers(result, 1.0 / 128);
}

TEST(IntegerProducts, TransposedWeightsAndVectorsOfScalesServeMatrices) {
  const auto result = fused(R"(graph g(%x: i8[n,16]) {
    %s: f32[] = const 0.05
    %z: i8[] = const -3
    %w: i8[10,16] = const random(1)
    %ws: f32[10] = const random(2)
    %b: f32[10] = const random(3)
    %f = dequantize_linear(%x, %s, %z)
    %v = dequantize_linear{axis=0}(%w, %ws)
    %y = matmul{trans_b=true}(%f, %v, %b)
    return %y
  })");
  EXPECT_EQ(nodes(result), 1u) << result.text();
  EXPECT_TRUE(mentions(result, "matmul_integer")) << result.text();
  expect_same_numbers(result);
}

TEST(IntegerProducts, ConvolutionsInNarrowGroupsStayFloats) {
  const auto result = in_integers(R"(graph g(%x: u8[n,6,5,5]) {
    %s: f32[] = const 0.05
    %z: u8[] = const 128
    %w: i8[6,2,3,3] = const random(1)
    %ws: f32[] = const 0.01
    %f = dequantize_linear(%x, %s, %z)
    %v = dequantize_linear(%w, %ws)
    %y = conv{group=3, pads=[1,1,1,1]}(%f, %v)
    return %y
  })");
  EXPECT_EQ(result.refusals(), "few channels in a group");
  EXPECT_FALSE(mentions(result, "conv_integer")) << result.text();
  expect_same_numbers(result);
}

// What products read as bytes is stored as bytes: other readers take it from there.
TEST(IntegerProducts, BytesWithSeveralReadersAreStoredOnce) {
  const auto result = fused(R"(graph g(%x: f32[n,8]) {
    %s: f32[] = const 0.05
    %z: u8[] = const 128
    %w: i8[8,8] = const random(1)
    %ws: f32[] = const 0.01
    %q = quantize_linear{to=u8}(%x, %s, %z)
    %f = dequantize_linear(%q, %s, %z)
    %v = dequantize_linear(%w, %ws)
    %p = matmul(%f, %v)
    %y = binary(%p, %f)
    return %y
  })");
  EXPECT_TRUE(mentions(result, "cast{to=u8}, cast, matmul_integer{")) << result.text();
  expect_same_numbers(result);
}

}  // namespace
}  // namespace ingot::passes

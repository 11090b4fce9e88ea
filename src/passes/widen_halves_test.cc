// Models of 16-bit floats on a machine without kernels for them.
#include "passes/pass_testing.h"
#include "passes/passes.h"

namespace ingot::passes {
namespace {

constexpr const char* kModel = R"(graph g(%x: f16[n,8]) {
    %w: f16[8,4] = const random(1)
    %p = matmul(%x, %w)
    %t = transpose{permutation=[1,0]}(%p)
    %e = unary{fn=exp}(%t)
    %s = reduce{axes=[0]}(%e)
    %y = binary{fn=div}(%e, %s)
    return %y
  })";

TEST(WidenHalves, OnlyInputsAndOutputsHave16Bits) {
  const auto result = rewrite(widen_halves(), kModel);
  EXPECT_EQ(result.ops(),
            "cast, matmul, transpose{permutation=[1,0]}, unary{fn=exp}, reduce{axes=[0]}, binary{fn=div}, "
            "cast{to=f16}");
  EXPECT_NE(result.text().find("f32[8,4] = const"), std::string::npos) << result.text();
  expect_same_numbers(result, 4e-3);
}

TEST(WidenHalves, TypesThatHaveKernelsStay) {
  auto options = strict_options();
  options.target.pointwise_types.push_back(DType::kF16);
  EXPECT_EQ(rewrite(widen_halves(), kModel, options).patches(), 0);
  options = strict_options();
  options.target.half_floats = true;
  EXPECT_EQ(rewrite(widen_halves(), kModel, options).patches(), 0);
}

TEST(WidenHalves, WhatIsOnlyMovedStays) {
  const auto result = rewrite(widen_halves(), R"(graph g(%x: f16[n,8]) {
    %t = transpose{permutation=[1,0]}(%x)
    %e = unary{fn=exp}(%t)
    return %t, %e
  })");
  EXPECT_EQ(result.ops(), "transpose{permutation=[1,0]}, cast, unary{fn=exp}, cast{to=f16}");
}

TEST(WidenHalves, ResultsOfOtherTypesKeepThem) {
  const auto result = rewrite(widen_halves(), R"(graph g(%x: bf16[n,8], %y: bf16[8]) {
    %c = binary{fn=less}(%x, %y)
    %i = arg_reduce{axis=1}(%x)
    return %c, %i
  })");
  EXPECT_EQ(result.ops(), "cast, cast, binary{fn=less}, cast, arg_reduce{axis=1}");
  expect_same_numbers(result, 0);
}

}  // namespace
}  // namespace ingot::passes

#include "ops/quantize_linear.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/matmul_integer.h"
#include "ops/op_testing.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

TEST(QuantizeLinear, RoundsToEvenAndSaturates) {
  const auto y = eval_tensor(QuantizeLinear{DType::kI8},
                             {Tensor::of<float>({5}, {0.5f, 1.5f, -2.5f, 1000, -INFINITY}), Tensor::scalar(1.0f)});
  EXPECT_EQ(to_ints(y), (std::vector<int64_t>{0, 2, -2, 127, -128}));
}

// As the standard's reference evaluator and ONNX Runtime do.
TEST(QuantizeLinear, GivesTheSmallestNumberForNan) {
  const Tensor x = Tensor::of<float>({1}, {NAN}), scale = Tensor::scalar(1.0f);
  EXPECT_EQ(to_ints(eval_tensor(QuantizeLinear{}, {x, scale, Tensor::scalar<uint8_t>(7)})), std::vector<int64_t>{0});
  EXPECT_EQ(to_ints(eval_tensor(QuantizeLinear{DType::kI8}, {x, scale})), std::vector<int64_t>{-128});
}

TEST(QuantizeLinear, PacksFourBits) {
  const auto y = eval_tensor(QuantizeLinear{DType::kI4}, {Tensor::of<float>({3}, {-9, 3, 7}), Tensor::scalar(1.0f)});
  EXPECT_EQ(y.byte_size(), 2);
  EXPECT_EQ(to_ints(y), (std::vector<int64_t>{-8, 3, 7}));
}

TEST(DequantizeLinear, TakesOneScalePerBlockAlongTheAxis) {
  const DequantizeLinear op{DType::kF32, 1, 2};
  const Tensor x = Tensor::of<int8_t>({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor scale = Tensor::of<float>({2, 2}, {1, 10, 100, 1000});
  EXPECT_EQ(to_doubles(eval_tensor(op, {x, scale})), (std::vector<double>{1, 2, 30, 400, 500, 6000}));
  EXPECT_THROW(infer_text(op, {fact("i8[2,5]"), fact("f32[2,2]")}), Error);
  EXPECT_THROW(eval_tensor(op, {x, Tensor::of<float>({2, 1}, {1, 1})}), Error);
}

TEST(DequantizeLinear, TakesOneScalePerIndexOfTheAxis) {
  const DequantizeLinear op{DType::kF32, -2, 0};
  const Tensor x = Tensor::of<uint8_t>({2, 2, 1}, {1, 2, 3, 4});
  EXPECT_EQ(to_doubles(eval_tensor(op, {x, Tensor::of<float>({2}, {1, 10}), Tensor::of<uint8_t>({2}, {1, 2})})),
            (std::vector<double>{0, 0, 2, 20}));
  EXPECT_EQ(infer_text(op, {fact("u8[n,2,k]"), fact("f32[2]")}), "f32[n,2,k]");
  EXPECT_EQ(infer_text(op, {fact("u8[?]"), fact("f32[?]")}), "f32[?]");
  EXPECT_THROW(eval_tensor(op, {x, Tensor::of<float>({2}, {1, 10}), Tensor::of<uint8_t>({1}, {1})}), Error);
}

TEST(DynamicQuantizeLinear, RepresentsZeroExactly) {
  const auto y = eval_values(DynamicQuantizeLinear{}, {Tensor::of<float>({2}, {0, 0})});
  EXPECT_EQ(to_ints(y[0].tensor()), (std::vector<int64_t>{0, 0}));
  EXPECT_EQ(to_ints(y[2].tensor()), std::vector<int64_t>{0});
}

TEST(MatMulInteger, TakesVectorsAndZeroPointsPerRowAndColumn) {
  const Tensor a = Tensor::of<uint8_t>({2, 2}, {1, 2, 3, 4}), b = Tensor::of<int8_t>({2, 2}, {1, 0, 0, 1});
  EXPECT_EQ(to_ints(eval_tensor(MatMulInteger{}, {a, b, Tensor::of<uint8_t>({2}, {1, 3})})),
            (std::vector<int64_t>{0, 1, 0, 1}));
  EXPECT_EQ(to_ints(eval_tensor(MatMulInteger{}, {a, b, Tensor(), Tensor::of<int8_t>({2}, {1, 0})})),
            (std::vector<int64_t>{-2, 2, -4, 4}));
  const auto dot = eval_tensor(MatMulInteger{}, {Tensor::of<uint8_t>({2}, {1, 2}), Tensor::of<int8_t>({2}, {3, 4})});
  EXPECT_EQ(dot.rank(), 0);
  EXPECT_EQ(to_ints(dot), std::vector<int64_t>{11});
  EXPECT_EQ(infer_text(MatMulInteger{}, {fact("u8[b,k]"), fact("i8[k]")}), "i32[b]");
}

}  // namespace
}  // namespace ingot

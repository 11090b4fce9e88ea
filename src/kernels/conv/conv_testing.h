// For tests of convolutions: one problem in every layout.
#pragma once
#include <algorithm>

#include "kernels/bf16_testing.h"
#include "ops/binary.h"
#include "ops/conv.h"
#include "ops/fused.h"
#include "ops/unary.h"

namespace ingot::kernels {

struct Convolution {
  Shape x;  // channels first; turned when the operator is channels-last
  Shape w;
  Conv op = {};
  bool with_bias = true;
  std::vector<Shape> operands = {};  // channels first, of full rank
};

inline Shape channels_last(const Shape& shape) {
  Shape turned = shape;
  std::rotate(turned.begin() + 1, turned.begin() + 2, turned.end());
  return turned;
}

// On channels-last and channels-first data, with constant and other weights.
inline void expect_convolution(const Family& family, Convolution conv) {
  for (const bool last : {true, false}) {
    for (const bool constant : {true, false}) {
      std::mt19937 random(1);
      conv.op.channels_last = last;
      const auto turned = [&](const Shape& shape) { return last ? channels_last(shape) : shape; };
      Case test{conv.op, {random_tensor(random, turned(conv.x)), random_tensor(random, conv.w)}, {false, constant}};
      test.inputs.push_back(conv.with_bias ? random_tensor(random, {conv.w[0]}) : Tensor());
      for (const Shape& shape : conv.operands) test.inputs.push_back(random_tensor(random, turned(shape)));
      const auto depth = static_cast<double>(element_count(std::span(conv.w).subspan(1)));
      expect_rows_match(family, test, tolerance_of(Conv::def.accuracy, depth * 0.3 + 4));
    }
  }
}

inline TileInstruction unary(UnaryFn fn, int64_t operand) { return {Unary{fn, 1}, {operand}}; }
inline TileInstruction binary(BinaryFn fn, int64_t a, int64_t b) { return {Binary{fn}, {a, b}}; }

// A convolution of bf16 on channels-last data, its bias of f32.
inline Case bf16_case(Convolution conv) {
  std::mt19937 random(1);
  conv.op.channels_last = true;
  const auto narrow = [&](const Shape& shape) { return cast_to(random_tensor(random, shape), DType::kBF16); };
  Case test{conv.op, {narrow(channels_last(conv.x)), narrow(conv.w)}, {false, true}};
  test.inputs.push_back(conv.with_bias ? random_tensor(random, {conv.w[0]}) : Tensor());
  for (const Shape& shape : conv.operands) test.inputs.push_back(narrow(channels_last(shape)));
  return test;
}

struct ConvEpilogue {
  std::vector<TileInstruction> body;
  std::vector<Shape> operands;
};

// Of results [2, 20, 6, 5], channels first, where operands and results are of bf16.
inline std::vector<ConvEpilogue> bf16_epilogues() {
  return {
      {{unary(UnaryFn::kRelu, 0)}, {}},
      {{unary(UnaryFn::kHardSwish, 0)}, {}},
      {{binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kRelu, 2)}, {{2, 20, 6, 5}}},
      {{binary(BinaryFn::kMul, 0, 1)}, {{2, 20, 1, 1}}},
      {{binary(BinaryFn::kMul, 0, 1)}, {{1, 1, 6, 5}}},
      {{binary(BinaryFn::kAdd, 0, 1), unary(UnaryFn::kSilu, 2)}, {{2, 1, 1, 5}}},
  };
}

}  // namespace ingot::kernels

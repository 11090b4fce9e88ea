// For tests of convolutions: one problem in every layout.
#pragma once
#include <algorithm>

#include "kernels/kernel_testing.h"
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

}  // namespace ingot::kernels

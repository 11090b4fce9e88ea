// Optimiser steps of ai.onnx.preview.training.
#include "onnx/convert/converters.h"
#include "onnx/convert/emit.h"
#include "ops/where.h"

namespace ingot::onnx {
namespace {

using ir::ValueId;

ValueId add(Conversion& c, ValueId a, ValueId b) { return emit_binary(c, BinaryFn::kAdd, a, b); }
ValueId sub(Conversion& c, ValueId a, ValueId b) { return emit_binary(c, BinaryFn::kSub, a, b); }
ValueId mul(Conversion& c, ValueId a, ValueId b) { return emit_binary(c, BinaryFn::kMul, a, b); }
ValueId div(Conversion& c, ValueId a, ValueId b) { return emit_binary(c, BinaryFn::kDiv, a, b); }
ValueId scaled(Conversion& c, ValueId a, double factor) { return emit_scalar(c, BinaryFn::kMul, a, factor); }

// The inputs after rate and count come in `kinds` blocks (tensors, gradients, ...) of equal length.
struct Optimised {
  size_t count;
  ValueId rate, updates;
};
Optimised optimised(Conversion& c, size_t kinds) {
  if (c.input_count() < 2 + kinds || (c.input_count() - 2) % kinds != 0) {
    fail(Code::kInvalidModel, "{} takes a rate, a count and {} lists of equal length, got {} inputs", c.node().op_type,
         kinds, c.input_count());
  }
  return {(c.input_count() - 2) / kinds, c.input(0), c.input(1)};
}
ValueId operand(Conversion& c, const Optimised& all, size_t kind, size_t i) {
  return c.input(2 + kind * all.count + i);
}

// gradient + norm_coefficient * x
ValueId regularized(Conversion& c, ValueId x, ValueId gradient) {
  const double norm = c.get_float("norm_coefficient", 0);
  return norm == 0 ? gradient : add(c, scaled(c, x, norm), gradient);
}

// sqrt(h) + epsilon
ValueId magnitude(Conversion& c, ValueId squares) {
  return emit_scalar(c, BinaryFn::kAdd, emit_unary(c, UnaryFn::kSqrt, squares), c.get_float("epsilon", 1e-6f));
}

// `if_started` where the update count is positive.
ValueId when_started(Conversion& c, const Optimised& all, ValueId if_started, ValueId at_first) {
  const ValueId started = emit_scalar(c, BinaryFn::kGreater, all.updates, 0);
  return c.add(Where{}, {started, if_started, at_first});
}

void convert_adagrad(Conversion& c) {
  const Optimised all = optimised(c, 3);
  for (size_t i = 0; i < all.count; ++i) {
    const ValueId x = operand(c, all, 0, i);
    const DType dtype = c.fact(x).dtype();
    const ValueId decay = scaled(c, emit_cast(c, all.updates, dtype), c.get_float("decay_factor", 0));
    const ValueId rate = div(c, emit_cast(c, all.rate, dtype), emit_scalar(c, BinaryFn::kAdd, decay, 1));
    const ValueId gradient = regularized(c, x, operand(c, all, 1, i));
    const ValueId squares = add(c, operand(c, all, 2, i), mul(c, gradient, gradient));
    c.set_output(i, sub(c, x, div(c, mul(c, rate, gradient), magnitude(c, squares))));
    c.set_output(all.count + i, squares);
  }
}

void convert_adam(Conversion& c) {
  const Optimised all = optimised(c, 4);
  const double alpha = c.get_float("alpha", 0.9f), beta = c.get_float("beta", 0.999f);
  const double post = c.get_float("norm_coefficient_post", 0);
  for (size_t i = 0; i < all.count; ++i) {
    const ValueId x = operand(c, all, 0, i);
    const DType dtype = c.fact(x).dtype();
    const ValueId rate = emit_cast(c, all.rate, dtype), updates = emit_cast(c, all.updates, dtype);
    const auto rest = [&](double base) {  // 1 - base^updates
      return sub(c, c.scalar(1, dtype), emit_binary(c, BinaryFn::kPow, c.scalar(base, dtype), updates));
    };
    const ValueId corrected = div(c, mul(c, rate, emit_unary(c, UnaryFn::kSqrt, rest(beta))), rest(alpha));
    const ValueId gradient = regularized(c, x, operand(c, all, 1, i));
    const ValueId average = add(c, scaled(c, operand(c, all, 2, i), alpha), scaled(c, gradient, 1 - alpha));
    const ValueId squares =
        add(c, scaled(c, operand(c, all, 3, i), beta), scaled(c, mul(c, gradient, gradient), 1 - beta));
    const ValueId step = div(c, mul(c, when_started(c, all, corrected, rate), average), magnitude(c, squares));
    c.set_output(i, scaled(c, sub(c, x, step), 1 - post));
    c.set_output(all.count + i, average);
    c.set_output(2 * all.count + i, squares);
  }
}

void convert_momentum(Conversion& c) {
  const Optimised all = optimised(c, 3);
  const double alpha = c.get_float("alpha", 0), beta = c.get_float("beta", 1);
  const bool nesterov = c.get_string("mode", "standard") == "nesterov";
  for (size_t i = 0; i < all.count; ++i) {
    const ValueId x = operand(c, all, 0, i);
    const DType dtype = c.fact(x).dtype();
    const ValueId gradient = regularized(c, x, operand(c, all, 1, i));
    const ValueId factor = when_started(c, all, c.scalar(beta, dtype), c.scalar(1, dtype));
    const ValueId momentum = add(c, scaled(c, operand(c, all, 2, i), alpha), mul(c, factor, gradient));
    const ValueId direction = nesterov ? add(c, gradient, scaled(c, momentum, alpha)) : momentum;
    c.set_output(i, sub(c, x, mul(c, emit_cast(c, all.rate, dtype), direction)));
    c.set_output(all.count + i, momentum);
  }
}

constexpr Converter kConverters[] = {
    {"ai.onnx.preview.training", "Adagrad", convert_adagrad},
    {"ai.onnx.preview.training", "Adam", convert_adam},
    {"ai.onnx.preview.training", "Momentum", convert_momentum},
};

}  // namespace

std::span<const Converter> training_converters() { return kConverters; }

}  // namespace ingot::onnx

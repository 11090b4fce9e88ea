// What exporters write out in several operators, now and then with a detail that is wrong for the pattern.
#include "ops/attention.h"
#include "ops/binary.h"
#include "ops/concat.h"
#include "ops/conv.h"
#include "ops/expand.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/softmax.h"
#include "ops/transpose.h"
#include "ops/unary.h"
#include "ops/where.h"
#include "random_graphs/builder.h"

namespace ingot::random_graphs {
namespace {

using ir::ValueId;
using Maybe = std::optional<ValueId>;

Maybe apply(Builder& b, Op op, std::vector<Maybe> inputs) {
  std::vector<ValueId> values;
  for (const Maybe& input : inputs) {
    if (!input) return std::nullopt;
    values.push_back(*input);
  }
  return b.add(std::move(op), std::move(values));
}
Maybe unary(Builder& b, UnaryFn fn, Maybe x) { return apply(b, Unary{fn, 1, 0}, {x}); }
Maybe binary(Builder& b, BinaryFn fn, Maybe x, Maybe y) { return apply(b, Binary{fn}, {x, y}); }
Maybe add(Builder& b, Maybe x, Maybe y) { return binary(b, BinaryFn::kAdd, x, y); }
Maybe mul(Builder& b, Maybe x, Maybe y) { return binary(b, BinaryFn::kMul, x, y); }
// Mostly the number of the formula.
Maybe number(Builder& b, double value) { return b.number(b.choose.one_in(12) ? value + 0.25 : value); }

void gelu(Builder& b) {
  const Maybe x = b.any();
  const Maybe erf = unary(b, UnaryFn::kErf, mul(b, x, number(b, 0.70710678)));
  const Maybe sum = add(b, erf, number(b, 1));
  if (b.choose.one_in(2)) {
    mul(b, mul(b, x, sum), number(b, 0.5));
  } else {
    mul(b, mul(b, x, number(b, 0.5)), sum);
  }
}

void swish(Builder& b) {
  const Maybe x = b.any();
  mul(b, x, unary(b, b.choose.one_in(3) ? UnaryFn::kHardSigmoid : UnaryFn::kSigmoid, x));
}

void hard_swish(Builder& b) {
  const Maybe x = b.any();
  const Maybe shifted = add(b, x, number(b, 3));
  const Maybe low = binary(b, BinaryFn::kMax, shifted, number(b, 0)),
              clipped = binary(b, BinaryFn::kMin, low, number(b, 6));
  binary(b, BinaryFn::kDiv, mul(b, x, clipped), number(b, 6));
}

void layer_norm(Builder& b) {
  const Maybe x = b.any(2);
  if (!x) return;
  Reduce mean;
  mean.fn = ReduceFn::kMean;
  mean.axes = {b.choose.one_in(6) ? int64_t{1} : int64_t{-1}};
  const Maybe centred = binary(b, BinaryFn::kSub, x, apply(b, mean, {x}));
  const Maybe square = b.choose.one_in(2) ? mul(b, centred, centred) : binary(b, BinaryFn::kPow, centred, number(b, 2));
  const Maybe variance = add(b, apply(b, mean, {square}), b.number(0.01));
  const Maybe normal = binary(b, BinaryFn::kDiv, centred, unary(b, UnaryFn::kSqrt, variance));
  const int64_t width = b.sizes(*x)->back();
  add(b, mul(b, normal, b.weights({width})), b.weights({width}));
}

// Convolution, scale and shift per channel, activation, residual.
void convolution_block(Builder& b) {
  const Maybe x = b.any(4, 4);
  if (!x) return;
  const int64_t channels = (*b.sizes(*x))[1], filters = b.choose.one_in(2) ? channels : b.choose.between(1, 20);
  const int64_t kernel = b.choose.one_in(2) ? 1 : 3;
  Conv op;
  op.pads = std::vector<int64_t>(4, kernel / 2);
  const double scale = 1 / std::sqrt(static_cast<double>(channels * kernel * kernel));
  Maybe y = apply(b, op, {x, b.weights({filters, channels, kernel, kernel}, scale)});
  if (!b.choose.one_in(3)) y = mul(b, y, b.weights({filters, 1, 1}));
  if (!b.choose.one_in(3)) y = add(b, y, b.weights({filters, 1, 1}));
  if (b.choose.one_in(2)) y = add(b, y, x);
  if (b.choose.one_in(2)) unary(b, b.choose.one_in(2) ? UnaryFn::kRelu : UnaryFn::kSilu, y);
}

void squeeze_and_excite(Builder& b) {
  const Maybe x = b.any(4, 4);
  if (!x) return;
  const int64_t channels = (*b.sizes(*x))[1], inner = b.choose.between(1, 6);
  Reduce mean;
  mean.fn = ReduceFn::kMean;
  mean.axes = {2, 3};
  const Maybe pooled = apply(b, mean, {x});
  const Maybe first = apply(b, Conv{}, {pooled, b.weights({inner, channels, 1, 1}, 0.3), b.weights({inner})});
  const Maybe active = unary(b, b.choose.one_in(2) ? UnaryFn::kRelu : UnaryFn::kSilu, first);
  const Maybe second = apply(b, Conv{}, {active, b.weights({channels, inner, 1, 1}, 0.5), b.weights({channels})});
  mul(b, unary(b, UnaryFn::kSigmoid, second), x);
}

// Expansion, depthwise convolution and projection, or a part of them.
void inverted_bottleneck(Builder& b) {
  const Maybe x = b.any(4, 4);
  if (!x) return;
  const int64_t channels = (*b.sizes(*x))[1], wide = b.choose.one_in(4) ? channels : b.choose.between(2, 40);
  if (channels == 0) return;
  const auto active = [&](Maybe y) {
    if (b.choose.one_in(3)) return y;
    return unary(b, b.choose.one_in(2) ? UnaryFn::kRelu : UnaryFn::kSilu, y);
  };
  const auto pointwise = [&](const Maybe& from, int64_t in, int64_t out) {
    const double scale = 1 / std::sqrt(static_cast<double>(in));
    return apply(b, Conv{}, {from, b.weights({out, in, 1, 1}, scale), b.weights({out})});
  };
  const Maybe expanded = wide == channels ? x : active(pointwise(x, channels, wide));
  const int64_t kernel = b.choose.one_in(2) ? 3 : 5, stride = b.choose.between(1, 2);
  Conv sliding{.group = wide, .strides = {stride, stride}, .pads = Shape(4, kernel / 2)};
  const Maybe slid =
      active(apply(b, sliding, {expanded, b.weights({wide, 1, kernel, kernel}, 0.3), b.weights({wide})}));
  if (b.choose.one_in(5)) return;
  const bool residual = stride == 1 && b.choose.one_in(2);
  const Maybe y = pointwise(slid, wide, residual ? channels : b.choose.between(1, 20));
  if (residual) add(b, y, x);
}

// Products or 1x1 convolutions of one input, joined again or used apart.
void siblings(Builder& b) {
  const Maybe x = b.any(2);
  if (!x) return;
  const Shape sizes = *b.sizes(*x);
  const bool convolutions = sizes.size() == 4 && b.choose.one_in(2);
  std::vector<ValueId> results;
  for (int64_t i = b.choose.between(2, 4); i > 0; --i) {
    const int64_t n = b.choose.between(1, 20), k = convolutions ? sizes[1] : sizes.back();
    const double scale = 1 / std::sqrt(static_cast<double>(k));
    Maybe y = convolutions ? apply(b, Conv{}, {x, b.weights({n, k, 1, 1}, scale)})
                           : apply(b, MatMul{}, {x, b.weights({k, n}, scale)});
    if (!convolutions && b.choose.one_in(2)) y = add(b, y, b.weights({n}));
    if (b.choose.one_in(3)) y = unary(b, UnaryFn::kRelu, y);
    if (y) results.push_back(*y);
  }
  if (b.choose.one_in(2)) b.add(Concat{convolutions ? 1 : -1}, results);
}

// One product cut into parts, as packed query, key and value are.
void split_product(Builder& b) {
  const Maybe x = b.any(2, 4);
  if (!x) return;
  const int64_t k = b.sizes(*x)->back(), part = b.choose.between(1, 9), parts = b.choose.between(2, 3);
  Maybe y = apply(b, MatMul{}, {x, b.weights({k, part * parts}, 1 / std::sqrt(static_cast<double>(k)))});
  if (b.choose.one_in(2)) y = add(b, y, b.weights({part * parts}));
  for (int64_t i = 0; i < parts && y; ++i) {
    apply(b, Slice{{Dim(part * i)}, {Dim(part * (i + 1))}, {-1}, {1}}, {y});
  }
  if (b.choose.one_in(6)) unary(b, UnaryFn::kTanh, y);
}

Maybe heads(Builder& b, ValueId x, int64_t count, int64_t size) {
  const DimShape shape = *b.graph.fact(x).shape;
  const Maybe y = apply(b, MatMul{}, {x, b.weights({b.sizes(x)->back(), count * size}, 0.3)});
  if (!y) return std::nullopt;
  const Maybe split = apply(b, Reshape{{shape[0], shape[1], Dim(count), Dim(size)}, true}, {y});
  return apply(b, Transpose{{0, 2, 1, 3}}, {split});
}

Maybe repeated(Builder& b, Maybe x, int64_t times) {
  if (!x || times == 1) return x;
  const DimShape s = *b.graph.fact(*x).shape;
  const Maybe five = apply(b, Reshape{{s[0], s[1], Dim(1), s[2], s[3]}, true}, {x});
  const Maybe wide = apply(b, Expand{{s[0], s[1], Dim(times), s[2], s[3]}}, {five});
  return apply(b, Reshape{{s[0], s[1] * Dim(times), s[2], s[3]}, true}, {wide});
}

void attention(Builder& b) {
  const Maybe x = b.any(3, 3);
  if (!x) return;
  const int64_t times = b.choose.between(1, 2), kv = b.choose.between(1, 2), size = b.choose.between(1, 2) * 4;
  const Maybe q = heads(b, *x, kv * times, size), v = repeated(b, heads(b, *x, kv, size), times);
  Maybe k = repeated(b, heads(b, *x, kv, size), times);
  const bool transposed = b.choose.one_in(2);
  if (transposed) k = apply(b, Transpose{{0, 1, 3, 2}}, {k});
  Maybe scores = apply(b, MatMul{false, !transposed, 1}, {q, k});
  if (!scores) return;
  scores = mul(b, scores, b.number(1 / std::sqrt(static_cast<double>(size))));
  const Shape sizes = *b.sizes(*x);
  const bool fixed = b.graph.fact(*x).shape->at(1).constant().has_value();
  if (fixed && b.choose.one_in(2)) {
    scores = apply(b, Where{}, {b.mask({sizes[1], sizes[1]}), scores, b.number(b.choose.one_in(2) ? -3e38 : -1e4)});
    if (scores) b.forget(*scores);
  }
  if (fixed && scores && b.choose.one_in(3)) {
    scores = add(b, scores, b.weights({sizes[1], sizes[1]}));
    if (scores) b.forget(*scores);
  }
  const Maybe y = apply(b, MatMul{}, {apply(b, Softmax{-1}, {scores}), v});
  const Maybe back = apply(b, Transpose{{0, 2, 1, 3}}, {y});
  const DimShape shape = *b.graph.fact(*x).shape;
  apply(b, Reshape{{shape[0], shape[1], Dim(kv * times * size)}, true}, {back});
}

}  // namespace

void add_idiom(Builder& b) {
  static const std::vector<void (*)(Builder&)> kMakers = {
      gelu,     swish,         hard_swish, layer_norm, convolution_block,  convolution_block, squeeze_and_excite,
      siblings, split_product, attention,  attention,  inverted_bottleneck};
  b.choose.of(kMakers)(b);
}

}  // namespace ingot::random_graphs

// Single operators with random fields.
#include <algorithm>
#include <numeric>

#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/group_norm.h"
#include "ops/layer_norm.h"
#include "ops/matmul.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/shape_of.h"
#include "ops/slice.h"
#include "ops/softmax.h"
#include "ops/tile.h"
#include "ops/transpose.h"
#include "ops/unary.h"
#include "ops/where.h"
#include "random_graphs/builder.h"

namespace ingot::random_graphs {
namespace {

using ir::ValueId;

// Functions that neither jump nor leave the numbers.
Unary smooth_unary(Builder& b) {
  static const std::vector<UnaryFn> kSmooth = {
      UnaryFn::kAbs,      UnaryFn::kAtan,       UnaryFn::kCos,       UnaryFn::kErf,  UnaryFn::kNeg,
      UnaryFn::kRelu,     UnaryFn::kSigmoid,    UnaryFn::kSin,       UnaryFn::kTanh, UnaryFn::kSoftplus,
      UnaryFn::kSoftsign, UnaryFn::kMish,       UnaryFn::kHardSwish, UnaryFn::kSilu, UnaryFn::kGelu,
      UnaryFn::kGeluTanh, UnaryFn::kElu,        UnaryFn::kCelu,      UnaryFn::kSelu, UnaryFn::kLeakyRelu,
      UnaryFn::kAsinh,    UnaryFn::kHardSigmoid};
  return {b.choose.of(kSmooth), 1 - 0.25 * static_cast<double>(b.choose.between(0, 2)), 0.5};
}

// Something that broadcasts with a value of these sizes: the sizes with some axes 1 or dropped.
Shape smaller(Builder& b, const Shape& sizes) {
  Shape shape = sizes;
  for (int64_t& size : shape) size = b.choose.one_in(2) ? size : 1;
  while (!shape.empty() && b.choose.one_in(3)) shape.erase(shape.begin());
  return shape;
}

void unary(Builder& b) {
  if (const auto x = b.any()) b.add(smooth_unary(b), {*x});
}

void binary(Builder& b) {
  static const std::vector<BinaryFn> kFunctions = {BinaryFn::kAdd, BinaryFn::kSub, BinaryFn::kMul, BinaryFn::kMin,
                                                   BinaryFn::kMax, BinaryFn::kAdd, BinaryFn::kMul, BinaryFn::kPRelu};
  const auto x = b.any();
  if (!x) return;
  const Shape sizes = *b.sizes(*x);
  ValueId other;
  switch (b.choose.between(0, 3)) {
    case 0: other = b.number(b.choose.of(std::vector<double>{0, 1, -1, 2, 0.5})); break;
    case 1: other = b.weights(smaller(b, sizes)); break;
    default: other = b.any().value_or(*x); break;
  }
  const bool swap = b.choose.one_in(3);
  b.add(Binary{b.choose.of(kFunctions)}, {swap ? other : *x, swap ? *x : other});
}

void divide(Builder& b) {
  const auto x = b.any();
  if (!x) return;
  Tensor by = Tensor::of<float>({}, {static_cast<float>(b.choose.between(1, 4)) * (b.choose.one_in(3) ? -0.5f : 1.0f)});
  b.add(Binary{BinaryFn::kDiv}, {*x, b.graph.add_constant(by)});
}

void power(Builder& b) {
  if (const auto x = b.any()) b.add(Binary{BinaryFn::kPow}, {*x, b.number(b.choose.of(std::vector<double>{1, 2, 3}))});
}

void product(Builder& b) {
  const auto x = b.any(2);
  if (!x) return;
  const Shape sizes = *b.sizes(*x);
  MatMul op;
  op.trans_a = b.choose.one_in(8);
  op.trans_b = b.choose.one_in(4);
  if (b.choose.one_in(6)) op.alpha = 0.5;
  const int64_t k = sizes[sizes.size() - (op.trans_a ? 2 : 1)], n = b.choose.between(1, 40);
  Shape shape = op.trans_b ? Shape{n, k} : Shape{k, n};
  if (b.choose.one_in(8) && sizes.size() > 2) shape.insert(shape.begin(), sizes[sizes.size() - 3]);
  std::vector<ValueId> inputs{*x, b.weights(shape, 1 / std::sqrt(static_cast<double>(std::max<int64_t>(k, 1))))};
  if (b.choose.one_in(3)) inputs.push_back(b.weights({n}));
  b.add(op, std::move(inputs));
}

void product_of_two(Builder& b) {
  const auto x = b.any(2), y = b.any(2);
  if (!x || !y) return;
  for (const bool trans_b : {true, false}) {
    if (b.add(MatMul{b.choose.one_in(5), trans_b, 0.3}, {*x, *y})) return;
  }
}

std::vector<int64_t> list(Builder& b, size_t count, int64_t low, int64_t high) {
  std::vector<int64_t> values(count);
  for (int64_t& value : values) value = b.choose.between(low, high);
  return values;
}

void convolution(Builder& b) {
  const auto x = b.any(3, 5);
  if (!x) return;
  const Shape sizes = *b.sizes(*x);
  const int64_t channels = sizes[1];
  const size_t axes = sizes.size() - 2;
  Conv op;
  if (b.choose.one_in(4)) op.group = std::max<int64_t>(1, channels);
  if (b.choose.one_in(6) && channels % 2 == 0) op.group = 2;
  Shape w{b.choose.between(1, 4) * op.group, channels / op.group};
  if (op.group == 1) w[0] = b.choose.between(1, 34);
  const int64_t kernel = b.choose.of(std::vector<int64_t>{1, 1, 3, 3, 2, 5});
  for (size_t i = 0; i < axes; ++i) w.push_back(kernel);
  if (b.choose.one_in(3)) op.strides = list(b, axes, 1, 2);
  if (b.choose.one_in(6)) op.dilations = list(b, axes, 1, 2);
  if (!b.choose.one_in(4)) op.pads = std::vector<int64_t>(2 * axes, kernel / 2);
  if (b.choose.one_in(6)) op.pads = list(b, 2 * axes, 0, 2);
  if (b.choose.one_in(12)) op.pads.clear(), op.auto_pad = AutoPad::kSameUpper;
  const double depth = static_cast<double>(element_count(std::span(w).subspan(1)));
  std::vector<ValueId> inputs{*x, b.weights(w, 1 / std::sqrt(depth))};
  if (b.choose.one_in(2)) inputs.push_back(b.weights({w[0]}));
  b.add(op, std::move(inputs));
}

void transposed_convolution(Builder& b) {
  const auto x = b.any(3, 4);
  if (!x) return;
  const Shape sizes = *b.sizes(*x);
  const size_t axes = sizes.size() - 2;
  ConvTranspose op;
  op.strides = list(b, axes, 1, 2);
  Shape w{sizes[1], b.choose.between(1, 9)};
  for (size_t i = 0; i < axes; ++i) w.push_back(b.choose.between(1, 3));
  std::vector<ValueId> inputs{*x, b.weights(w, 0.3)};
  if (b.choose.one_in(2)) inputs.push_back(b.weights({w[1]}));
  b.add(op, std::move(inputs));
}

void pooling(Builder& b) {
  const auto x = b.any(3, 5);
  if (!x) return;
  const size_t axes = static_cast<size_t>(b.graph.fact(*x).rank()) - 2;
  Pool op;
  op.fn = b.choose.one_in(2) ? PoolFn::kMax : PoolFn::kAverage;
  op.kernel = list(b, axes, 2, 3);
  op.strides = list(b, axes, 1, 2);
  if (b.choose.one_in(2)) op.pads = std::vector<int64_t>(2 * axes, 1);
  op.ceil_mode = b.choose.one_in(4);
  op.count_include_pad = b.choose.one_in(3);
  b.add(op, {*x});
}

void normalisation(Builder& b) {
  const auto x = b.any(2);
  if (!x) return;
  const Shape sizes = *b.sizes(*x);
  if (b.choose.one_in(3) && sizes.size() > 2) {
    GroupNorm op;
    op.groups = sizes[1] % 2 == 0 ? 2 : 1;
    b.add(op, {*x, b.weights({sizes[1]}), b.weights({sizes[1]})});
    return;
  }
  LayerNorm op;
  op.epsilon = 1e-2;
  op.rms = b.choose.one_in(3);
  std::vector<ValueId> inputs{*x};
  if (b.choose.one_in(2)) inputs.push_back(b.weights({sizes.back()}));
  if (inputs.size() == 2 && b.choose.one_in(2)) inputs.push_back(b.weights({sizes.back()}));
  b.add(op, std::move(inputs));
}

void softmax(Builder& b) {
  const auto x = b.any(1);
  if (x) b.add(Softmax{b.choose.between(-1, b.graph.fact(*x).rank() - 1), b.choose.one_in(5)}, {*x});
}

void reduction(Builder& b) {
  static const std::vector<ReduceFn> kFunctions = {ReduceFn::kMean, ReduceFn::kMean, ReduceFn::kMax,
                                                   ReduceFn::kMin,  ReduceFn::kL1,   ReduceFn::kLogSumExp};
  const auto x = b.any(1);
  if (!x) return;
  const int64_t rank = b.graph.fact(*x).rank();
  Reduce op;
  op.fn = b.choose.of(kFunctions);
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (b.choose.one_in(2)) op.axes.push_back(axis);
  }
  if (op.axes.empty()) op.axes.push_back(rank - 1);
  op.keepdims = !b.choose.one_in(3);
  b.add(op, {*x});
}

void concatenation(Builder& b) {
  const auto x = b.any(1);
  if (!x) return;
  const Shape sizes = *b.sizes(*x);
  const int64_t axis = b.choose.between(0, static_cast<int64_t>(sizes.size()) - 1);
  std::vector<ValueId> parts{*x};
  for (int64_t i = b.choose.between(1, 3); i > 0; --i) {
    const auto other = b.any(static_cast<int64_t>(sizes.size()), static_cast<int64_t>(sizes.size()));
    Shape shape = sizes;
    shape[static_cast<size_t>(axis)] = b.choose.between(1, 5);
    parts.push_back(b.choose.one_in(2) && other ? *other : b.weights(shape));
  }
  if (b.add(Concat{axis}, parts)) return;
  b.add(Concat{axis}, {*x, *x});
}

// Some ranges of one axis, as Split gives them.
void slices(Builder& b) {
  const auto x = b.any(1);
  if (!x) return;
  const Shape sizes = *b.sizes(*x);
  const int64_t axis = b.choose.between(0, static_cast<int64_t>(sizes.size()) - 1);
  const int64_t size = sizes[static_cast<size_t>(axis)];
  if (!b.graph.fact(*x).shape->at(static_cast<size_t>(axis)).constant()) return;
  const int64_t parts = b.choose.between(1, 3);
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t first = size * i / parts, last = b.choose.one_in(5) ? size : size * (i + 1) / parts;
    const int64_t step = b.choose.one_in(8) ? 2 : 1;
    b.add(Slice{{Dim(first)}, {Dim(last)}, {axis}, {step}}, {*x});
  }
}

void transposition(Builder& b) {
  static const std::vector<std::vector<int64_t>> kUsual = {{0, 2, 3, 1}, {0, 3, 1, 2}, {0, 2, 1, 3}, {0, 1, 3, 2}};
  const auto x = b.any(2);
  if (!x) return;
  std::vector<int64_t> permutation(static_cast<size_t>(b.graph.fact(*x).rank()));
  std::iota(permutation.begin(), permutation.end(), 0);
  for (size_t i = permutation.size(); i-- > 1;) {
    std::swap(permutation[i], permutation[static_cast<size_t>(b.choose.between(0, static_cast<int64_t>(i)))]);
  }
  if (permutation.size() == 4 && !b.choose.one_in(3)) permutation = b.choose.of(kUsual);
  b.add(Transpose{permutation}, {*x});
}

// Joins two neighbours, or takes one apart.
void reshape(Builder& b) {
  const auto x = b.any(1);
  if (!x) return;
  DimShape shape = *b.graph.fact(*x).shape;
  const size_t at = static_cast<size_t>(b.choose.between(0, static_cast<int64_t>(shape.size()) - 1));
  const auto size = shape[at].constant();
  if (size && *size % 2 == 0 && b.choose.one_in(2)) {
    shape[at] = Dim(*size / 2);
    shape.insert(shape.begin() + static_cast<int64_t>(at) + (b.choose.one_in(2) ? 1 : 0), Dim(2));
  } else if (at + 1 < shape.size()) {
    shape[at] = shape[at] * shape[at + 1];
    shape.erase(shape.begin() + static_cast<int64_t>(at) + 1);
  } else {
    shape.insert(shape.begin() + b.choose.between(0, static_cast<int64_t>(shape.size())), Dim(1));
  }
  b.add(Reshape{shape, true}, {*x});
}

// To a shape that is computed from the operand's own, as exporters write it.
void computed_reshape(Builder& b) {
  const auto x = b.any(2);
  if (!x) return;
  const auto first = b.add(ShapeOf{0, 1}, {*x});
  if (!first) return;
  const ValueId rest = b.indices({-1});
  if (const auto target = b.add(Concat{0}, {*first, rest})) b.add(Reshape{}, {*x, *target});
}

void enlargement(Builder& b) {
  const auto x = b.any(1);
  if (!x) return;
  const Shape sizes = *b.sizes(*x);
  DimShape shape = *b.graph.fact(*x).shape;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == Dim(1)) shape[i] = Dim(b.choose.between(1, 4));
  }
  if (b.choose.one_in(2)) {
    b.add(Expand{shape}, {*x});
    return;
  }
  std::vector<int64_t> repeats(sizes.size(), 1);
  repeats[static_cast<size_t>(b.choose.between(0, static_cast<int64_t>(sizes.size()) - 1))] = 2;
  b.add(Tile{to_dims(repeats)}, {*x});
}

void padding(Builder& b) {
  const auto x = b.any(3);
  if (!x) return;
  const size_t rank = static_cast<size_t>(b.graph.fact(*x).rank());
  Pad op;
  if (b.choose.one_in(4)) op.mode = PadMode::kEdge;
  op.pads = DimShape(2 * rank, Dim(0));
  for (size_t axis = 2; axis < rank; ++axis) {
    op.pads[axis] = Dim(b.choose.between(0, 2));
    op.pads[rank + axis] = Dim(b.choose.between(0, 2));
  }
  b.add(op, {*x});
}

void gathering(Builder& b) {
  const auto x = b.any(1);
  if (!x) return;
  const Shape sizes = *b.sizes(*x);
  const int64_t axis = b.choose.between(0, static_cast<int64_t>(sizes.size()) - 1);
  const int64_t size = sizes[static_cast<size_t>(axis)];
  if (size == 0) return;
  std::vector<int64_t> values(static_cast<size_t>(b.choose.between(1, 4)));
  for (int64_t& value : values) value = b.choose.between(-size, size - 1);
  const bool one = b.choose.one_in(2);
  Tensor index =
      one ? Tensor::of<int64_t>({}, {values[0]}) : Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, values);
  b.add(Gather{axis}, {*x, b.graph.add_constant(std::move(index))});
}

void choice(Builder& b) {
  const auto x = b.any();
  if (!x) return;
  const Shape sizes = *b.sizes(*x);
  if (b.graph.fact(*x).shape != to_dims(sizes)) return;
  const ValueId other = b.choose.one_in(2) ? b.number(0) : b.weights(smaller(b, sizes));
  const ValueId mask = b.mask(smaller(b, sizes));
  b.add(Where{}, b.choose.one_in(2) ? std::vector{mask, *x, other} : std::vector{mask, other, *x});
}

void resampling(Builder& b) {
  const auto x = b.any(4, 4);
  if (!x) return;
  Resize op;
  op.mode = b.choose.one_in(2) ? ResizeMode::kNearest : ResizeMode::kLinear;
  op.coordinates = b.choose.one_in(2) ? ResizeCoordinates::kAsymmetric : ResizeCoordinates::kHalfPixel;
  op.nearest = ResizeNearest::kFloor;
  op.axes = {2, 3};
  op.scales = {2, 2};
  b.add(op, {*x});
}

void round_trip(Builder& b) {
  const auto x = b.any();
  if (!x) return;
  const auto wide = b.add(Cast{b.choose.one_in(2) ? DType::kF64 : DType::kF32}, {*x});
  if (wide) b.add(Cast{DType::kF32}, {*wide});
}

}  // namespace

void add_operator(Builder& b) {
  static const std::vector<void (*)(Builder&)> kMakers = {unary,
                                                          unary,
                                                          binary,
                                                          binary,
                                                          binary,
                                                          divide,
                                                          power,
                                                          product,
                                                          product,
                                                          convolution,
                                                          convolution,
                                                          convolution,
                                                          pooling,
                                                          normalisation,
                                                          softmax,
                                                          reduction,
                                                          concatenation,
                                                          slices,
                                                          transposition,
                                                          transposition,
                                                          reshape,
                                                          reshape,
                                                          enlargement,
                                                          padding,
                                                          gathering,
                                                          choice,
                                                          resampling,
                                                          product_of_two,
                                                          computed_reshape,
                                                          round_trip,
                                                          transposed_convolution};
  b.choose.of(kMakers)(b);
}

}  // namespace ingot::random_graphs

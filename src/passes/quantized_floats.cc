#include "passes/quantized_floats.h"

#include "ops/conv_integer.h"
#include "ops/pool.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/transpose.h"
#include "passes/queries.h"
#include "tensor/elements.h"

namespace ingot::passes {
namespace {

bool is_zero(const Tensor* constant) {
  const auto splat = ir::splat_value(constant);
  return splat && *splat == 0;
}

// Whether all elements are whole numbers, as far as the operators behind the value tell.
bool is_whole(const ir::Graph& graph, ir::ValueId value, int depth) {
  if (const Tensor* constant = graph.constant(value)) {
    for (int64_t i = 0; i < constant->count(); ++i) {
      const double element = read_double(*constant, i);
      if (element != std::nearbyint(element)) return false;
    }
    return true;
  }
  const ir::Node* node = graph.producer(value);
  if (node == nullptr || depth == 0) return false;
  if (const auto* unary = node->op.as<Unary>()) {
    return unary->fn == UnaryFn::kRound ||
           (unary->fn == UnaryFn::kThresholdedRelu && is_whole(graph, node->inputs[0], depth - 1));
  }
  if (node->op.is<Cast>()) return is_int(graph.fact(node->inputs[0]).dtype());
  if (takes_elements(node->op)) return is_whole(graph, node->inputs[0], depth - 1);
  const auto* binary = node->op.as<Binary>();
  if (binary == nullptr) return false;
  switch (binary->fn) {
    case BinaryFn::kAdd:
    case BinaryFn::kSub:
    case BinaryFn::kMin:
    case BinaryFn::kMax:
      return is_whole(graph, node->inputs[0], depth - 1) && is_whole(graph, node->inputs[1], depth - 1);
    default: return false;
  }
}

struct Bounded {
  ir::ValueId value;
  double bound;
};

// x and the constant number of fn(x, number).
std::optional<Bounded> with_number(const ir::Graph& graph, ir::ValueId value, BinaryFn fn) {
  const auto node = producer_as<Binary>(graph, value);
  if (!node || node.op->fn != fn) return std::nullopt;
  const auto number = ir::splat_value(graph.constant(node.input(1)));
  if (!number) return std::nullopt;
  return Bounded{node.input(0), *number};
}

// What keeps the value from falling below a number.
std::optional<double> lower_bound_of(const ir::Graph& graph, ir::ValueId value) {
  const auto unary = producer_as<Unary>(graph, value);
  if (unary && unary.op->fn == UnaryFn::kThresholdedRelu && unary.op->alpha >= 0) return 0;
  const auto raised = with_number(graph, value, BinaryFn::kMax);
  return raised ? std::optional<double>(raised->bound) : std::nullopt;
}

}  // namespace

ir::ValueId as_f32(ir::Patch& patch, ir::ValueId value) {
  if (patch.fact(value).dtype() == DType::kF32) return value;
  if (const Tensor* constant = patch.constant_value(value)) return patch.constant(convert(*constant, DType::kF32));
  return patch.add(Cast{DType::kF32}, {value});
}

ir::ValueId spread_parameter(ir::Patch& patch, ir::ValueId parameter, int64_t rank, int64_t axis) {
  const Fact& fact = patch.fact(parameter);
  const auto shape = fact.shape ? constant_shape(*fact.shape) : std::nullopt;
  if (!shape) return ir::kNoValue;
  Shape wanted;
  if (element_count(*shape) != 1) {
    axis = rank == 1 ? 0 : axis < 0 ? axis + rank : axis;
    if (shape->size() != 1 || axis < 0 || axis >= rank) return ir::kNoValue;
    wanted.assign(static_cast<size_t>(rank - axis), 1);
    wanted[0] = shape->at(0);
  }
  const ir::ValueId floats = as_f32(patch, parameter);
  if (wanted == *shape) return floats;
  if (const Tensor* constant = patch.constant_value(floats)) return patch.constant(constant->reshaped(wanted));
  return patch.add(Reshape{DimShape(wanted.begin(), wanted.end())}, {floats});
}

ir::ValueId centred(ir::Patch& patch, ir::ValueId x, ir::ValueId spread_zero) {
  const ir::ValueId floats = as_f32(patch, x);
  if (spread_zero == ir::kNoValue || is_zero(patch.constant_value(spread_zero))) return floats;
  return patch.add(Binary{BinaryFn::kSub}, {floats, spread_zero});
}

ir::ValueId rounded(ir::Patch& patch, ir::ValueId ratio, ir::ValueId spread_zero, DType to) {
  const IntRange range = int_range(to);
  const auto number = [&](int64_t value) { return patch.constant(Tensor::scalar(static_cast<float>(value))); };
  const auto binary = [&](BinaryFn fn, ir::ValueId a, ir::ValueId b) { return patch.add(Binary{fn}, {a, b}); };
  ir::ValueId y = patch.add(Unary{UnaryFn::kRound}, {ratio});
  // Counted from the lowest number: what is not above 0, NaN too, becomes that.
  ir::ValueId shift =
      spread_zero != ir::kNoValue && !is_zero(patch.constant_value(spread_zero)) ? spread_zero : ir::kNoValue;
  if (range.low != 0) {
    shift = shift == ir::kNoValue ? number(-range.low) : binary(BinaryFn::kSub, shift, number(range.low));
  }
  if (shift != ir::kNoValue) y = binary(BinaryFn::kAdd, y, shift);
  y = patch.add(Unary{UnaryFn::kThresholdedRelu, 0, 0}, {y});
  y = binary(BinaryFn::kMin, y, number(range.high - range.low));
  return range.low != 0 ? binary(BinaryFn::kAdd, y, number(range.low)) : y;
}

bool has_integer_form(const Shape& weights, int64_t group) {
  if (weights.size() < 3 || weights.size() > 5) return false;
  return group == 1 || weights[1] >= kFewChannels || (weights[1] == 1 && weights[0] == group);
}

bool has_integer_kernel(const ir::Graph& graph, const ir::Node& node, const Target& target) {
  if (!target.integer_products) return false;
  const Fact &x = graph.fact(node.inputs[0]), &w = graph.fact(node.inputs[1]);
  const ir::ValueId x_zero = input_or_none(node, 2);
  const auto one = constant_shape(x_zero == ir::kNoValue ? DimShape() : graph.fact(x_zero).shape.value_or(DimShape{0}));
  if (!one || element_count(*one) != 1 || input_or_none(node, 3) != ir::kNoValue) return false;
  if (!x.has_rank() || w.dtype() != DType::kI8 || graph.constant(node.inputs[1]) == nullptr) return false;
  const auto* conv = node.op.as<ConvInteger>();
  if (conv == nullptr) return x.rank() >= 2 && w.rank() == 2;
  return target.channels_last && has_integer_form(graph.constant(node.inputs[1])->shape(), conv->group);
}

bool takes_elements(const Op& op) {
  const auto* pool = op.as<Pool>();
  if (pool != nullptr) return pool->fn == PoolFn::kMax && !pool->with_indices;
  return op.is<Reshape>() || op.is<Transpose>() || op.is<Slice>();
}

bool is_rounded(const ir::Graph& graph, ir::ValueId value, DType to) {
  while (graph.producer(value) != nullptr && takes_elements(graph.producer(value)->op)) {
    value = graph.producer(value)->inputs[0];
  }
  if (!is_int(to) || dtype_bits(to) > 16 || graph.fact(value).dtype() != DType::kF32) return false;
  const auto shifted = with_number(graph, value, BinaryFn::kAdd);
  const double shift = shifted ? shifted->bound : 0;
  const auto high = with_number(graph, shifted ? shifted->value : value, BinaryFn::kMin);
  if (!high) return false;
  const auto low = lower_bound_of(graph, high->value);
  const IntRange range = int_range(to);
  return low && *low + shift >= static_cast<double>(range.low) &&
         high->bound + shift <= static_cast<double>(range.high) && is_whole(graph, value, 6);
}

}  // namespace ingot::passes

#include "random_graphs/builder.h"

#include "base/error.h"
#include "tensor/elements.h"
#include "tensor/random.h"

namespace ingot::random_graphs {
namespace {

constexpr int64_t kMostElements = 6000;

}  // namespace

Builder::Builder(uint64_t seed) : choose(seed) { symbols = {{"n", choose.between(1, 4)}, {"m", choose.between(1, 7)}}; }

std::optional<ir::ValueId> Builder::any(int64_t least_rank, int64_t most_rank) {
  std::vector<ir::ValueId> fit, unread;
  for (const ir::ValueId id : values_) {
    const int64_t rank = graph.fact(id).rank();
    if (rank < least_rank || rank > most_rank) continue;
    fit.push_back(id);
    if (graph.users(id).empty()) unread.push_back(id);
  }
  if (!unread.empty() && !choose.one_in(3)) return choose.of(unread);
  if (fit.empty()) return std::nullopt;
  return choose.of(fit);
}

std::optional<Shape> Builder::sizes(const Fact& fact) const {
  if (!fact.type.is_tensor() || !fact.shape) return std::nullopt;
  Shape shape;
  for (const Dim& dim : *fact.shape) {
    const auto size = dim.eval(symbols);
    if (!size || *size < 0) return std::nullopt;
    shape.push_back(*size);
  }
  return shape;
}

// Throws unless the operator takes the sizes that the symbols stand for.
void Builder::require_fit(const Op& op, const std::vector<ir::ValueId>& inputs) const {
  std::vector<Fact> facts;
  for (const ir::ValueId id : inputs) {
    facts.push_back(graph.fact(id));
    if (const auto shape = sizes(id)) facts.back().shape = to_dims(*shape);
  }
  std::vector<const Fact*> pointers;
  for (const Fact& fact : facts) pointers.push_back(&fact);
  graph.infer(op, pointers);
}

std::optional<ir::ValueId> Builder::add(Op op, std::vector<ir::ValueId> inputs) {
  try {
    const auto facts = graph.infer(op, inputs);
    require_fit(op, inputs);
    const auto shape = sizes(facts[0]);
    if (!shape || element_count(*shape) > kMostElements || shape->size() > 6) return std::nullopt;
    const auto outputs = graph.add_inferred(std::move(op), std::move(inputs), {}, facts);
    if (graph.fact(outputs[0]).dtype() == DType::kF32) values_.push_back(outputs[0]);
    return outputs[0];
  } catch (const Error&) {
    return std::nullopt;
  }
}

ir::ValueId Builder::weights(Shape shape, double scale) {
  Tensor tensor = random_tensor(DType::kF32, std::move(shape), choose.bits());
  for (int64_t i = 0; i < tensor.count(); ++i) write_double(tensor, i, read_double(tensor, i) * scale);
  return graph.add_constant(std::move(tensor));
}

ir::ValueId Builder::number(double value) {
  return graph.add_constant(Tensor::of<float>({}, {static_cast<float>(value)}));
}

ir::ValueId Builder::indices(std::vector<int64_t> values) {
  const auto count = static_cast<int64_t>(values.size());
  return graph.add_constant(Tensor::of<int64_t>({count}, values));
}

ir::ValueId Builder::mask(Shape shape) {
  if (choose.one_in(2)) return graph.add_constant(random_tensor(DType::kBool, std::move(shape), choose.bits()));
  return input(DType::kBool, to_dims(shape));
}

ir::ValueId Builder::input(DType dtype, DimShape shape) {
  const auto id =
      graph.add_input("x" + std::to_string(graph.inputs().size()), Fact(dtype, std::optional(std::move(shape))));
  if (dtype == DType::kF32) values_.push_back(id);
  return id;
}

void Builder::finish() {
  std::vector<ir::ValueId> outputs;
  std::vector<std::string> names;
  for (const ir::ValueId id : values_) {
    const bool made = graph.producer(id) != nullptr;
    if (made && (graph.users(id).empty() || choose.one_in(25))) outputs.push_back(id);
  }
  for (size_t i = 0; i < outputs.size(); ++i) names.push_back("y" + std::to_string(i));
  graph.set_outputs(outputs, names);
  graph.remove_dead();
}

Builder random_graph(uint64_t seed) {
  Builder b(seed);
  const auto dim = [&](int64_t largest) {
    if (b.choose.one_in(4)) return Dim::symbol(b.choose.one_in(2) ? "n" : "m");
    return Dim(b.choose.between(1, largest));
  };
  for (int64_t i = b.choose.between(1, 2); i > 0; --i) {
    switch (b.choose.between(0, 2)) {
      case 0: b.input(DType::kF32, {dim(3), Dim(b.choose.between(1, 12)), dim(9), dim(9)}); break;
      case 1: b.input(DType::kF32, {dim(3), dim(7), Dim(4 * b.choose.between(1, 5))}); break;
      default: b.input(DType::kF32, {dim(6), Dim(b.choose.between(1, 20))}); break;
    }
  }
  for (int64_t i = b.choose.between(2, 12); i > 0; --i) {
    if (b.choose.one_in(3)) {
      add_idiom(b);
    } else {
      add_operator(b);
    }
  }
  b.finish();
  return b;
}

}  // namespace ingot::random_graphs

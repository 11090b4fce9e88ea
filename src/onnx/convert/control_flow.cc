// If, Loop, Scan, sequences and optionals.
#include <set>

#include "onnx/convert/converters.h"
#include "onnx/load_types.h"
#include "ops/bodies.h"
#include "ops/if.h"
#include "ops/loop.h"
#include "ops/optional.h"
#include "ops/scan.h"
#include "ops/sequence.h"
#include "ops/sequence_map.h"
#include "tensor/elements.h"

namespace ingot::onnx {
namespace {

const ir::Graph& body_graph(Conversion& c, size_t body) { return *c.graph().bodies().at(body); }

void append(std::vector<ir::ValueId>& to, const std::vector<ir::ValueId>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// Gives body `body`, which knows the first captures, an unused input for each further one.
void pad_captures(Conversion& c, size_t body, const std::vector<ir::ValueId>& captures, size_t declared) {
  ir::Graph& graph = *c.graph().bodies().at(body);
  for (size_t i = graph.inputs().size() - declared; i < captures.size(); ++i) {
    graph.add_input("unused_capture_" + std::to_string(i), c.fact(captures[i]));
  }
}

// The nodes of a body that holds no bodies, added to the outer graph in its place.
std::vector<ir::ValueId> inline_body(Conversion& c, size_t body, const std::vector<ir::ValueId>& captures) {
  const ir::Graph& graph = body_graph(c, body);
  std::vector<ir::ValueId> outer(graph.value_count(), ir::kNoValue);
  for (size_t i = 0; i < captures.size(); ++i) outer[static_cast<size_t>(graph.inputs()[i])] = captures[i];
  const auto find = [&](ir::ValueId id) {
    if (id == ir::kNoValue) return id;
    ir::ValueId& found = outer[static_cast<size_t>(id)];
    if (found == ir::kNoValue) found = c.constant_value(*graph.constant(id));
    return found;
  };
  for (const ir::NodeId id : graph.order()) {
    const ir::Node& node = graph.node(id);
    std::vector<ir::ValueId> inputs;
    for (const ir::ValueId input : node.inputs) inputs.push_back(find(input));
    const auto outputs = c.graph().add_node(node.op, std::move(inputs), node.origin);
    for (size_t i = 0; i < outputs.size(); ++i) outer[static_cast<size_t>(node.outputs[i])] = outputs[i];
  }
  std::vector<ir::ValueId> results;
  for (const ir::ValueId output : graph.outputs()) results.push_back(find(output));
  return results;
}

void convert_if(Conversion& c) {
  std::vector<ir::ValueId> captures;
  if (const Tensor* condition = c.constant(0)) {
    // Only the branch taken: the other one is often invalid for the sizes at hand.
    if (condition->count() != 1) fail(Code::kInvalidModel, "the condition of If is {}", condition->type_text());
    const auto body = c.body(read_int(*condition, 0) != 0 ? "then_branch" : "else_branch", {}, captures);
    if (body_graph(c, body).bodies().empty()) {
      c.set_outputs(inline_body(c, body, captures));
      if (body + 1 == c.graph().bodies().size()) c.graph().bodies().pop_back();
      return;
    }
    std::vector<ir::ValueId> inputs{c.input(0)};
    append(inputs, captures);
    c.set_outputs(c.add_node(If{static_cast<int64_t>(body), static_cast<int64_t>(body)}, std::move(inputs)));
    return;
  }
  const size_t then_body = c.body("then_branch", {}, captures);
  const size_t else_body = c.body("else_branch", {}, captures);
  pad_captures(c, then_body, captures, 0);
  std::vector<ir::ValueId> inputs{c.input(0)};
  append(inputs, captures);
  c.set_outputs(c.add_node(If{static_cast<int64_t>(then_body), static_cast<int64_t>(else_body)}, std::move(inputs)));
}

// What a body may assume of a state: the type and the sizes, not the content.
Fact state_fact(Fact fact) {
  fact.value.reset();
  fact.elements.reset();
  return fact;
}

// Converts a body whose outputs from `first_output` on become its inputs from `first_state` on in the next iteration:
// facts of these inputs are widened until the body's results fit them.
size_t convert_stable(Conversion& c, std::vector<Fact> inputs, size_t first_state, size_t states, size_t first_output,
                      std::vector<ir::ValueId>& captures) {
  std::set<std::string> widened;
  for (;;) {
    const size_t body = c.body("body", inputs, captures);
    const ir::Graph& graph = body_graph(c, body);
    if (graph.outputs().size() < first_output + states) {
      fail(Code::kInvalidModel, "a body with {} states gives {} values", states, graph.outputs().size());
    }
    bool stable = true;
    for (size_t i = 0; i < states; ++i) {
      Fact& before = inputs[first_state + i];
      Fact after = graph.fact(graph.outputs()[first_output + i]);
      const bool same_rank = before.has_rank() && after.has_rank() && before.rank() == after.rank();
      for (size_t axis = 0; same_rank && axis < before.shape->size(); ++axis) {
        // A widened size covers every size.
        const Dim& dim = (*before.shape)[axis];
        if (widened.contains(dim.symbol_name())) (*after.shape)[axis] = dim;
      }
      const Fact joined = join_facts(before, after, [&] {
        const Dim dim = c.graph().fresh_dim();
        widened.insert(dim.symbol_name());
        return dim;
      });
      if (joined.type == before.type && joined.shape == before.shape) continue;
      stable = false;
      before = joined;
    }
    if (stable) return body;
    if (body + 1 == c.graph().bodies().size()) c.graph().bodies().pop_back();
  }
}

// Types, ranks and sizes (0 where unknown) of the body's outputs from `first` on.
void describe_slices(const ir::Graph& body, size_t first, std::vector<int64_t>& dtypes, std::vector<int64_t>& ranks,
                     std::vector<int64_t>& sizes) {
  for (size_t i = first; i < body.outputs().size(); ++i) {
    const Fact& fact = body.fact(body.outputs()[i]);
    dtypes.push_back(static_cast<int64_t>(fact.dtype()));
    ranks.push_back(fact.has_rank() ? fact.rank() : 0);
    if (!fact.has_rank()) continue;
    for (const Dim& dim : *fact.shape) sizes.push_back(dim.constant().value_or(0));
  }
}

void convert_loop(Conversion& c) {
  Loop loop;
  loop.states = std::max<int64_t>(static_cast<int64_t>(c.input_count()) - 2, 0);
  Fact condition = Fact::of(Tensor::scalar<bool>(true));  // true whenever the body runs
  std::vector<Fact> facts{Fact(DType::kI64, DimShape{}), condition};
  std::vector<ir::ValueId> inputs{c.optional(0), c.optional(1)};
  for (size_t i = 0; i < static_cast<size_t>(loop.states); ++i) {
    inputs.push_back(c.input(2 + i));
    facts.push_back(state_fact(c.input_fact(2 + i)));
  }
  std::vector<ir::ValueId> captures;
  const auto states = static_cast<size_t>(loop.states);
  const size_t body = convert_stable(c, facts, 2, states, 1, captures);
  loop.body = static_cast<int64_t>(body);
  describe_slices(body_graph(c, body), 1 + states, loop.scan_dtypes, loop.scan_ranks, loop.scan_sizes);
  append(inputs, captures);
  c.set_outputs(c.add_node(std::move(loop), std::move(inputs)));
}

// `fact` without `axis`.
Fact slice_fact(const Fact& fact, int64_t axis) {
  Fact slice = state_fact(fact);
  if (slice.shape) slice.shape->erase(slice.shape->begin() + normalize_axis(axis, slice.rank()));
  return slice;
}

void convert_scan(Conversion& c) {
  Scan scan;
  scan.batched = c.opset() == 8;
  const size_t first = scan.batched ? 1 : 0;
  scan.scan_inputs = c.get_int("num_scan_inputs", 0);
  const int64_t total = static_cast<int64_t>(c.input_count()) - static_cast<int64_t>(first);
  if (scan.scan_inputs < 1 || scan.scan_inputs > total) {
    fail(Code::kInvalidModel, "Scan over {} of {} inputs", scan.scan_inputs, total);
  }
  scan.states = total - scan.scan_inputs;
  scan.input_axes = c.get_ints("scan_input_axes");
  scan.output_axes = c.get_ints("scan_output_axes");
  scan.input_directions = c.get_ints(scan.batched ? "directions" : "scan_input_directions");
  scan.output_directions = c.get_ints("scan_output_directions");
  std::vector<Fact> facts;
  std::vector<ir::ValueId> inputs;
  if (scan.batched) inputs.push_back(c.optional(0));
  for (size_t i = first; i < c.input_count(); ++i) {
    inputs.push_back(c.input(i));
    Fact fact = state_fact(c.input_fact(i));
    const auto k = static_cast<int64_t>(i - first) - scan.states;
    if (scan.batched) fact = slice_fact(fact, 0);
    if (k >= 0) {
      const auto at = static_cast<size_t>(k);
      fact = slice_fact(fact, scan.batched || at >= scan.input_axes.size() ? 0 : scan.input_axes[at]);
    }
    facts.push_back(std::move(fact));
  }
  std::vector<ir::ValueId> captures;
  const auto states = static_cast<size_t>(scan.states);
  const size_t body = convert_stable(c, facts, 0, states, 0, captures);
  scan.body = static_cast<int64_t>(body);
  describe_slices(body_graph(c, body), states, scan.slice_dtypes, scan.slice_ranks, scan.slice_sizes);
  append(inputs, captures);
  c.set_outputs(c.add_node(std::move(scan), std::move(inputs)));
}

void convert_sequence_map(Conversion& c) {
  const Graph& declared = c.get_graph("body");
  std::vector<Fact> facts;
  for (size_t i = 0; i < c.input_count(); ++i) {
    const Fact& fact = c.input_fact(i);
    facts.push_back(fact.type.kind == Type::Kind::kSequence ? Fact(*fact.type.element) : fact);
    // Elements of sequences have no shape of their own: the body's declaration tells at least the rank.
    if (facts[i].type.is_tensor() && i < declared.inputs.size()) {
      facts[i] = refine(facts[i], declared.inputs[i], [&] { return c.graph().fresh_dim(); });
    }
  }
  std::vector<ir::ValueId> captures, inputs = c.inputs();
  const size_t body = c.body("body", facts, captures);
  append(inputs, captures);
  c.set_outputs(c.add_node(SequenceMap{static_cast<int64_t>(body), static_cast<int64_t>(c.input_count()),
                                       static_cast<int64_t>(body_graph(c, body).outputs().size())},
                           std::move(inputs)));
}

template <class T> void convert_plain(Conversion& c) { c.set_output(0, c.add(T{}, c.inputs())); }

void convert_sequence_empty(Conversion& c) {
  c.set_output(0, c.add(SequenceEmpty{c.get_dtype("dtype", DType::kF32)}, {}));
}

void convert_concat_from_sequence(Conversion& c) {
  if (!c.has_attribute("axis")) fail(Code::kInvalidModel, "ConcatFromSequence needs its attribute axis");
  c.set_output(0, c.add(ConcatFromSequence{c.get_int("axis", 0), c.get_int("new_axis", 0) != 0}, {c.input(0)}));
}

void convert_split_to_sequence(Conversion& c) {
  c.set_output(0, c.add(SplitToSequence{c.get_int("axis", 0), c.get_int("keepdims", 1) != 0}, c.inputs()));
}

void convert_optional(Conversion& c) {
  if (c.has(0)) return c.set_output(0, c.add(MakeOptional{c.input_fact(0).type}, {c.input(0)}));
  const Attribute* type = c.node().attribute("type");
  if (type == nullptr || type->types.empty())
    fail(Code::kInvalidModel, "Optional needs an input or its attribute type");
  c.set_output(0, c.add(MakeOptional{type_of(type->types[0], "the element of an optional")}, {}));
}

constexpr Converter kTable[] = {
    {"", "If", convert_if},
    {"", "Loop", convert_loop},
    {"", "Scan", convert_scan},
    {"", "SequenceMap", convert_sequence_map},
    {"", "SequenceConstruct", convert_plain<SequenceConstruct>},
    {"", "SequenceEmpty", convert_sequence_empty},
    {"", "SequenceInsert", convert_plain<SequenceInsert>},
    {"", "SequenceErase", convert_plain<SequenceErase>},
    {"", "SequenceAt", convert_plain<SequenceAt>},
    {"", "SequenceLength", convert_plain<SequenceLength>},
    {"", "ConcatFromSequence", convert_concat_from_sequence},
    {"", "SplitToSequence", convert_split_to_sequence},
    {"", "Optional", convert_optional},
    {"", "OptionalHasElement", convert_plain<OptionalHasElement>},
    {"", "OptionalGetElement", convert_plain<OptionalGetElement>},
};

}  // namespace

std::span<const Converter> control_flow_converters() { return kTable; }

}  // namespace ingot::onnx

#include "ir/bodies.h"

#include "ir/symbols.h"
#include "ops/field_ignorer.h"

namespace ingot::ir {
namespace {

// Finds integers with a body's name.
class BodyVisitor : public FieldIgnorer {
 public:
  explicit BodyVisitor(std::function<void(int64_t&)> found) : found_(std::move(found)) {}
  using FieldIgnorer::visit;
  void visit(const char* name, int64_t& field) override {
    const std::string_view text = name;
    if (field >= 0 && (text == "body" || text.ends_with("_body"))) found_(field);
  }

 private:
  std::function<void(int64_t&)> found_;
};

}  // namespace

std::vector<int64_t> body_indices(const Op& op) {
  std::vector<int64_t> indices;
  if (!op.has(kControlFlow)) return indices;
  BodyVisitor visitor([&](int64_t& index) { indices.push_back(index); });
  // The visitor only reads.
  op.def().visit(const_cast<void*>(op.fields()), visitor);
  return indices;
}

Op with_body_indices(const Op& op, const std::function<int64_t(int64_t)>& rename) {
  auto fields = op.def().copy(op.fields());
  BodyVisitor visitor([&](int64_t& index) { index = rename(index); });
  op.def().visit(fields.get(), visitor);
  return Op(&op.def(), std::move(fields));
}

std::vector<ValueId> inline_body(Graph& into, Graph body, const std::vector<ValueId>& inputs, const Origin& origin) {
  INGOT_ASSERT(inputs.size() == body.inputs().size(), "a body gets as many inputs as it declares");
  std::vector<ValueId> renamed(body.value_count(), kNoValue);
  for (size_t i = 0; i < inputs.size(); ++i) renamed[static_cast<size_t>(body.inputs()[i])] = inputs[i];
  const auto rename = [&](ValueId id) {
    if (id == kNoValue) return kNoValue;
    auto& slot = renamed[static_cast<size_t>(id)];
    if (slot == kNoValue) slot = into.add_constant(*body.constant(id), body.value(id).name);
    return slot;
  };
  SymbolDims sizes;  // that are inferred anew
  for (const NodeId id : body.order()) {
    Node node = body.node(id);
    node.op = with_symbols(node.op, sizes);
    for (ValueId& input : node.inputs) input = rename(input);
    if (node.op.has(kControlFlow)) {
      node.op = with_body_indices(node.op, [&](int64_t index) {
        return static_cast<int64_t>(into.add_body(std::move(*body.bodies().at(static_cast<size_t>(index)))));
      });
    }
    merge_origin(node.origin, origin);
    const auto outputs = into.add_node(std::move(node.op), std::move(node.inputs), std::move(node.origin));
    for (size_t i = 0; i < outputs.size() && i < node.outputs.size(); ++i) {
      renamed[static_cast<size_t>(node.outputs[i])] = outputs[i];
      into.rename_value(outputs[i], body.value(node.outputs[i]).name);
      const auto &before = body.fact(node.outputs[i]).shape, &after = into.fact(outputs[i]).shape;
      if (before && after) learn_symbols(*before, *after, sizes);
    }
  }
  std::vector<ValueId> outputs;
  for (const ValueId output : body.outputs()) outputs.push_back(rename(output));
  return outputs;
}

void empty_unused_bodies(Graph& graph) {
  std::vector<bool> used(graph.bodies().size(), false);
  for (const NodeId id : graph.order()) {
    for (const int64_t index : body_indices(graph.node(id).op)) used.at(static_cast<size_t>(index)) = true;
  }
  for (size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) *graph.bodies()[i] = graph.new_body();
  }
}

}  // namespace ingot::ir

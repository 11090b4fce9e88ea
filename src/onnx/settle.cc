#include "onnx/settle.h"

#include <algorithm>

#include "ops/eval.h"
#include "ops/quantize_linear.h"

namespace ingot::onnx {
namespace {

constexpr int64_t kMaxElements = 4096;
constexpr int64_t kMaxBytes = kMaxElements * 16;

bool is_small(const Tensor& tensor) { return tensor.count() <= kMaxElements; }

// Elements known as numbers, from shape arithmetic.
std::optional<Tensor> from_elements(const Fact& fact) {
  if (!fact.elements || !fact.shape) return std::nullopt;
  const auto content = constant_shape(*fact.elements);
  const auto shape = constant_shape(*fact.shape);
  if (!content || !shape || element_count(*shape) != static_cast<int64_t>(content->size())) return std::nullopt;
  if (fact.dtype() == DType::kI64) return Tensor::of<int64_t>(*shape, *content);
  if (fact.dtype() != DType::kI32) return std::nullopt;
  return Tensor::of<int32_t>(*shape, std::vector<int32_t>(content->begin(), content->end()));
}

// Weights of products stay quantised, however few: kernels on integers take them as they are.
bool is_quantized_weight(const ir::Graph& graph, const ir::Node& node) {
  return node.op.is<DequantizeLinear>() && graph.fact(node.inputs[0]).has_rank() &&
         graph.fact(node.inputs[0]).rank() >= 2;
}

bool is_foldable(const ir::Graph& graph, const ir::Node& node) {
  if (node.op.has(kNondeterministic) || node.op.has(kControlFlow) || node.inputs.empty()) return false;
  if (is_quantized_weight(graph, node)) return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ir::ValueId id) {
    if (id == ir::kNoValue) return true;
    const Tensor* constant = graph.constant(id);
    return constant != nullptr && is_small(*constant);
  });
}

void fold(ir::Graph& graph, const ir::Node& node) {
  std::vector<Value> operands;
  for (const ir::ValueId id : node.inputs) {
    operands.push_back(id == ir::kNoValue ? Value() : Value(*graph.constant(id)));
  }
  std::vector<const Value*> pointers;
  for (size_t i = 0; i < operands.size(); ++i) {
    pointers.push_back(node.inputs[i] == ir::kNoValue ? nullptr : &operands[i]);
  }
  EvalHost host;
  host.memory_budget = kMaxBytes;
  std::vector<Value> results;
  try {
    results = evaluate(node.op, pointers, host);
  } catch (const Error&) {
    return;
  }
  for (size_t i = 0; i < results.size() && i < node.outputs.size(); ++i) {
    const Fact& fact = graph.fact(node.outputs[i]);
    if (!results[i].is_tensor() || fact.value || !fact.type.is_tensor()) continue;
    const Tensor& content = results[i].tensor();
    if (content.dtype() == fact.dtype() && is_small(content)) graph.refine_fact(node.outputs[i], Fact::of(content));
  }
}

}  // namespace

void settle_values(ir::Graph& graph, size_t first) {
  for (auto id = static_cast<ir::ValueId>(first); id < static_cast<ir::ValueId>(graph.value_count()); ++id) {
    if (graph.fact(id).value) continue;
    if (auto content = from_elements(graph.fact(id))) {
      graph.refine_fact(id, Fact::of(std::move(*content)));
      continue;
    }
    const ir::Node* producer = graph.producer(id);
    if (producer != nullptr && graph.value(id).output == 0 && is_foldable(graph, *producer)) fold(graph, *producer);
  }
}

}  // namespace ingot::onnx

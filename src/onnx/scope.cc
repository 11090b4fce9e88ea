#include "onnx/scope.h"

#include <algorithm>

namespace ingot::onnx {

void Target::name_value(ir::ValueId id, const std::string& name) {
  if (id == ir::kNoValue || graph.is_graph_input(id)) return;
  if (named.insert(id).second) graph.rename_value(id, name);
}

void Target::make_names_unique() {
  std::unordered_set<std::string> seen;
  named.insert(graph.inputs().begin(), graph.inputs().end());
  const auto visit = [&](bool of_model) {
    for (ir::ValueId id = 0; id < static_cast<ir::ValueId>(graph.value_count()); ++id) {
      if (named.contains(id) != of_model) continue;
      std::string name = graph.value(id).name;
      if (seen.insert(name).second) continue;
      for (size_t i = 1; !seen.insert(name).second; ++i) name = fmt::format("{}_{}", graph.value(id).name, i);
      graph.rename_value(id, std::move(name));
    }
  };
  visit(true);
  visit(false);
}

void Scope::declare(const Graph& graph) {
  for (const TensorProto& tensor : graph.initializers) initializers_[tensor.name] = {&tensor, nullptr};
  for (const SparseTensorProto& tensor : graph.sparse_initializers) {
    initializers_[tensor.values.name] = {nullptr, &tensor};
  }
  declare(graph.value_infos);
  declare(graph.outputs);
}

void Scope::declare(const std::vector<ValueInfo>& values) {
  for (const ValueInfo& value : values) declarations_[value.name] = &value;
}

const ValueInfo* Scope::declaration(const std::string& name) const {
  const auto found = declarations_.find(name);
  return found != declarations_.end() ? found->second : nullptr;
}

void Scope::bind(const std::string& name, ir::ValueId id) {
  if (initializers_.contains(name) || !values_.emplace(name, id).second) {
    fail(Code::kInvalidModel, "'{}' is defined twice", name);
  }
}

ir::ValueId Scope::resolve(const std::string& name) {
  const auto found = find(name);
  if (!found) fail(Code::kInvalidModel, "'{}' is defined nowhere", name);
  return *found;
}

std::optional<ir::ValueId> Scope::find(const std::string& name) {
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  const auto initializer = initializers_.find(name);
  if (initializer == initializers_.end()) return capture(name);
  const auto [dense, sparse] = initializer->second;
  Tensor tensor = dense != nullptr ? to_tensor(*dense, folder_) : to_tensor(*sparse, folder_);
  const ir::ValueId id = graph().add_constant(std::move(tensor), frame_.prefix + name);
  target_.named.insert(id);
  values_.emplace(name, id);
  return id;
}

std::optional<ir::ValueId> Scope::capture(const std::string& name) {
  if (outer_ == nullptr) return std::nullopt;
  const auto outside = outer_->find(name);
  if (!outside) return std::nullopt;
  ir::ValueId id = ir::kNoValue;
  if (const Tensor* constant = outer_->graph().constant(*outside)) {
    id = graph().add_constant(*constant, outer_->graph().value(*outside).name);
    target_.named.insert(id);
  } else if (*outside != ir::kNoValue) {
    const auto known = std::find(captures_->begin(), captures_->end(), *outside);
    const auto index = static_cast<size_t>(known - captures_->begin());
    if (known == captures_->end()) {
      captures_->push_back(*outside);
      const ir::ValueInfo& value = outer_->graph().value(*outside);
      capture_inputs_.push_back(graph().add_input(value.name, value.fact));
    }
    id = capture_inputs_.at(index);
  }
  values_.emplace(name, id);
  return id;
}

}  // namespace ingot::onnx

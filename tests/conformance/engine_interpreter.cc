#include <algorithm>

#include "conformance/engine.h"
#include "ir/interpreter.h"
#include "onnx/load.h"

namespace ingot::conformance {
namespace {

Ran interpret(const std::filesystem::path& model, const std::vector<std::string>& names,
              const std::vector<Value>& values) {
  const ir::Graph graph = onnx::load(onnx::read_model(model));
  std::vector<Value> ordered;
  for (const ir::ValueId id : graph.inputs()) {
    const auto found = std::find(names.begin(), names.end(), graph.value(id).name);
    ordered.push_back(found != names.end() ? values[static_cast<size_t>(found - names.begin())] : Value());
  }
  return {ir::interpret(graph, std::move(ordered)), 0, 0};
}

}  // namespace

Engine interpreter_engine() { return interpret; }

}  // namespace ingot::conformance

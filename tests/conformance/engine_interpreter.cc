#include <algorithm>

#include "conformance/engine.h"
#include "ir/interpreter.h"
#include "onnx/load.h"

namespace ingot::conformance {

std::vector<Value> run_interpreter(const std::filesystem::path& model, const std::vector<std::string>& names,
                                   const std::vector<Value>& values) {
  const ir::Graph graph = onnx::load(onnx::read_model(model));
  std::vector<Value> ordered;
  for (const ir::ValueId id : graph.inputs()) {
    const auto found = std::find(names.begin(), names.end(), graph.value(id).name);
    ordered.push_back(found != names.end() ? values[static_cast<size_t>(found - names.begin())] : Value());
  }
  return ir::interpret(graph, std::move(ordered));
}

}  // namespace ingot::conformance

// onnx::Model -> ir::Graph.
#pragma once
#include <map>

#include "base/progress.h"
#include "ir/graph.h"
#include "onnx/model.h"

namespace ingot::onnx {

// An operator that the application supplies for a foreign domain. A model can never name a library.
struct CustomOperator {
  std::string domain, op_type;
  Op (*make)(const Node& node, const void* user) = nullptr;
  const void* user = nullptr;
};

struct LoadOptions {
  std::map<std::string, int64_t> free_dimensions;        // dim_param -> size
  std::map<std::string, std::vector<Dim>> input_shapes;  // overrides the file's shape of an input
  std::vector<CustomOperator> custom_operators;
  size_t max_nodes = 4u << 20;  // after inlining functions
  size_t max_depth = 64;        // of nested graphs and function calls
};

// Converts every node at its opset, inlines functions, makes captures of subgraphs explicit. Inputs that have an
// initializer become constants (ONNX IR >= 4 semantics differ: see load.cc). Throws Error with a "node ..." frame.
ir::Graph load(const Model& model, const LoadOptions& options = {}, const Progress& progress = {});

}  // namespace ingot::onnx

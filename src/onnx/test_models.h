// Small models for tests, built field by field.
#pragma once
#include <filesystem>

#include "base/folder_testing.h"
#include "onnx/load.h"
#include "ops/softmax.h"
#include "ops/transpose.h"

namespace ingot::onnx::testing {

inline Node node(std::string op_type, std::vector<std::string> inputs, std::vector<std::string> outputs,
                 std::string domain = "test") {
  Node node;
  node.op_type = std::move(op_type);
  node.domain = std::move(domain);
  node.inputs = std::move(inputs);
  node.outputs = std::move(outputs);
  return node;
}

// Dims: a number, a name, or "" for neither.
inline ValueInfo value_info(std::string name, std::vector<std::string> dims, DType dtype = DType::kF32) {
  ValueInfo info;
  info.name = std::move(name);
  info.type.kind = TypeProto::Kind::kTensor;
  info.type.elem_type = static_cast<int32_t>(dtype);
  info.type.shape.emplace();
  for (const std::string& dim : dims) {
    Dimension dimension;
    const bool number = !dim.empty() && (std::isdigit(dim[0]) != 0 || dim[0] == '-');
    number ? static_cast<void>(dimension.value = std::stoll(dim)) : static_cast<void>(dimension.param = dim);
    info.type.shape->push_back(dimension);
  }
  return info;
}

inline Attribute int_attribute(std::string name, int64_t value) {
  Attribute attribute;
  attribute.name = std::move(name);
  attribute.type = Attribute::Type::kInt;
  attribute.i = value;
  return attribute;
}
inline Attribute reference(std::string name, std::string to, Attribute::Type type = Attribute::Type::kInt) {
  Attribute attribute;
  attribute.name = std::move(name);
  attribute.ref_attr_name = std::move(to);
  attribute.type = type;
  return attribute;
}
inline Attribute graph_attribute(std::string name, Graph graph) {
  Attribute attribute;
  attribute.name = std::move(name);
  attribute.type = Attribute::Type::kGraph;
  attribute.graphs.push_back(std::make_shared<Graph>(std::move(graph)));
  return attribute;
}

// Model of f32[n,3] "x" -> "y" through `nodes`.
inline Model model(std::vector<Node> nodes) {
  Model model;
  model.ir_version = 10;
  model.opset_imports = {{"", 21}, {"test", 1}};
  model.graph.name = "g";
  model.graph.inputs = {value_info("x", {"n", "3"})};
  model.graph.outputs = {value_info("y", {"n", "3"})};
  model.graph.nodes = std::move(nodes);
  return model;
}

// Operators of domain "test": Softmax (attribute axis), Transpose (of two axes).
inline LoadOptions options() {
  LoadOptions options;
  options.custom_operators.push_back({"test", "Softmax", [](const Node& node, const void*) {
                                        const Attribute* axis = node.attribute("axis");
                                        return Op(Softmax{axis != nullptr ? axis->i : -1});
                                      }});
  options.custom_operators.push_back({"test", "Transpose", [](const Node&, const void*) {
                                        return Op(Transpose{{1, 0}});
                                      }});
  return options;
}

using ingot::TemporaryFolder;

// The Error that `body` throws; fails the caller with kInternal when it throws none.
template <class Body> Error error_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  return Error(Code::kInternal, "no error");
}

}  // namespace ingot::onnx::testing

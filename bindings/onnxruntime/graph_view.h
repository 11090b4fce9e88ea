// ONNX Runtime's graph, read through its C interface into vectors and strings. Pointers live as long as the graph.
#pragma once

#include <string>
#include <vector>

#include "status.h"

namespace ingot_ort {

template <typename Item, typename Owner, typename Count, typename Get>
std::vector<const Item*> items(const Owner* owner, const Count& count, const Get& get) {
  size_t size = 0;
  check(count(owner, &size));
  std::vector<const Item*> result(size);
  if (size) {
    check(get(owner, result.data(), size));
  }
  return result;
}

inline auto nodes_of(const OrtGraph* graph) {
  return items<OrtNode>(graph, ort::Graph_GetNumNodes, ort::Graph_GetNodes);
}
inline auto inputs_of(const OrtGraph* graph) {
  return items<OrtValueInfo>(graph, ort::Graph_GetNumInputs, ort::Graph_GetInputs);
}
inline auto outputs_of(const OrtGraph* graph) {
  return items<OrtValueInfo>(graph, ort::Graph_GetNumOutputs, ort::Graph_GetOutputs);
}
inline auto initializers_of(const OrtGraph* graph) {
  return items<OrtValueInfo>(graph, ort::Graph_GetNumInitializers, ort::Graph_GetInitializers);
}
inline auto inputs_of(const OrtNode* node) {
  return items<OrtValueInfo>(node, ort::Node_GetNumInputs, ort::Node_GetInputs);
}
inline auto outputs_of(const OrtNode* node) {
  return items<OrtValueInfo>(node, ort::Node_GetNumOutputs, ort::Node_GetOutputs);
}
inline auto implicit_inputs_of(const OrtNode* node) {
  return items<OrtValueInfo>(node, ort::Node_GetNumImplicitInputs, ort::Node_GetImplicitInputs);
}
// Inputs, then the values that the node's bodies read; null for an omitted optional input.
std::vector<const OrtValueInfo*> values_read(const OrtNode* node);
inline std::vector<const OrtGraph*> bodies_of(const OrtNode* node) {
  size_t count = 0;
  check(ort::Node_GetNumSubgraphs(node, &count));
  std::vector<const OrtGraph*> bodies(count);
  if (count) {
    check(ort::Node_GetSubgraphs(node, bodies.data(), count, nullptr));
  }
  return bodies;
}
inline auto attributes_of(const OrtNode* node) {
  return items<OrtOpAttr>(node, ort::Node_GetNumAttributes, ort::Node_GetAttributes);
}

// Calls a getter of one string.
template <typename Owner, typename Get> std::string text(const Owner* owner, const Get& get) {
  const char* result = nullptr;
  check(get(owner, &result));
  return result ? result : "";
}
// "" for an omitted optional value.
inline std::string name_of(const OrtValueInfo* value) { return value ? text(value, ort::GetValueInfoName) : ""; }
inline bool is_constant(const OrtValueInfo* value) {
  bool constant = false;
  check(ort::ValueInfo_IsConstantInitializer(value, &constant));
  return constant;
}

// A tensor as ONNX Runtime holds it; pointers live as long as the value.
struct TensorView {
  int dtype = 0;
  const int64_t* shape = nullptr;
  size_t rank = 0;
  const void* data = nullptr;
};
TensorView view_tensor(const OrtValue* value);
// Bytes of a dense tensor, packed types rounded up. Throws Failure for types without a fixed size (strings) and those
// whose numbers ONNX and ONNX Runtime disagree on.
size_t byte_size(int dtype, const int64_t* shape, size_t rank);

// The bytes of an attribute of the given type.
std::string read_attribute(const OrtOpAttr* attribute, int type);
// A string attribute of `node`; "" when it is absent.
std::string string_attribute(const OrtNode* node, const std::string& name);
// Null unless the value is a tensor.
const OrtTensorTypeAndShapeInfo* tensor_info(const OrtValueInfo* value);

}  // namespace ingot_ort

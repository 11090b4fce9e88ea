// Every tensor of a model: initializers and attributes of all graphs and functions, the parts of sparse tensors.
#pragma once
#include "onnx/model.h"

namespace ingot::onnx {

template <class Graph, class Visit> void visit_graph_tensors(Graph& graph, const Visit& visit);

template <class Attribute, class Visit> void visit_attribute_tensors(Attribute& attribute, const Visit& visit) {
  for (auto& tensor : attribute.tensors) visit(tensor);
  for (auto& tensor : attribute.sparse_tensors) {
    visit(tensor.values);
    visit(tensor.indices);
  }
  for (auto& graph : attribute.graphs) visit_graph_tensors(*graph, visit);
}

template <class Nodes, class Visit> void visit_node_tensors(Nodes& nodes, const Visit& visit) {
  for (auto& node : nodes) {
    for (auto& attribute : node.attributes) visit_attribute_tensors(attribute, visit);
  }
}

template <class Graph, class Visit> void visit_graph_tensors(Graph& graph, const Visit& visit) {
  for (auto& tensor : graph.initializers) visit(tensor);
  for (auto& tensor : graph.sparse_initializers) {
    visit(tensor.values);
    visit(tensor.indices);
  }
  visit_node_tensors(graph.nodes, visit);
}

// visit(TensorProto&), or const TensorProto& of a const model.
template <class Model, class Visit> void visit_tensors(Model& model, const Visit& visit) {
  visit_graph_tensors(model.graph, visit);
  for (auto& function : model.functions) {
    visit_node_tensors(function.nodes, visit);
    for (auto& attribute : function.attribute_protos) visit_attribute_tensors(attribute, visit);
  }
}

}  // namespace ingot::onnx

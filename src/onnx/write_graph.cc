#include "onnx/fields.h"
#include "onnx/wire_writer.h"

namespace ingot::onnx {
namespace {

using Type = Attribute::Type;

void write_graphs(MessageWriter& out, uint32_t field, const Attribute& attribute) {
  for (const auto& graph : attribute.graphs) {
    out.message(field, [&](MessageWriter inner) { write_graph(inner, *graph); });
  }
}

void write_reals(MessageWriter& out, uint32_t field, const std::vector<float>& values) {
  for (const float value : values) out.real(field, value);
}

void write_attribute_value(MessageWriter& out, const Attribute& attribute) {
  switch (attribute.type) {
    case Type::kUndefined: return;
    case Type::kFloat: return out.real(wire::attribute::kF, attribute.f);
    case Type::kInt: return out.number(wire::attribute::kI, attribute.i);
    case Type::kString: return out.text(wire::attribute::kS, attribute.s);
    case Type::kTensor: return out.messages(wire::attribute::kT, attribute.tensors, write_tensor);
    case Type::kGraph: return write_graphs(out, wire::attribute::kG, attribute);
    case Type::kFloats: return write_reals(out, wire::attribute::kFloats, attribute.floats);
    case Type::kInts: return out.numbers(wire::attribute::kInts, attribute.ints);
    case Type::kStrings: return out.texts(wire::attribute::kStrings, attribute.strings);
    case Type::kTensors: return out.messages(wire::attribute::kTensors, attribute.tensors, write_tensor);
    case Type::kGraphs: return write_graphs(out, wire::attribute::kGraphs, attribute);
    case Type::kSparseTensor:
      return out.messages(wire::attribute::kSparseTensor, attribute.sparse_tensors, write_sparse_tensor);
    case Type::kSparseTensors:
      return out.messages(wire::attribute::kSparseTensors, attribute.sparse_tensors, write_sparse_tensor);
    case Type::kTypeProto: return out.messages(wire::attribute::kTp, attribute.types, write_type);
    case Type::kTypeProtos: return out.messages(wire::attribute::kTypeProtos, attribute.types, write_type);
  }
}

}  // namespace

void write_attribute(MessageWriter out, const Attribute& attribute) {
  out.text(wire::attribute::kName, attribute.name);
  out.text_unless_empty(wire::attribute::kRefAttrName, attribute.ref_attr_name);
  out.text_unless_empty(wire::attribute::kDocString, attribute.doc_string);
  out.number(wire::attribute::kType, static_cast<int64_t>(attribute.type));
  if (attribute.ref_attr_name.empty()) write_attribute_value(out, attribute);
  out.unknown(attribute.unknown_fields);
}

void write_node(MessageWriter out, const Node& node) {
  out.texts(wire::node::kInput, node.inputs);
  out.texts(wire::node::kOutput, node.outputs);
  out.text_unless_empty(wire::node::kName, node.name);
  out.text(wire::node::kOpType, node.op_type);
  out.text_unless_empty(wire::node::kDomain, node.domain);
  out.text_unless_empty(wire::node::kOverload, node.overload);
  out.messages(wire::node::kAttribute, node.attributes, write_attribute);
  out.text_unless_empty(wire::node::kDocString, node.doc_string);
  out.messages(wire::node::kMetadataProps, node.metadata_props, write_string_pair);
  out.unknown(node.unknown_fields);
}

void write_graph(MessageWriter out, const Graph& graph) {
  out.messages(wire::graph::kNode, graph.nodes, write_node);
  out.text(wire::graph::kName, graph.name);
  out.messages(wire::graph::kInitializer, graph.initializers, write_tensor);
  out.messages(wire::graph::kSparseInitializer, graph.sparse_initializers, write_sparse_tensor);
  out.text_unless_empty(wire::graph::kDocString, graph.doc_string);
  out.messages(wire::graph::kInput, graph.inputs, write_value_info);
  out.messages(wire::graph::kOutput, graph.outputs, write_value_info);
  out.messages(wire::graph::kValueInfo, graph.value_infos, write_value_info);
  out.messages(wire::graph::kMetadataProps, graph.metadata_props, write_string_pair);
  out.unknown(graph.unknown_fields);
}

void write_operator_set(MessageWriter out, const OperatorSet& set) {
  out.text(wire::operator_set::kDomain, set.domain);
  out.number(wire::operator_set::kVersion, set.version);
}

void write_function(MessageWriter out, const Function& function) {
  out.text(wire::function::kName, function.name);
  out.texts(wire::function::kInput, function.inputs);
  out.texts(wire::function::kOutput, function.outputs);
  out.texts(wire::function::kAttribute, function.attributes);
  out.messages(wire::function::kAttributeProto, function.attribute_protos, write_attribute);
  out.messages(wire::function::kNode, function.nodes, write_node);
  out.text_unless_empty(wire::function::kDocString, function.doc_string);
  out.messages(wire::function::kOpsetImport, function.opset_imports, write_operator_set);
  out.text(wire::function::kDomain, function.domain);
  out.text_unless_empty(wire::function::kOverload, function.overload);
  out.messages(wire::function::kValueInfo, function.value_infos, write_value_info);
  out.messages(wire::function::kMetadataProps, function.metadata_props, write_string_pair);
  out.unknown(function.unknown_fields);
}

}  // namespace ingot::onnx

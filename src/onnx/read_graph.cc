#include "onnx/fields.h"
#include "onnx/wire.h"

namespace ingot::onnx {
namespace {

constexpr size_t kReportEvery = 4096;  // nodes

}  // namespace

void read_node(MessageReader message, Node& node) {
  message.budget().take_node();
  while (message.next()) {
    switch (message.field()) {
      case wire::node::kInput: message.append(node.inputs) = message.get_string(); break;
      case wire::node::kOutput: message.append(node.outputs) = message.get_string(); break;
      case wire::node::kName: node.name = message.get_string(); break;
      case wire::node::kOpType: node.op_type = message.get_string(); break;
      case wire::node::kDomain: node.domain = message.get_string(); break;
      case wire::node::kOverload: node.overload = message.get_string(); break;
      case wire::node::kAttribute:
        read_attribute(message.get_message("AttributeProto"), message.append(node.attributes));
        break;
      case wire::node::kDocString: node.doc_string = message.get_string(); break;
      case wire::node::kMetadataProps:
        read_string_pair(message.get_message("StringStringEntryProto"), message.append(node.metadata_props));
        break;
      default: message.keep_unknown(node.unknown_fields);
    }
  }
}

void read_graph(MessageReader message, Graph& graph, const Progress& progress) {
  while (message.next()) {
    switch (message.field()) {
      case wire::graph::kNode:
        read_node(message.get_message("NodeProto"), message.append(graph.nodes));
        if (graph.nodes.size() % kReportEvery == 0) progress.report("read", graph.nodes.size(), 0);
        break;
      case wire::graph::kName: graph.name = message.get_string(); break;
      case wire::graph::kInitializer:
        read_tensor(message.get_message("TensorProto"), message.append(graph.initializers));
        break;
      case wire::graph::kSparseInitializer:
        read_sparse_tensor(message.get_message("SparseTensorProto"), message.append(graph.sparse_initializers));
        break;
      case wire::graph::kDocString: graph.doc_string = message.get_string(); break;
      case wire::graph::kInput:
        read_value_info(message.get_message("ValueInfoProto"), message.append(graph.inputs));
        break;
      case wire::graph::kOutput:
        read_value_info(message.get_message("ValueInfoProto"), message.append(graph.outputs));
        break;
      case wire::graph::kValueInfo:
        read_value_info(message.get_message("ValueInfoProto"), message.append(graph.value_infos));
        break;
      case wire::graph::kMetadataProps:
        read_string_pair(message.get_message("StringStringEntryProto"), message.append(graph.metadata_props));
        break;
      default: message.keep_unknown(graph.unknown_fields);
    }
  }
}

void read_operator_set(MessageReader message, OperatorSet& set) {
  while (message.next()) {
    switch (message.field()) {
      case wire::operator_set::kDomain: set.domain = message.get_string(); break;
      case wire::operator_set::kVersion: set.version = message.get_int(); break;
      default: message.skip();
    }
  }
}

void read_function(MessageReader message, Function& function) {
  while (message.next()) {
    switch (message.field()) {
      case wire::function::kName: function.name = message.get_string(); break;
      case wire::function::kInput: message.append(function.inputs) = message.get_string(); break;
      case wire::function::kOutput: message.append(function.outputs) = message.get_string(); break;
      case wire::function::kAttribute: message.append(function.attributes) = message.get_string(); break;
      case wire::function::kAttributeProto:
        read_attribute(message.get_message("AttributeProto"), message.append(function.attribute_protos));
        break;
      case wire::function::kNode: read_node(message.get_message("NodeProto"), message.append(function.nodes)); break;
      case wire::function::kDocString: function.doc_string = message.get_string(); break;
      case wire::function::kOpsetImport:
        read_operator_set(message.get_message("OperatorSetIdProto"), message.append(function.opset_imports));
        break;
      case wire::function::kDomain: function.domain = message.get_string(); break;
      case wire::function::kOverload: function.overload = message.get_string(); break;
      case wire::function::kValueInfo:
        read_value_info(message.get_message("ValueInfoProto"), message.append(function.value_infos));
        break;
      case wire::function::kMetadataProps:
        read_string_pair(message.get_message("StringStringEntryProto"), message.append(function.metadata_props));
        break;
      default: message.keep_unknown(function.unknown_fields);
    }
  }
}

}  // namespace ingot::onnx

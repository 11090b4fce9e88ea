#include "model_writer.h"

#include <protozero/pbf_writer.hpp>

#include <cstring>
#include <set>

#include "graph_view.h"

namespace ingot_ort {
namespace {

using protozero::pbf_writer;

// Big: written into `parent` in place.
void write_tensor(pbf_writer& parent, protozero::pbf_tag_type field, const std::string& name, const OrtValue* value) {
  const TensorView view = view_tensor(value);
  const size_t size = byte_size(view.dtype, view.shape, view.rank);
  pbf_writer tensor(parent, field);
  tensor.add_packed_int64(1, view.shape, view.shape + view.rank);
  tensor.add_int32(2, view.dtype);
  tensor.add_string(8, name);
  tensor.add_bytes(9, size ? static_cast<const char*>(view.data) : "", size);
}

std::string write_value_info(const OrtValueInfo* value, bool is_body) {
  const OrtTensorTypeAndShapeInfo* info = tensor_info(value);
  if (!info) {
    throw Failure(kNotImplemented, "Ingot: value '" + name_of(value) + "' is no tensor");
  }
  int type = 0;
  check(ort::GetTensorElementType(info, &type));
  if (!is_body && type == 8) {
    throw Failure(kNotImplemented, "Ingot: value '" + name_of(value) + "' holds strings");
  }
  std::string tensor_bytes;
  pbf_writer tensor(tensor_bytes);
  tensor.add_int32(1, type);
  if (ort::TensorTypeAndShape_HasShape(info)) {
    size_t rank = 0;
    check(ort::GetDimensionsCount(info, &rank));
    std::vector<int64_t> dims(rank);
    std::vector<const char*> names(rank);
    check(ort::GetDimensions(info, dims.data(), rank));
    check(ort::GetSymbolicDimensions(info, names.data(), rank));
    // Messages as strings: a nested writer drops an empty message, which here means "unknown size" or "scalar".
    std::string shape_bytes;
    pbf_writer shape(shape_bytes);
    for (size_t i = 0; i < rank; ++i) {
      std::string dim_bytes;
      pbf_writer dim(dim_bytes);
      if (dims[i] >= 0) {
        dim.add_int64(1, dims[i]);
      } else if (names[i] && *names[i]) {
        dim.add_string(2, names[i]);
      }
      shape.add_message(1, dim_bytes);
    }
    tensor.add_message(2, shape_bytes);
  }
  std::string bytes;
  pbf_writer out(bytes);
  out.add_string(1, name_of(value));
  pbf_writer type_proto(out, 2);
  type_proto.add_message(1, tensor_bytes);
  return bytes;
}

template <typename T> std::vector<T> elements(const std::string& bytes) {
  std::vector<T> result(bytes.size() / sizeof(T));
  if (!result.empty()) {
    std::memcpy(result.data(), bytes.data(), result.size() * sizeof(T));
  }
  return result;
}

// ONNX's numbers: FLOAT 1, INT 2, STRING 3, TENSOR 4, FLOATS 6, INTS 7, STRINGS 8.
void write_attribute(pbf_writer& node, const OrtOpAttr* attribute) {
  int type = 0;
  check(ort::OpAttr_GetType(attribute, &type));
  if (type == kGraph) {
    return;  // bodies come through Node_GetSubgraphs
  }
  pbf_writer out(node, 5);
  out.add_string(1, text(attribute, ort::OpAttr_GetName));
  if (type == kTensor) {
    OrtValue* value = nullptr;
    check(ort::OpAttr_GetTensorAttributeAsOrtValue(attribute, &value));
    const std::unique_ptr<OrtValue, void (*)(OrtValue*)> owner(value, [](OrtValue* v) { ort::ReleaseValue(v); });
    write_tensor(out, 5, "", value);
    out.add_int32(20, 4);
    return;
  }
  const std::string bytes = read_attribute(attribute, type);
  switch (type) {
    case kFloat:
      out.add_float(2, elements<float>(bytes).at(0));
      out.add_int32(20, 1);
      break;
    case kInt:
      out.add_int64(3, elements<int64_t>(bytes).at(0));
      out.add_int32(20, 2);
      break;
    case kString:
      out.add_bytes(4, bytes);
      out.add_int32(20, 3);
      break;
    case kFloats: {
      const std::vector<float> values = elements<float>(bytes);
      out.add_packed_float(7, values.begin(), values.end());
      out.add_int32(20, 6);
      break;
    }
    case kInts: {
      const std::vector<int64_t> values = elements<int64_t>(bytes);
      out.add_packed_int64(8, values.begin(), values.end());
      out.add_int32(20, 7);
      break;
    }
    case kStrings:
      for (size_t at = 0; at < bytes.size(); at = bytes.find('\0', at) + 1) {
        out.add_bytes(9, bytes.c_str() + at);
      }
      out.add_int32(20, 8);
      break;
    default: throw Failure(kNotImplemented, "Ingot: attribute type " + std::to_string(type) + " is not taken over");
  }
}

struct Writer {
  std::set<std::string> domains;

  void write_node(pbf_writer& graph, const OrtNode* node) {
    pbf_writer out(graph, 1);
    for (const OrtValueInfo* value : inputs_of(node)) {
      out.add_string(1, name_of(value));
    }
    for (const OrtValueInfo* value : outputs_of(node)) {
      out.add_string(2, name_of(value));
    }
    const std::string domain = text(node, ort::Node_GetDomain);
    domains.insert(domain == "ai.onnx" ? "" : domain);
    out.add_string(3, text(node, ort::Node_GetName));
    out.add_string(4, text(node, ort::Node_GetOperatorType));
    out.add_string(7, domain);
    for (const OrtOpAttr* attribute : attributes_of(node)) {
      write_attribute(out, attribute);
    }
    size_t count = 0;
    check(ort::Node_GetNumSubgraphs(node, &count));
    std::vector<const OrtGraph*> bodies(count);
    std::vector<const char*> names(count);
    if (count) {
      check(ort::Node_GetSubgraphs(node, bodies.data(), count, names.data()));
    }
    for (size_t i = 0; i < count; ++i) {
      pbf_writer attribute(out, 5);
      attribute.add_string(1, names[i]);
      {
        pbf_writer body(attribute, 6);
        write_graph(body, bodies[i], /*is_body=*/true);
      }
      attribute.add_int32(20, 5);
    }
  }

  // Writes the value as an initializer when it is a constant; once per name.
  void write_constant(pbf_writer& out, const OrtValueInfo* value, std::set<std::string>& constants) {
    if (value && is_constant(value) && constants.insert(name_of(value)).second) {
      const OrtValue* tensor = nullptr;
      check(ort::ValueInfo_GetInitializerValue(value, &tensor));
      write_tensor(out, 5, name_of(value), tensor);
    }
  }

  // A body's own inputs and outputs may lack types: only their names count there.
  void write_boundary(pbf_writer& out, protozero::pbf_tag_type field, const OrtValueInfo* value, bool is_body) {
    if (is_body && !tensor_info(value)) {
      pbf_writer info(out, field);
      info.add_string(1, name_of(value));
    } else {
      out.add_message(field, write_value_info(value, is_body));
    }
  }

  void write_graph(pbf_writer& out, const OrtGraph* graph, bool is_body) {
    out.add_string(2, is_body ? "body" : "model");
    std::set<std::string> constants;
    for (const OrtValueInfo* value : initializers_of(graph)) {
      write_constant(out, value, constants);
    }
    for (const OrtNode* node : nodes_of(graph)) {
      if (!is_body) {  // constants of an enclosing graph
        write_constants_read(out, node, constants);
      }
      write_node(out, node);
    }
    for (const OrtValueInfo* value : inputs_of(graph)) {
      if (constants.count(name_of(value)) == 0) {
        write_boundary(out, 11, value, is_body);
      }
    }
    for (const OrtValueInfo* value : outputs_of(graph)) {
      write_boundary(out, 12, value, is_body);
    }
  }

  void write_constants_read(pbf_writer& out, const OrtNode* node, std::set<std::string>& constants) {
    for (const OrtValueInfo* value : values_read(node)) {
      write_constant(out, value, constants);
    }
  }

  // `nodes` alone, in topological order: what they read is an input, all that they make an output.
  void write_part(pbf_writer& out, const std::vector<const OrtNode*>& nodes) {
    out.add_string(2, "part");
    std::set<std::string> constants, known;
    for (const OrtNode* node : nodes) {
      write_constants_read(out, node, constants);
      write_node(out, node);
      for (const OrtValueInfo* value : values_read(node)) {
        if (value && constants.count(name_of(value)) == 0 && known.insert(name_of(value)).second) {
          write_boundary(out, 11, value, /*is_body=*/false);
        }
      }
      for (const OrtValueInfo* value : outputs_of(node)) {
        if (value && known.insert(name_of(value)).second) {
          write_boundary(out, 12, value, /*is_body=*/false);
        }
      }
    }
  }
};

// `write(writer, graph message)` writes the model's graph.
template <typename Write> std::string write_around(const OrtGraph* graph, const Write& write) {
  int64_t ir_version = 0;
  size_t count = 0;
  check(ort::Graph_GetOnnxIRVersion(graph, &ir_version));
  check(ort::Graph_GetNumOperatorSets(graph, &count));
  std::vector<const char*> domains(count);
  std::vector<int64_t> versions(count);
  check(ort::Graph_GetOperatorSets(graph, domains.data(), versions.data(), count));
  std::string bytes;
  pbf_writer model(bytes);
  model.add_int64(1, ir_version);
  Writer writer;
  {
    pbf_writer body(model, 7);
    write(writer, body);
  }
  for (size_t i = 0; i < count; ++i) {
    const std::string domain = std::strcmp(domains[i], "ai.onnx") == 0 ? "" : domains[i];
    if (writer.domains.count(domain)) {
      pbf_writer opset(model, 8);
      opset.add_string(1, domain);
      opset.add_int64(2, versions[i]);
    }
  }
  return bytes;
}

}  // namespace

std::string write_model(const OrtGraph* graph) {
  return write_around(graph,
                      [&](Writer& writer, pbf_writer& out) { writer.write_graph(out, graph, /*is_body=*/false); });
}

std::string write_part(const OrtGraph* graph, const std::vector<const OrtNode*>& nodes) {
  return write_around(graph, [&](Writer& writer, pbf_writer& out) { writer.write_part(out, nodes); });
}

}  // namespace ingot_ort

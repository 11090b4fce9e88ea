#include "model_writer.h"

#include <protozero/pbf_writer.hpp>

#include <cstring>
#include <set>

#include "graph_view.h"

namespace ingot_ort {
namespace {

using protozero::pbf_writer;

size_t byte_count(int type, const std::vector<int64_t>& shape) {
  // Bits per element by ONNX's numbers; 0: no fixed size.
  static constexpr int kBits[] = {0, 32, 8, 8, 16, 16, 32, 64, 0, 8, 16, 64, 32, 64, 64, 128, 16, 8, 8, 8, 8, 4, 4, 4};
  const int bits = type >= 0 && type < static_cast<int>(std::size(kBits)) ? kBits[type] : 0;
  if (bits == 0) {
    throw Failure(kNotImplemented, "Ingot: constants of element type " + std::to_string(type) + " are not taken over");
  }
  size_t count = 1;
  for (const int64_t dim : shape) {
    count *= static_cast<size_t>(dim);
  }
  return (count * static_cast<size_t>(bits) + 7) / 8;
}

std::string write_tensor(const std::string& name, const OrtValue* value) {
  OrtTensorTypeAndShapeInfo* info = nullptr;
  check(ort::GetTensorTypeAndShape(value, &info));
  int type = 0;
  size_t rank = 0;
  check(ort::GetTensorElementType(info, &type));
  check(ort::GetDimensionsCount(info, &rank));
  std::vector<int64_t> shape(rank);
  check(ort::GetDimensions(info, shape.data(), rank));
  ort::ReleaseTensorTypeAndShapeInfo(info);
  void* data = nullptr;
  const size_t size = byte_count(type, shape);
  check(ort::GetTensorMutableData(const_cast<OrtValue*>(value), &data));
  std::string bytes;
  pbf_writer tensor(bytes);
  tensor.add_packed_int64(1, shape.begin(), shape.end());
  tensor.add_int32(2, type);
  tensor.add_string(8, name);
  tensor.add_bytes(9, size ? static_cast<const char*>(data) : "", size);
  return bytes;
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
    std::string tensor;
    try {
      tensor = write_tensor("", value);
    } catch (...) {
      ort::ReleaseValue(value);
      throw;
    }
    ort::ReleaseValue(value);
    out.add_message(5, tensor);
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
      attribute.add_message(6, write_graph(bodies[i], /*is_body=*/true));
      attribute.add_int32(20, 5);
    }
  }

  // A body's own inputs and outputs may lack types: only their names count there.
  std::string write_graph(const OrtGraph* graph, bool is_body) {
    std::string bytes;
    pbf_writer out(bytes);
    out.add_string(2, is_body ? "body" : "model");
    std::set<std::string> constants;
    const auto write_constant = [&](const OrtValueInfo* value) {
      const OrtValue* tensor = nullptr;
      if (value && is_constant(value) && constants.insert(name_of(value)).second) {
        check(ort::ValueInfo_GetInitializerValue(value, &tensor));
        out.add_message(5, write_tensor(name_of(value), tensor));
      }
    };
    for (const OrtValueInfo* value : initializers_of(graph)) {
      write_constant(value);
    }
    for (const OrtNode* node : nodes_of(graph)) {
      if (!is_body) {  // constants of an enclosing graph
        for (const OrtValueInfo* value : inputs_of(node)) {
          write_constant(value);
        }
        for (const OrtValueInfo* value : implicit_inputs_of(node)) {
          write_constant(value);
        }
      }
      write_node(out, node);
    }
    const auto write_boundary = [&](int field, const OrtValueInfo* value) {
      if (is_body && !tensor_info(value)) {
        pbf_writer info(out, static_cast<protozero::pbf_tag_type>(field));
        info.add_string(1, name_of(value));
      } else {
        out.add_message(static_cast<protozero::pbf_tag_type>(field), write_value_info(value, is_body));
      }
    };
    for (const OrtValueInfo* value : inputs_of(graph)) {
      if (constants.count(name_of(value)) == 0) {
        write_boundary(11, value);
      }
    }
    for (const OrtValueInfo* value : outputs_of(graph)) {
      write_boundary(12, value);
    }
    return bytes;
  }
};

}  // namespace

std::string write_model(const OrtGraph* graph) {
  Writer writer;
  const std::string body = writer.write_graph(graph, /*is_body=*/false);
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
  model.add_message(7, body);
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

}  // namespace ingot_ort

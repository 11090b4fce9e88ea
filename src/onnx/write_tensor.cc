#include "onnx/fields.h"
#include "onnx/wire_writer.h"

namespace ingot::onnx {
namespace {

constexpr int64_t kExternalLocation = 1;

void write_dimension(MessageWriter out, const Dimension& dimension) {
  if (dimension.value) {
    out.number(wire::dimension::kValue, *dimension.value);
  } else {
    out.text_unless_empty(wire::dimension::kParam, dimension.param);
  }
  out.text_unless_empty(wire::dimension::kDenotation, dimension.denotation);
}

void write_tensor_type(MessageWriter out, const TypeProto& type) {
  out.number(wire::tensor_type::kElemType, type.elem_type);
  if (!type.shape) return;
  out.message(wire::tensor_type::kShape,
              [&](MessageWriter shape) { shape.messages(wire::shape::kDim, *type.shape, write_dimension); });
}

void write_element(MessageWriter out, uint32_t field, const TypeProto& type) {
  if (type.element == nullptr) return;
  out.message(field, [&](MessageWriter inner) { write_type(inner, *type.element); });
}

void write_map_type(MessageWriter out, const TypeProto& type) {
  out.number(wire::map_type::kKeyType, type.key_type);
  write_element(out, wire::map_type::kValueType, type);
}

}  // namespace

void write_string_pair(MessageWriter out, const StringPair& pair) {
  out.text(wire::string_pair::kKey, pair.key);
  out.text(wire::string_pair::kValue, pair.value);
}

void write_tensor(MessageWriter out, const TensorProto& tensor) {
  out.numbers(wire::tensor::kDims, tensor.dims);
  out.number(wire::tensor::kDataType, tensor.data_type);
  out.text_unless_empty(wire::tensor::kName, tensor.name);
  out.text_unless_empty(wire::tensor::kDocString, tensor.doc_string);
  const auto placed = out.placement().find(&tensor);
  const auto& external = placed != out.placement().end() ? placed->second : tensor.external_data;
  if (!external.empty()) {
    out.messages(wire::tensor::kExternalData, external, write_string_pair);
    out.number(wire::tensor::kDataLocation, kExternalLocation);
  } else if (tensor.data_type == static_cast<int32_t>(DType::kString)) {
    out.texts(wire::tensor::kStringData, tensor.string_data);
  } else {
    out.bytes(wire::tensor::kRawData, tensor.raw);
  }
  out.unknown(tensor.unknown_fields);
}

void write_sparse_tensor(MessageWriter out, const SparseTensorProto& tensor) {
  out.message(wire::sparse_tensor::kValues, [&](MessageWriter inner) { write_tensor(inner, tensor.values); });
  out.message(wire::sparse_tensor::kIndices, [&](MessageWriter inner) { write_tensor(inner, tensor.indices); });
  out.numbers(wire::sparse_tensor::kDims, tensor.dims);
}

void write_type(MessageWriter out, const TypeProto& type) {
  switch (type.kind) {
    case TypeProto::Kind::kNone: break;
    case TypeProto::Kind::kTensor:
      out.message(wire::type::kTensor, [&](MessageWriter inner) { write_tensor_type(inner, type); });
      break;
    case TypeProto::Kind::kSparseTensor:
      out.message(wire::type::kSparseTensor, [&](MessageWriter inner) { write_tensor_type(inner, type); });
      break;
    case TypeProto::Kind::kSequence:
      out.message(wire::type::kSequence,
                  [&](MessageWriter inner) { write_element(inner, wire::element_type::kElemType, type); });
      break;
    case TypeProto::Kind::kOptional:
      out.message(wire::type::kOptional,
                  [&](MessageWriter inner) { write_element(inner, wire::element_type::kElemType, type); });
      break;
    case TypeProto::Kind::kMap:
      out.message(wire::type::kMap, [&](MessageWriter inner) { write_map_type(inner, type); });
      break;
  }
  out.text_unless_empty(wire::type::kDenotation, type.denotation);
  out.unknown(type.unknown_fields);
}

void write_value_info(MessageWriter out, const ValueInfo& info) {
  out.text(wire::value_info::kName, info.name);
  const bool typed = info.type.kind != TypeProto::Kind::kNone || !info.type.unknown_fields.empty();
  if (typed) out.message(wire::value_info::kType, [&](MessageWriter inner) { write_type(inner, info.type); });
  out.text_unless_empty(wire::value_info::kDocString, info.doc_string);
  out.unknown(info.unknown_fields);
}

}  // namespace ingot::onnx

#include "onnx/fields.h"
#include "onnx/wire.h"

namespace ingot::onnx {
namespace {

using Type = Attribute::Type;

// Files of IR version 1 leave `type` out: the fields seen decide.
Type type_of_field(uint32_t field) {
  switch (field) {
    case wire::attribute::kF: return Type::kFloat;
    case wire::attribute::kI: return Type::kInt;
    case wire::attribute::kS: return Type::kString;
    case wire::attribute::kT: return Type::kTensor;
    case wire::attribute::kG: return Type::kGraph;
    case wire::attribute::kFloats: return Type::kFloats;
    case wire::attribute::kInts: return Type::kInts;
    case wire::attribute::kStrings: return Type::kStrings;
    case wire::attribute::kTensors: return Type::kTensors;
    case wire::attribute::kGraphs: return Type::kGraphs;
    case wire::attribute::kTp: return Type::kTypeProto;
    case wire::attribute::kTypeProtos: return Type::kTypeProtos;
    case wire::attribute::kSparseTensor: return Type::kSparseTensor;
    case wire::attribute::kSparseTensors: return Type::kSparseTensors;
    default: return Type::kUndefined;
  }
}

bool read_number_field(MessageReader& message, Attribute& attribute) {
  switch (message.field()) {
    case wire::attribute::kF: attribute.f = message.get_float(); return true;
    case wire::attribute::kI: attribute.i = message.get_int(); return true;
    case wire::attribute::kS: attribute.s = message.get_string(); return true;
    case wire::attribute::kFloats: message.get_floats(attribute.floats); return true;
    case wire::attribute::kInts: message.get_ints(attribute.ints); return true;
    case wire::attribute::kStrings: message.append(attribute.strings) = message.get_string(); return true;
    default: return false;
  }
}

bool read_message_field(MessageReader& message, Attribute& attribute) {
  switch (message.field()) {
    case wire::attribute::kT:
    case wire::attribute::kTensors:
      read_tensor(message.get_message("TensorProto"), message.append(attribute.tensors));
      return true;
    case wire::attribute::kSparseTensor:
    case wire::attribute::kSparseTensors:
      read_sparse_tensor(message.get_message("SparseTensorProto"), message.append(attribute.sparse_tensors));
      return true;
    case wire::attribute::kTp:
    case wire::attribute::kTypeProtos:
      read_type(message.get_message("TypeProto"), message.append(attribute.types));
      return true;
    case wire::attribute::kG:
    case wire::attribute::kGraphs:
      message.budget().take_memory(sizeof(Graph));
      read_graph(message.get_message("GraphProto"), *(message.append(attribute.graphs) = std::make_shared<Graph>()));
      return true;
    default: return false;
  }
}

void check_type(const MessageReader& message, const Attribute& attribute) {
  const auto number = static_cast<int>(attribute.type);
  if (number < 0 || number > static_cast<int>(Type::kTypeProtos)) {
    message.reject(fmt::format("attribute '{}' has the unknown type {}", attribute.name, number));
  }
  if (!attribute.ref_attr_name.empty()) return;
  const auto one = [&](Type type, size_t count) {
    if (attribute.type == type && count != 1) {
      message.reject(fmt::format("attribute '{}' should hold one value, not {}", attribute.name, count));
    }
  };
  one(Type::kTensor, attribute.tensors.size());
  one(Type::kGraph, attribute.graphs.size());
  one(Type::kSparseTensor, attribute.sparse_tensors.size());
  one(Type::kTypeProto, attribute.types.size());
}

}  // namespace

void read_attribute(MessageReader message, Attribute& attribute) {
  Type seen = Type::kUndefined;
  while (message.next()) {
    const uint32_t field = message.field();
    if (read_number_field(message, attribute) || read_message_field(message, attribute)) {
      seen = type_of_field(field);
      continue;
    }
    switch (field) {
      case wire::attribute::kName: attribute.name = message.get_string(); break;
      case wire::attribute::kRefAttrName: attribute.ref_attr_name = message.get_string(); break;
      case wire::attribute::kDocString: attribute.doc_string = message.get_string(); break;
      case wire::attribute::kType: attribute.type = static_cast<Type>(message.get_int32()); break;
      default: message.keep_unknown(attribute.unknown_fields);
    }
  }
  if (attribute.type == Type::kUndefined) attribute.type = seen;
  check_type(message, attribute);
}

}  // namespace ingot::onnx

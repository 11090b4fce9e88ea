#include "onnx/fields.h"
#include "onnx/wire.h"

namespace ingot::onnx {
namespace {

void read_dimension(MessageReader message, Dimension& dimension) {
  while (message.next()) {
    switch (message.field()) {
      case wire::dimension::kValue: dimension.value = message.get_int(); break;
      case wire::dimension::kParam: dimension.param = message.get_string(); break;
      case wire::dimension::kDenotation: dimension.denotation = message.get_string(); break;
      default: message.skip();
    }
  }
}

void read_shape(MessageReader message, std::vector<Dimension>& shape) {
  while (message.next()) {
    if (message.field() == wire::shape::kDim) {
      read_dimension(message.get_message("Dimension"), message.append(shape));
    } else {
      message.skip();
    }
  }
}

void read_tensor_type(MessageReader message, TypeProto& type) {
  while (message.next()) {
    switch (message.field()) {
      case wire::tensor_type::kElemType: type.elem_type = message.get_int32(); break;
      case wire::tensor_type::kShape: read_shape(message.get_message("TensorShapeProto"), type.shape.emplace()); break;
      default: message.skip();
    }
  }
}

TypeProto& new_element(MessageReader& message, TypeProto& type) {
  message.budget().take_memory(sizeof(TypeProto));
  type.element = std::make_shared<TypeProto>();
  return *type.element;
}

void read_element_type(MessageReader message, TypeProto& type) {
  while (message.next()) {
    if (message.field() == wire::element_type::kElemType) {
      read_type(message.get_message("TypeProto"), new_element(message, type));
    } else {
      message.skip();
    }
  }
}

void read_map_type(MessageReader message, TypeProto& type) {
  while (message.next()) {
    switch (message.field()) {
      case wire::map_type::kKeyType: type.key_type = message.get_int32(); break;
      case wire::map_type::kValueType: read_type(message.get_message("TypeProto"), new_element(message, type)); break;
      default: message.skip();
    }
  }
}

}  // namespace

void read_type(MessageReader message, TypeProto& type) {
  while (message.next()) {
    switch (message.field()) {
      case wire::type::kTensor:
        type.kind = TypeProto::Kind::kTensor;
        read_tensor_type(message.get_message("TypeProto.Tensor"), type);
        break;
      case wire::type::kSparseTensor:
        type.kind = TypeProto::Kind::kSparseTensor;
        read_tensor_type(message.get_message("TypeProto.SparseTensor"), type);
        break;
      case wire::type::kSequence:
        type.kind = TypeProto::Kind::kSequence;
        read_element_type(message.get_message("TypeProto.Sequence"), type);
        break;
      case wire::type::kOptional:
        type.kind = TypeProto::Kind::kOptional;
        read_element_type(message.get_message("TypeProto.Optional"), type);
        break;
      case wire::type::kMap:
        type.kind = TypeProto::Kind::kMap;
        read_map_type(message.get_message("TypeProto.Map"), type);
        break;
      case wire::type::kDenotation: type.denotation = message.get_string(); break;
      default: message.keep_unknown(type.unknown_fields);
    }
  }
}

void read_value_info(MessageReader message, ValueInfo& info) {
  while (message.next()) {
    switch (message.field()) {
      case wire::value_info::kName: info.name = message.get_string(); break;
      case wire::value_info::kType: read_type(message.get_message("TypeProto"), info.type); break;
      case wire::value_info::kDocString: info.doc_string = message.get_string(); break;
      default: message.keep_unknown(info.unknown_fields);
    }
  }
}

}  // namespace ingot::onnx

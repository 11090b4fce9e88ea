#include "graph_view.h"

namespace ingot_ort {

std::string read_attribute(const OrtOpAttr* attribute, int type) {
  size_t size = 0;
  if (OrtStatus* status = ort::ReadOpAttr(attribute, type, nullptr, 0, &size)) {
    ort::ReleaseStatus(status);  // "too small": tells the size
  }
  std::string bytes(size, '\0');
  if (size) {
    check(ort::ReadOpAttr(attribute, type, bytes.data(), size, &size));
  }
  return bytes;
}

std::string string_attribute(const OrtNode* node, const std::string& name) {
  for (const OrtOpAttr* attribute : attributes_of(node)) {
    int type = 0;
    check(ort::OpAttr_GetType(attribute, &type));
    if (type == kString && text(attribute, ort::OpAttr_GetName) == name) {
      return read_attribute(attribute, kString);
    }
  }
  return "";
}

const OrtTensorTypeAndShapeInfo* tensor_info(const OrtValueInfo* value) {
  const OrtTypeInfo* type = nullptr;
  int kind = kUnknownType;
  check(ort::GetValueInfoTypeInfo(value, &type));
  if (type) {
    check(ort::GetOnnxTypeFromTypeInfo(type, &kind));
  }
  const OrtTensorTypeAndShapeInfo* info = nullptr;
  if (kind == kTensorType) {
    check(ort::CastTypeInfoToTensorInfo(type, &info));
  }
  return info;
}

}  // namespace ingot_ort

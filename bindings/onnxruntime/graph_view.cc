#include "graph_view.h"

#include <iterator>

namespace ingot_ort {

TensorView view_tensor(const OrtValue* value) {
  static constexpr int64_t kScalar[] = {0};
  TensorView view;
  check(ort::GetTensorTypeAndShapeReference(value, &view.dtype, &view.shape, &view.rank));
  if (!view.shape) {
    view.shape = kScalar;
  }
  void* data = nullptr;
  check(ort::GetTensorMutableData(const_cast<OrtValue*>(value), &data));
  view.data = data;
  return view;
}

size_t byte_size(int dtype, const int64_t* shape, size_t rank) {
  // Bits per element by ONNX's numbers; 0: no fixed size.
  static constexpr int kBits[] = {0, 32, 8, 8, 16, 16, 32, 64, 0, 8, 16, 64, 32, 64, 64, 128, 16, 8, 8, 8, 8, 4, 4, 4};
  size_t bits = dtype >= 0 && dtype < static_cast<int>(std::size(kBits)) ? static_cast<size_t>(kBits[dtype]) : 0;
  if (bits == 0) {
    throw Failure(kNotImplemented, "Ingot: tensors of element type " + std::to_string(dtype) + " are not taken over");
  }
  for (size_t i = 0; i < rank; ++i) {
    bits *= static_cast<size_t>(shape[i]);
  }
  return (bits + 7) / 8;
}

std::vector<const OrtValueInfo*> values_read(const OrtNode* node) {
  auto values = inputs_of(node);
  const auto implicit = implicit_inputs_of(node);
  values.insert(values.end(), implicit.begin(), implicit.end());
  return values;
}

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

#include "onnx/replace_content.h"

#include <algorithm>

#include "onnx/visit_tensors.h"

namespace ingot::onnx {
namespace {

void check_type(const std::string& name, int32_t data_type, const Tensor& tensor) {
  if (data_type == static_cast<int32_t>(tensor.dtype())) return;
  fail(Code::kInvalidArgument, "initializer {} is of {}, not {}", name,
       is_valid_dtype(data_type) ? dtype_name(static_cast<DType>(data_type)) : "no element type",
       dtype_name(tensor.dtype()));
}

}  // namespace

void replace_initializer(Model& model, const std::string& name, const Tensor& tensor) {
  auto& dense = model.graph.initializers;
  auto& sparse = model.graph.sparse_initializers;
  const auto found = std::find_if(dense.begin(), dense.end(), [&](const auto& each) { return each.name == name; });
  if (found != dense.end()) {
    check_type(name, found->data_type, tensor);
    *found = from_tensor(tensor, name);
    return;
  }
  const auto other =
      std::find_if(sparse.begin(), sparse.end(), [&](const auto& each) { return each.values.name == name; });
  if (other == sparse.end()) fail(Code::kNotFound, "the model has no initializer {}", name);
  check_type(name, other->values.data_type, tensor);
  sparse.erase(other);
  dense.push_back(from_tensor(tensor, name));
}

size_t replace_external_file(Model& model, const std::filesystem::path& location, Bytes file,
                             const std::shared_ptr<const void>& owner) {
  const std::filesystem::path wanted = location.lexically_normal();
  size_t count = 0;
  visit_tensors(model, [&](TensorProto& tensor) {
    for (const auto& entry : tensor.external_data) {
      if (entry.key != "location" || std::filesystem::path(entry.value).lexically_normal() != wanted) continue;
      tensor.raw = file;
      tensor.owner = owner;
      ++count;
    }
  });
  return count;
}

}  // namespace ingot::onnx

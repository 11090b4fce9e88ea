#include <algorithm>

#include "base/checked.h"
#include "onnx/external_data.h"
#include "onnx/model.h"
#include "tensor/elements.h"

namespace ingot::onnx {
namespace {

constexpr int64_t kMaxDenseBytes = int64_t{1} << 30;  // of a sparse tensor made dense
constexpr size_t kMaxRank = 64;

DType checked_dtype(const TensorProto& proto) {
  if (!is_valid_dtype(proto.data_type)) {
    fail(Code::kInvalidModel, "tensor '{}': {} is no element type", proto.name, proto.data_type);
  }
  return static_cast<DType>(proto.data_type);
}

// Bytes (elements for strings) that the dims take.
size_t checked_size(const std::string& name, DType dtype, const std::vector<int64_t>& dims) {
  if (dims.size() > kMaxRank) fail(Code::kInvalidModel, "tensor '{}' has {} dims", name, dims.size());
  try {
    const int64_t count = element_count(dims);
    return static_cast<size_t>(dtype == DType::kString ? count : storage_bytes(dtype, count));
  } catch (const Error& error) {
    fail(Code::kInvalidModel, "tensor '{}': {}", name, error.message());
  }
}

Tensor string_tensor(const TensorProto& proto, size_t count) {
  if (proto.string_data.size() != count) {
    fail(Code::kInvalidModel, "tensor '{}' has {} strings for the shape {}", proto.name, proto.string_data.size(),
         shape_text(proto.dims));
  }
  Tensor tensor(DType::kString, proto.dims);
  std::copy(proto.string_data.begin(), proto.string_data.end(), tensor.mutable_data<std::string>());
  return tensor;
}

size_t alignment_of(DType dtype) {
  const int bits = dtype_bits(dtype);
  return static_cast<size_t>(std::clamp(is_complex(dtype) ? bits / 16 : bits / 8, 1, 8));
}

Tensor share_or_copy(DType dtype, const Shape& shape, Bytes bytes, std::shared_ptr<const void> owner) {
  // A bool that is neither 0 nor 1 must not reach C++.
  const bool odd_truth =
      dtype == DType::kBool && std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; });
  const bool aligned = reinterpret_cast<uintptr_t>(bytes.data()) % alignment_of(dtype) == 0;
  if (aligned && !odd_truth && !bytes.empty()) return Tensor(dtype, shape, bytes.data(), std::move(owner));
  Tensor tensor = Tensor::uninitialized(dtype, shape);
  auto* to = static_cast<std::byte*>(tensor.mutable_raw());
  if (odd_truth) {
    std::transform(bytes.begin(), bytes.end(), to, [](std::byte b) { return std::byte{b != std::byte{0}}; });
  } else if (!bytes.empty()) {
    std::memcpy(to, bytes.data(), bytes.size());
  }
  return tensor;
}

// Where each stored element of a sparse tensor goes: indices are flat [nnz] or coordinates [nnz, rank].
int64_t flat_index(const Tensor& indices, int64_t element, const Shape& dims, const std::string& name) {
  const auto check = [&](int64_t index, int64_t size) {
    if (index < 0 || index >= size) {
      fail(Code::kInvalidModel, "sparse tensor '{}': index {} is outside the size {}", name, index, size);
    }
    return index;
  };
  if (indices.rank() == 1) return check(read_int(indices, element), element_count(dims));
  const auto rank = static_cast<int64_t>(dims.size());
  int64_t flat = 0;
  for (int64_t axis = 0; axis < rank; ++axis) {
    const int64_t size = dims[static_cast<size_t>(axis)];
    flat = flat * size + check(read_int(indices, element * rank + axis), size);
  }
  return flat;
}

void check_sparse(const Tensor& values, const Tensor& indices, const SparseTensorProto& proto) {
  const std::string& name = proto.values.name;
  if (values.rank() != 1 || indices.dtype() != DType::kI64) {
    fail(Code::kInvalidModel, "sparse tensor '{}' needs values of rank 1 and indices of type int64, has {} and {}",
         name, values.type_text(), indices.type_text());
  }
  const auto rank = static_cast<int64_t>(proto.dims.size());
  const bool flat = indices.rank() == 1 && indices.count() == values.count();
  const bool coordinates = indices.rank() == 2 && indices.dim(0) == values.count() && indices.dim(1) == rank;
  if (!flat && !coordinates) {
    fail(Code::kInvalidModel, "sparse tensor '{}': indices of shape {} for {} values and dims {}", name,
         shape_text(indices.shape()), values.count(), shape_text(proto.dims));
  }
}

}  // namespace

Tensor to_tensor(const TensorProto& proto, const std::filesystem::path& folder) {
  const DType dtype = checked_dtype(proto);
  const size_t size = checked_size(proto.name, dtype, proto.dims);
  if (dtype == DType::kString) return string_tensor(proto, size);
  if (!proto.external_data.empty()) {
    auto content = read_external(proto, folder, size);
    return share_or_copy(dtype, proto.dims, content.bytes, std::move(content.owner));
  }
  if (proto.raw.size() != size) {
    fail(Code::kInvalidModel, "tensor '{}' has {} bytes where {}{} takes {}", proto.name, proto.raw.size(),
         dtype_name(dtype), shape_text(proto.dims), size);
  }
  return share_or_copy(dtype, proto.dims, proto.raw, proto.owner);
}

Tensor to_tensor(const SparseTensorProto& proto, const std::filesystem::path& folder) {
  const Tensor values = to_tensor(proto.values, folder);
  const Tensor indices = to_tensor(proto.indices, folder);
  const size_t size = checked_size(proto.values.name, values.dtype(), proto.dims);
  check_sparse(values, indices, proto);
  if (size > static_cast<size_t>(kMaxDenseBytes)) {
    fail(Code::kUnsupported, "sparse tensor '{}' would take {} bytes when dense; the limit is {}", proto.values.name,
         size, kMaxDenseBytes);
  }
  Tensor dense(values.dtype(), proto.dims);
  for (int64_t i = 0; i < values.count(); ++i) {
    copy_element(values, i, dense, flat_index(indices, i, proto.dims, proto.values.name));
  }
  return dense;
}

TensorProto from_tensor(const Tensor& tensor, std::string name) {
  TensorProto proto;
  proto.name = std::move(name);
  proto.data_type = static_cast<int32_t>(tensor.dtype());
  proto.dims = tensor.shape();
  if (tensor.dtype() == DType::kString) {
    const auto strings = tensor.span<std::string>();
    proto.string_data.assign(strings.begin(), strings.end());
    return proto;
  }
  auto owner = std::make_shared<const Tensor>(tensor);
  proto.raw = owner->bytes();
  proto.owner = std::move(owner);
  return proto;
}

}  // namespace ingot::onnx

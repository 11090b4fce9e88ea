// A dense tensor on the host: element type, shape, contiguous row-major bytes, shared ownership.
#pragma once
#include <complex>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "tensor/dtype.h"
#include "tensor/float_types.h"
#include "tensor/shape.h"

namespace ingot {

// Maps a C++ storage type to its DType. Packed types have none: use element readers (tensor/elements.h).
template <class T> constexpr DType dtype_of();

// A value handle: copies share the bytes. Whoever holds a tensor that others may hold too treats it as immutable;
// only its creator writes, before handing it on. Distinct tensors may be used from distinct threads.
class Tensor {
 public:
  Tensor() = default;
  // Zero-filled (empty strings for kString); throws kOutOfMemory when the size does not fit the machine.
  Tensor(DType dtype, Shape shape);
  // Borrows `data`, kept alive by `owner` (may be null: the caller keeps it alive). kString: an array of std::string.
  Tensor(DType dtype, Shape shape, const void* data, std::shared_ptr<const void> owner);
  // Uninitialised memory, for a producer that writes every element.
  static Tensor uninitialized(DType dtype, Shape shape);
  template <class T> static Tensor of(Shape shape, const std::vector<T>& values);
  template <class T> static Tensor scalar(T value) { return of<T>({}, std::vector<T>{value}); }

  bool defined() const { return dtype_ != DType::kUndefined; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t rank() const { return static_cast<int64_t>(shape_.size()); }
  int64_t dim(int64_t axis) const { return shape_[static_cast<size_t>(normalize_axis(axis, rank()))]; }
  int64_t count() const { return count_; }
  // Bytes of all elements, packed types rounded up to a whole byte; sizeof(std::string) each for strings.
  int64_t byte_size() const;

  const void* raw() const { return data_; }
  void* mutable_raw() { return const_cast<void*>(data_); }
  Bytes bytes() const { return {static_cast<const std::byte*>(data_), static_cast<size_t>(byte_size())}; }
  // The elements; T must match dtype (asserted).
  template <class T> const T* data() const {
    check_type(dtype_of<T>());
    return static_cast<const T*>(data_);
  }
  template <class T> T* mutable_data() {
    check_type(dtype_of<T>());
    return static_cast<T*>(const_cast<void*>(data_));
  }
  template <class T> std::span<const T> span() const { return {data<T>(), static_cast<size_t>(count_)}; }
  // The same bytes under another shape of equal count.
  Tensor reshaped(Shape shape) const;
  Tensor clone() const;
  // "f32[2,3]"
  std::string type_text() const;

 private:
  void check_type(DType wanted) const;
  DType dtype_ = DType::kUndefined;
  Shape shape_;
  int64_t count_ = 0;
  const void* data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

// Bytes of `count` elements of `dtype`.
int64_t storage_bytes(DType dtype, int64_t count);
// Same type, shape and bytes (strings by content).
bool identical(const Tensor& a, const Tensor& b);

template <> constexpr DType dtype_of<float>() { return DType::kF32; }
template <> constexpr DType dtype_of<double>() { return DType::kF64; }
template <> constexpr DType dtype_of<F16>() { return DType::kF16; }
template <> constexpr DType dtype_of<BF16>() { return DType::kBF16; }
template <> constexpr DType dtype_of<F8E4M3FN>() { return DType::kF8E4M3FN; }
template <> constexpr DType dtype_of<F8E4M3FNUZ>() { return DType::kF8E4M3FNUZ; }
template <> constexpr DType dtype_of<F8E5M2>() { return DType::kF8E5M2; }
template <> constexpr DType dtype_of<F8E5M2FNUZ>() { return DType::kF8E5M2FNUZ; }
template <> constexpr DType dtype_of<F8E8M0>() { return DType::kF8E8M0; }
template <> constexpr DType dtype_of<int8_t>() { return DType::kI8; }
template <> constexpr DType dtype_of<int16_t>() { return DType::kI16; }
template <> constexpr DType dtype_of<int32_t>() { return DType::kI32; }
template <> constexpr DType dtype_of<int64_t>() { return DType::kI64; }
template <> constexpr DType dtype_of<uint8_t>() { return DType::kU8; }
template <> constexpr DType dtype_of<uint16_t>() { return DType::kU16; }
template <> constexpr DType dtype_of<uint32_t>() { return DType::kU32; }
template <> constexpr DType dtype_of<uint64_t>() { return DType::kU64; }
template <> constexpr DType dtype_of<bool>() { return DType::kBool; }
template <> constexpr DType dtype_of<std::string>() { return DType::kString; }
template <> constexpr DType dtype_of<std::complex<float>>() { return DType::kC64; }
template <> constexpr DType dtype_of<std::complex<double>>() { return DType::kC128; }

template <class T> Tensor Tensor::of(Shape shape, const std::vector<T>& values) {
  Tensor tensor(dtype_of<T>(), std::move(shape));
  INGOT_ASSERT(static_cast<int64_t>(values.size()) == tensor.count(), "values fill the shape");
  std::copy(values.begin(), values.end(), tensor.mutable_data<T>());
  return tensor;
}

}  // namespace ingot

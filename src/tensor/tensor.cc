#include "tensor/tensor.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/checked.h"

namespace ingot {
namespace {

constexpr int64_t kAlignment = 64;  // a cache line and a zmm register

std::shared_ptr<void> allocate(int64_t bytes, bool zero) {
  void* memory = nullptr;
  if (bytes <= std::numeric_limits<int64_t>::max() - kAlignment) {
    // calloc leaves large blocks to the system, which gives zero pages when they are first touched.
    const auto size = static_cast<size_t>(round_up(std::max<int64_t>(bytes, 1), kAlignment));
    memory = zero ? std::calloc(size + kAlignment, 1) : std::aligned_alloc(kAlignment, size);
  }
  if (memory == nullptr) fail(Code::kOutOfMemory, "cannot allocate {} bytes for a tensor", bytes);
  const std::shared_ptr<void> owner(memory, std::free);
  const auto address = reinterpret_cast<uintptr_t>(memory);
  return {owner, reinterpret_cast<void*>((address + kAlignment - 1) / kAlignment * kAlignment)};
}

}  // namespace

int64_t storage_bytes(DType dtype, int64_t count) {
  const int bits = dtype_bits(dtype);
  if (bits == 0) fail(Code::kInvalidArgument, "a tensor of undefined type has no size");
  return bits >= 8 ? checked_mul(count, bits / 8) : count / (8 / bits) + (count % (8 / bits) != 0);
}

Tensor::Tensor(DType dtype, Shape shape) : dtype_(dtype), shape_(std::move(shape)), count_(element_count(shape_)) {
  if (dtype == DType::kString) {
    try {
      auto strings = std::make_shared<std::vector<std::string>>(static_cast<size_t>(count_));
      data_ = strings->data();
      owner_ = std::move(strings);
    } catch (const std::exception&) {  // bad_alloc or length_error
      fail(Code::kOutOfMemory, "cannot allocate {} strings for a tensor", count_);
    }
    return;
  }
  auto memory = allocate(storage_bytes(dtype, count_), true);
  data_ = memory.get();
  owner_ = std::move(memory);
}

Tensor::Tensor(DType dtype, Shape shape, const void* data, std::shared_ptr<const void> owner)
    : dtype_(dtype), shape_(std::move(shape)), count_(element_count(shape_)), data_(data), owner_(std::move(owner)) {}

Tensor Tensor::uninitialized(DType dtype, Shape shape) {
  if (dtype == DType::kString) return Tensor(dtype, std::move(shape));
  const int64_t count = element_count(shape);
  auto memory = allocate(storage_bytes(dtype, count), false);
  const void* data = memory.get();
  return Tensor(dtype, std::move(shape), data, std::move(memory));
}

int64_t Tensor::byte_size() const { return defined() ? storage_bytes(dtype_, count_) : 0; }

Tensor Tensor::reshaped(Shape shape) const {
  if (element_count(shape) != count_) {
    fail(Code::kInvalidArgument, "cannot reshape {} to {}", shape_text(shape_), shape_text(shape));
  }
  return Tensor(dtype_, std::move(shape), data_, owner_);
}

Tensor Tensor::clone() const {
  if (!defined()) return {};
  Tensor copy = uninitialized(dtype_, shape_);
  if (dtype_ == DType::kString) {
    std::copy_n(data<std::string>(), count_, copy.mutable_data<std::string>());
  } else if (byte_size() > 0) {
    std::memcpy(copy.mutable_raw(), data_, static_cast<size_t>(byte_size()));
  }
  return copy;
}

std::string Tensor::type_text() const { return std::string(dtype_name(dtype_)) + shape_text(shape_); }

void Tensor::check_type(DType wanted) const {
  if (wanted != dtype_) {
    fail(Code::kInternal, "a tensor of {} was read as {}", dtype_name(dtype_), dtype_name(wanted));
  }
}

bool identical(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (!a.defined()) return true;
  if (a.dtype() == DType::kString)
    return std::equal(a.data<std::string>(), a.data<std::string>() + a.count(), b.data<std::string>());
  return a.byte_size() == 0 || std::memcmp(a.raw(), b.raw(), static_cast<size_t>(a.byte_size())) == 0;
}

}  // namespace ingot

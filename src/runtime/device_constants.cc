#include "runtime/device_constants.h"

#include <cstring>
#include <exception>

#include "base/error.h"
#include "kernels/cuda/device_row.h"
#include "tensor/half_arrays.h"

namespace ingot::runtime {
namespace {

constexpr int64_t kGroupBytes = 64 << 20;  // laid out on the host at once
constexpr int64_t kSliceBytes = 64 << 10;  // of a piece, to one thread

// Elements [begin, begin + count) of the tensor as `type`, which is its own or a 16-bit float for f32.
void write_elements(const Tensor& tensor, DType type, std::byte* to, int64_t begin, int64_t count) {
  if (type == DType::kF16) {
    to_saturated_f16(tensor.data<float>() + begin, reinterpret_cast<F16*>(to), count);
  } else {
    to_bf16(tensor.data<float>() + begin, reinterpret_cast<BF16*>(to), count);
  }
}

}  // namespace

device::Address DeviceConstants::address(int32_t constant, const std::string& key, const Tensor& tensor,
                                         std::function<Tensor(const Tensor&)> lay_out) {
  const auto found = buffers_.find({constant, key});
  if (found != buffers_.end()) return found->second.address();
  const int64_t bytes = storage_bytes(kernels::cuda::stored(tensor.dtype(), storage_), tensor.count());
  device::Buffer buffer(device_, bytes);
  const device::Address address = buffer.address();
  new_.push_back({{constant, key}, tensor, std::move(lay_out), address, bytes});
  buffers_.emplace(std::pair(constant, key), std::move(buffer));
  return address;
}

void DeviceConstants::forget_new() {
  for (const New& each : new_) buffers_.erase(each.key);
  new_.clear();
}

void DeviceConstants::copy_all(const kernels::Parallel& parallel) {
  if (new_.empty()) return;
  for (size_t begin = 0, end = 0; begin < new_.size(); begin = end) {
    int64_t bytes = 0;
    while (end < new_.size() && (end == begin || bytes + new_[end].tensor.byte_size() <= kGroupBytes)) {
      bytes += new_[end++].tensor.byte_size();
    }
    copy_group(std::span(new_).subspan(begin, end - begin), parallel);
  }
  device_.synchronize();
  for (const New& each : new_) bytes_ += each.bytes;
  new_.clear();
}

void DeviceConstants::copy_group(std::span<New> group, const kernels::Parallel& parallel) {
  std::vector<Tensor> tensors(group.size());
  std::vector<std::exception_ptr> errors(group.size());
  parallel.run(static_cast<int64_t>(group.size()), [&](int64_t index) {
    const auto i = static_cast<size_t>(index);
    try {
      tensors[i] = group[i].lay_out ? group[i].lay_out(group[i].tensor) : group[i].tensor;
    } catch (...) {
      errors[i] = std::current_exception();
    }
  });
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  for (size_t i = 0; i < group.size(); ++i) {
    INGOT_ASSERT(tensors[i].count() == group[i].tensor.count(), "a layout has as many elements");
    copy(tensors[i], group[i], parallel);
  }
}

void DeviceConstants::copy(const Tensor& tensor, const New& to, const kernels::Parallel& parallel) {
  const DType type = kernels::cuda::stored(tensor.dtype(), storage_);
  const auto* raw = static_cast<const std::byte*>(tensor.raw());
  device_.upload(to.address, to.bytes, [&](std::byte* piece, int64_t begin, int64_t bytes) {
    const int64_t slices = (bytes + kSliceBytes - 1) / kSliceBytes;
    parallel.run(slices, [&](int64_t slice) {
      const int64_t from = slice * kSliceBytes, size = std::min(kSliceBytes, bytes - from);
      if (type == tensor.dtype()) {
        std::memcpy(piece + from, raw + begin + from, static_cast<size_t>(size));
      } else {
        write_elements(tensor, type, piece + from, (begin + from) / 2, size / 2);
      }
    });
  });
}

}  // namespace ingot::runtime

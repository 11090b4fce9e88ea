#include "runtime/device_constants.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/failing_tasks.h"
#include "device/names.h"
#include "kernels/cuda/device_row.h"
#include "tensor/half_arrays.h"

namespace ingot::runtime {
namespace {

constexpr int64_t kGroupBytes = 64 << 20;  // laid out on the host at once
constexpr int64_t kSliceBytes = 64 << 10;  // of a piece, to one thread
constexpr int64_t kAlignment = 256;

// Elements [begin, begin + count) of the tensor as `type`, which is its own or a 16-bit float for f32.
void write_elements(const Tensor& tensor, DType type, std::byte* to, int64_t begin, int64_t count) {
  if (type == DType::kF16) {
    to_saturated_f16(tensor.data<float>() + begin, reinterpret_cast<F16*>(to), count);
  } else {
    to_bf16(tensor.data<float>() + begin, reinterpret_cast<BF16*>(to), count);
  }
}

}  // namespace

std::shared_ptr<PlacedConstants> placed_constants(const plan::Plan& plan, const std::string& device, DType storage) {
  struct Key {
    uint64_t file_hash;
    const plan::Plan* built;  // where it was not read: an address is of one plan as long as that lives
    std::string device;
    DType storage;
    std::vector<int64_t> sizes;  // no hash vouches for what a kernel may read
    auto operator<=>(const Key&) const = default;
  };
  static std::mutex mutex;
  static std::map<Key, std::weak_ptr<PlacedConstants>> all;
  const auto gpu = device::cuda_ordinal(device);
  Key key = {
      plan.file_hash, plan.file_hash == 0 ? &plan : nullptr, gpu ? fmt::format("cuda:{}", *gpu) : device, storage, {}};
  for (const Tensor& constant : plan.constants) key.sizes.push_back(constant.byte_size());
  const std::lock_guard lock(mutex);
  std::erase_if(all, [](const auto& each) { return each.second.expired(); });
  auto& known = all[std::move(key)];
  auto placed = known.lock();
  if (placed == nullptr) known = placed = std::make_shared<PlacedConstants>();
  return placed;
}

int64_t DeviceConstants::room_for(const Tensor& tensor) const {
  const int64_t bytes = storage_bytes(kernels::cuda::stored(tensor.dtype(), storage_), tensor.count());
  return (std::max<int64_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
}

void DeviceConstants::reserve(int64_t bytes) {
  if (bytes == 0) return;
  placed_->blocks.push_back({device_, device::Buffer(*device_, bytes)});
  placed_->open = placed_->blocks.size() - 1;
}

size_t DeviceConstants::block_for(int32_t constant, int64_t room) {
  auto& blocks = placed_->blocks;
  const size_t open = placed_->open;
  const bool fits = constant >= 0 && open < blocks.size() && blocks[open].used + room <= blocks[open].memory.bytes();
  if (fits) return open;
  blocks.push_back({device_, device::Buffer(*device_, room)});
  return blocks.size() - 1;
}

device::Address DeviceConstants::address(int32_t constant, const std::string& key, const Tensor& tensor,
                                         std::function<Tensor(const Tensor&)> lay_out) {
  const auto found = placed_->addresses.find({constant, key});
  if (found != placed_->addresses.end()) return found->second;
  const int64_t room = room_for(tensor);
  const size_t index = block_for(constant, room);
  PlacedConstants::Block& block = placed_->blocks[index];
  const device::Address address = block.memory.address() + static_cast<device::Address>(block.used);
  block.used += room;
  const int64_t bytes = storage_bytes(kernels::cuda::stored(tensor.dtype(), storage_), tensor.count());
  new_.push_back({{constant, key}, tensor, std::move(lay_out), address, bytes, index});
  placed_->addresses.emplace(std::pair(constant, key), address);
  return address;
}

void DeviceConstants::forget_new() {
  for (const New& each : new_) {
    placed_->addresses.erase(each.key);
    placed_->blocks[each.block].used -= room_for(each.tensor);
  }
  new_.clear();
  auto& blocks = placed_->blocks;
  while (!blocks.empty() && blocks.back().used == 0) blocks.pop_back();
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
  device_->synchronize();
  for (const New& each : new_) placed_->bytes += each.bytes;
  new_.clear();
}

void DeviceConstants::copy_group(std::span<New> group, const kernels::Parallel& parallel) {
  std::vector<Tensor> tensors(group.size());
  const auto on_threads = [&](int64_t count, auto& task) { parallel.run(count, task); };
  run_failing(static_cast<int64_t>(group.size()), on_threads,
              [&](size_t i) { tensors[i] = group[i].lay_out ? group[i].lay_out(group[i].tensor) : group[i].tensor; });
  for (size_t begin = 0, end = 0; begin < group.size(); begin = end) {
    const auto follows = [&](device::Address next) {  // one copy may not pass from one allocation into another
      return end < group.size() && group[end].block == group[begin].block && group[end].address == next;
    };
    for (device::Address next = group[begin].address; follows(next); ++end) {
      INGOT_ASSERT(tensors[end].count() == group[end].tensor.count(), "a layout has as many elements");
      next += static_cast<device::Address>(room_for(group[end].tensor));
    }
    copy_run(group.subspan(begin, end - begin), std::span(tensors).subspan(begin, end - begin), parallel);
  }
}

// Constants that lie one behind the other, as one upload.
void DeviceConstants::copy_run(std::span<const New> run, std::span<const Tensor> tensors,
                               const kernels::Parallel& parallel) {
  const device::Address first = run.front().address;
  const auto offset = [&](const New& each) { return static_cast<int64_t>(each.address - first); };
  const int64_t bytes = offset(run.back()) + run.back().bytes;
  device_->upload(first, bytes, [&](std::byte* piece, int64_t begin, int64_t piece_bytes) {
    parallel.run((piece_bytes + kSliceBytes - 1) / kSliceBytes, [&](int64_t slice) {
      const int64_t from = begin + slice * kSliceBytes, to = std::min(from + kSliceBytes, begin + piece_bytes);
      const auto after = std::upper_bound(run.begin(), run.end(), from,
                                          [&](int64_t at, const New& each) { return at < offset(each); });
      for (auto i = static_cast<size_t>(after - run.begin()) - 1; i < run.size() && offset(run[i]) < to; ++i) {
        const int64_t own = offset(run[i]), part = std::max(from, own), end = std::min(to, own + run[i].bytes);
        if (part < end) write(piece + (part - begin), tensors[i], part - own, end - part);
      }
    });
  });
}

// Bytes [begin, begin + bytes) of the constant as it lies on the device.
void DeviceConstants::write(std::byte* to, const Tensor& tensor, int64_t begin, int64_t bytes) const {
  const DType type = kernels::cuda::stored(tensor.dtype(), storage_);
  if (type == tensor.dtype()) {
    std::memcpy(to, static_cast<const std::byte*>(tensor.raw()) + begin, static_cast<size_t>(bytes));
  } else {
    write_elements(tensor, type, to, begin / 2, bytes / 2);
  }
}

}  // namespace ingot::runtime

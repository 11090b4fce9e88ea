#include "runtime/run_memory.h"

#include <cstdlib>

#include "base/large_pages.h"

namespace ingot::runtime {
namespace {

constexpr int64_t kLeastKept = 64 << 10;  // bytes; malloc keeps less than that itself

}  // namespace

Tensor RunMemory::tensor(DType dtype, Shape shape) {
  const int64_t bytes = dtype == DType::kString ? 0 : storage_bytes(dtype, element_count(shape));
  if (bytes < kLeastKept) return Tensor::uninitialized(dtype, std::move(shape));
  Block* best = nullptr;
  for (Block& block : blocks_) {
    const bool fits = block.memory.use_count() == 1 && block.bytes >= bytes && block.bytes / 2 <= bytes;
    if (fits && (best == nullptr || block.bytes < best->bytes)) best = &block;
  }
  if (best == nullptr) {
    const std::shared_ptr<void> memory(allocate_large(static_cast<size_t>(bytes)), std::free);
    if (memory == nullptr) fail(Code::kOutOfMemory, "cannot allocate {} bytes for a tensor", bytes);
    blocks_.push_back({memory, bytes, true});
    best = &blocks_.back();
  }
  best->used = true;
  return Tensor(dtype, std::move(shape), best->memory.get(), best->memory);
}

void RunMemory::end_run() {
  std::erase_if(blocks_, [](const Block& block) { return !block.used || block.memory.use_count() > 1; });
  for (Block& block : blocks_) block.used = false;
}

}  // namespace ingot::runtime

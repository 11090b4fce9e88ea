#include "base/large_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"

namespace ingot {
namespace {

constexpr size_t kLine = 64;
constexpr size_t kMostShared = 32 * kLargePage;  // blocks grow up to this: little is left over at the end

size_t up_to(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

void* allocate_large(size_t bytes) {
  if (bytes > SIZE_MAX - kLargePage) return nullptr;
  if (bytes < kLargePage) return std::aligned_alloc(kLine, std::max(kLine, up_to(bytes, kLine)));
  const size_t size = up_to(bytes, kLargePage);
  void* memory = std::aligned_alloc(kLargePage, size);
  // A wish: without it, or where the system has no such pages, the memory serves as well, only slower.
  if (memory != nullptr) ::madvise(memory, size, MADV_HUGEPAGE);
  return memory;
}

std::shared_ptr<void> LargePages::allocate(size_t bytes) {
  if (bytes > size_ - used_) {
    const size_t size = up_to(std::max(bytes, std::min(std::max(size_ * 2, kLargePage), kMostShared)), kLargePage);
    block_ = std::shared_ptr<std::byte>(static_cast<std::byte*>(allocate_large(size)), std::free);
    if (block_ == nullptr) fail(Code::kOutOfMemory, "cannot allocate {} bytes", bytes);
    used_ = 0;
    size_ = size;
  }
  const std::shared_ptr<void> place(block_, block_.get() + used_);
  used_ = std::min(size_, used_ + up_to(bytes, kLine));
  return place;
}

}  // namespace ingot

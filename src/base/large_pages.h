// Memory that the system is asked to back with large pages. Reading through megabytes of weights, each page costs a
// walk of the page tables and stops the CPU's prefetching: with 2 MB instead of 4 kB a core reads a quarter faster.
#pragma once
#include <cstddef>
#include <memory>

namespace ingot {

inline constexpr size_t kLargePage = 2 << 20;

// At least `bytes`, aligned to 64 bytes or, when it fills a large page, to that; freed by std::free. Null: out of
// memory.
void* allocate_large(size_t bytes);

// Gives out memory that is never handed back one by one: allocations too small for pages of their own share them.
// Each result keeps its pages alive. Not thread-safe.
class LargePages {
 public:
  // Aligned to 64 bytes. Throws kOutOfMemory.
  std::shared_ptr<void> allocate(size_t bytes);

 private:
  std::shared_ptr<std::byte> block_;
  size_t used_ = 0, size_ = 0;
};

}  // namespace ingot

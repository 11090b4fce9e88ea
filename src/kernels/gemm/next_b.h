// Prefetching of packed B.
#pragma once
#include <cstdint>

#include "base/checked.h"

namespace ingot::kernels::gemm {

// Brings the B that comes next into L2 while tiles multiply: a share of it with every tile, spread over its depth, so
// that no tile waits for memory. A single tile leaves no time for it, and is read as fast without.
class NextB {
 public:
  NextB() = default;
  NextB(const void* from, int64_t bytes, int64_t tiles)
      : at_(static_cast<const char*>(from)), end_(at_ + bytes), share_((bytes + tiles - 1) / tiles) {
    if (tiles == 1) end_ = at_;
  }
  // Sets what the next tile, of so many steps in depth, fetches: `next` and `next_step` of its arguments.
  template <class Args> void fetch_with(Args& args, int64_t steps) {
    constexpr int64_t kLine = 64;  // bytes
    args.next = at_ < end_ ? at_ : nullptr;
    if (args.next == nullptr) return;
    args.next_step = round_up((share_ + steps - 1) / steps, kLine);
    at_ += args.next_step * steps;
  }

 private:
  const char *at_ = nullptr, *end_ = nullptr;
  int64_t share_ = 0;
};

}  // namespace ingot::kernels::gemm

#include "kernels/gemm/bf16_gather.h"

#include <algorithm>
#include <cstring>

namespace ingot::kernels::gemm {
namespace {

// Elements [first, first + count) of a row, part by part.
void copy_into(const uint16_t* from, int64_t first, int64_t count, uint16_t* row) noexcept {
  while (count > 0) {
    const int64_t in_part = first % kBlockDepth, now = std::min(count, kBlockDepth - in_part);
    std::memcpy(row + first / kBlockDepth * kBlockRows * kBlockDepth + in_part, from,
                static_cast<size_t>(now) * sizeof(uint16_t));
    from += now;
    first += now;
    count -= now;
  }
}

}  // namespace

void gather_rows(const Bf16GatherArgs& args) noexcept {
  static constexpr uint16_t kZeros[kBlockDepth] = {};
  const int64_t filled = args.taps * args.depth;
  for (int64_t row = 0; row < args.rows; ++row) {
    uint16_t* out = args.out + row * kBlockDepth;
    for (int64_t tap = 0; tap < args.taps; ++tap) {
      copy_into(args.a[tap * args.a_rows + row], tap * args.depth, args.depth, out);
    }
    copy_into(kZeros, filled, args.stored - filled, out);
  }
}

Bf16Rows rows_in_place(const uint16_t* const* a, int64_t rows, int64_t taps, int64_t depth) noexcept {
  if (rows < kBlockRows || taps != 1 || depth % kBlockDepth != 0) return {};
  const auto address = [&](int64_t row) { return reinterpret_cast<intptr_t>(a[row]); };
  const intptr_t bytes = address(1) - address(0);
  for (int64_t row = 2; row < rows; ++row) {
    if (address(row) - address(row - 1) != bytes) return {};
  }
  const int64_t step = bytes / static_cast<int64_t>(sizeof(uint16_t));
  return {a[0], step, kHalfRows * step, kBlockDepth, nullptr};
}

}  // namespace ingot::kernels::gemm

// Copies a strided box of elements: what transpose, slice, concat, expand, pad and tile come down to.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/kernel.h"

namespace ingot::kernels {

inline constexpr size_t kMaxCopyAxes = 24;

// One axis of the box; strides in elements, 0 where the source repeats.
struct CopyAxis {
  int64_t size = 1, from = 0, to = 0;
};

// to[x * to_stride + y] = from[y * from_stride + x] for x < columns, y < rows; elements of `bytes` (1, 2, 4, 8, 16).
using TransposeBlock = void (*)(const std::byte* from, int64_t from_stride, std::byte* to, int64_t to_stride,
                                int64_t rows, int64_t columns, int64_t bytes);
// Plain code.
void transpose_block(const std::byte* from, int64_t from_stride, std::byte* to, int64_t to_stride, int64_t rows,
                     int64_t columns, int64_t bytes);

// Planned once for a box: axes collapsed, an inner loop chosen; no memory of its own. The innermost axis is contiguous
// in the destination.
class StridedCopy {
 public:
  StridedCopy() = default;
  // Axes outermost first, at most kMaxCopyAxes; `bytes` of an element: 1, 2, 4, 8 or 16.
  StridedCopy(std::span<const CopyAxis> axes, int64_t bytes, TransposeBlock block = transpose_block);

  void run(const Parallel& parallel, const void* from, void* to) const noexcept;
  // Tasks of about 64 KB; run_task does one of them.
  int64_t tasks() const { return (units_ + units_per_task_ - 1) / units_per_task_; }
  void run_task(int64_t task, const std::byte* from, std::byte* to) const noexcept;

 private:
  enum class Inner : uint8_t { kRun, kRepeat, kStrided, kTranspose };
  void collapse(std::span<const CopyAxis> axes);
  void choose_inner();
  void run_unit(const std::byte* from, std::byte* to, int64_t columns) const noexcept;

  std::array<CopyAxis, kMaxCopyAxes> outer_;  // of units; with kTranspose the last one counts blocks of columns
  size_t outer_count_ = 0;
  CopyAxis inner_, columns_;  // columns_: kTranspose's second axis, contiguous in the source
  int64_t bytes_ = 1;
  Inner kind_ = Inner::kRun;
  TransposeBlock block_ = transpose_block;
  int64_t units_ = 0, units_per_task_ = 1;
  int64_t piece_ = 0;  // elements of a unit where the whole box is one long run; the last may be shorter
};

}  // namespace ingot::kernels

// Rows of A in the form of Bf16Rows: where they lie when they are evenly spaced, else copied.
#pragma once
#include "kernels/gemm/bf16_tile.h"

namespace ingot::kernels::gemm {

// A copied block of rows: its elements, and where they are.
inline int64_t gathered_elements(int64_t stored_depth) { return kBlockRows * stored_depth; }
inline Bf16Rows gathered(const uint16_t* out) {
  return {out, kBlockDepth, kHalfRows * kBlockDepth, kBlockRows * kBlockDepth, nullptr};
}

// For any CPU: Bf16BlockSet::gather.
void gather_rows(const Bf16GatherArgs& args) noexcept;

// The rows in place; `at` is null when they are fewer than kBlockRows, not evenly spaced or of an uneven depth.
Bf16Rows rows_in_place(const uint16_t* const* a, int64_t rows, int64_t taps, int64_t depth) noexcept;

}  // namespace ingot::kernels::gemm

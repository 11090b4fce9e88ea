// Products with few rows and a B that is read once, where it lies: limited by the memory's speed, so packing it as
// gemm/blocked.h does would cost more than the product.
#pragma once
#include "kernels/gemm/blocked.h"

namespace ingot::kernels::gemm {

inline constexpr int64_t kGemvRows = 4;  // of A handled in one reading of B

// y[r][c] = sum over d of a[r][d] * B(d, c) for r < rows <= kGemvRows.
struct GemvArgs {
  const float* const* a = nullptr;  // [rows]
  int64_t rows = 0, depth = 0, columns = 0;
  const float* b = nullptr;
  int64_t b_stride = 0;
  float* y = nullptr;
  int64_t y_stride = 0;
};
struct GemvSet {
  void (*rows)(const GemvArgs& args) noexcept;     // B(d, c) at b[d * b_stride + c]; sums in the order of d
  void (*columns)(const GemvArgs& args) noexcept;  // B(d, c) at b[c * b_stride + d]; sums in vectors along d
  void (*finish)(const GemvArgs& args, const TileFinish& finish) noexcept;
};
extern const GemvSet kAvx2Gemv, kAvx512Gemv;

// As BlockedGemm, for products of one tap. Equal bits at every thread count.
class Gemv {
 public:
  Gemv(const GemvSet& set, const BlockedSize& size, StoredB stored, int64_t b_stride, const RowProgram* program,
       const Target& target);
  void run(const Source& source, const Parallel& parallel) const noexcept;

 private:
  void run_unit(const Source& source, int64_t unit) const noexcept;
  const GemvSet& set_;
  BlockedSize size_;
  StoredB stored_;
  int64_t b_stride_;
  const RowProgram* program_;
  int64_t row_groups_ = 0, chunks_ = 0, chunk_columns_ = 0, slots_ = 1;
};

}  // namespace ingot::kernels::gemm

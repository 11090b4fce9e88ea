#include "kernels/gemm/gemv.h"

#include <algorithm>

#include "base/checked.h"

namespace ingot::kernels::gemm {
namespace {

constexpr int64_t kLargestChunk = 1024, kSmallestChunk = 128;  // columns: sums of a chunk stay in L1
constexpr double kWorthAThread = 50e3;                         // elements of B

}  // namespace

Gemv::Gemv(const GemvSet& set, const BlockedSize& size, StoredB stored, int64_t b_stride, const RowProgram* program,
           const Target& target)
    : set_(set), size_(size), stored_(stored), b_stride_(b_stride), program_(program) {
  row_groups_ = (size.m + kGemvRows - 1) / kGemvRows;
  const double work = static_cast<double>(size.products * row_groups_ * size.depth) * static_cast<double>(size.n);
  const int64_t threads = std::clamp<int64_t>(static_cast<int64_t>(work / kWorthAThread), 1, target.threads);
  const int64_t share = round_up((size.n + threads - 1) / threads, 64);
  chunk_columns_ = std::clamp(share, kSmallestChunk, kLargestChunk);
  chunks_ = (size.n + chunk_columns_ - 1) / chunk_columns_;
  slots_ = std::min(threads, std::max<int64_t>(1, size.products * row_groups_ * chunks_));
}

void Gemv::run(const Source& source, const Parallel& parallel) const noexcept {
  const int64_t units = size_.products * row_groups_ * chunks_;
  parallel.run(slots_, [&](int64_t slot) {
    for (int64_t unit = units * slot / slots_; unit < units * (slot + 1) / slots_; ++unit) run_unit(source, unit);
  });
}

void Gemv::run_unit(const Source& source, int64_t unit) const noexcept {
  const int64_t chunk = unit % chunks_, group = unit / chunks_ % row_groups_, index = unit / (chunks_ * row_groups_);
  const Product product = source.product(index);
  const int64_t row = group * kGemvRows, column = chunk * chunk_columns_;
  const float* a[kGemvRows];
  GemvArgs args;
  args.rows = std::min(kGemvRows, size_.m - row);
  source.rows(index, row, args.rows, a, nullptr);
  args.a = a;
  args.depth = size_.depth;
  args.columns = std::min(chunk_columns_, size_.n - column);
  args.b = product.b + (stored_ == StoredB::kRows ? column : column * b_stride_);
  args.b_stride = b_stride_;
  args.y = product.c + row * size_.c_stride + column;
  args.y_stride = size_.c_stride;
  (stored_ == StoredB::kRows ? set_.rows : set_.columns)(args);
  TileFinish finish = product.finish;
  if (finish.bias != nullptr) finish.bias += row * finish.bias_stride + column;
  if (finish.addend != nullptr) finish.addend += row * finish.addend_stride + column;
  set_.finish(args, finish);
  if (program_ == nullptr) return;
  auto operands = product.operands;
  for (RowOperand& operand : operands) operand.data += row * operand.row_stride + column * operand.column_stride;
  program_->run({args.y, size_.c_stride, args.rows, args.columns}, operands.data());
}

}  // namespace ingot::kernels::gemm

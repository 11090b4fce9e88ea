#include "kernels/gemm/broadcast_operand.h"

#include <cstring>

#include "base/checked.h"
#include "ops/strided_walk.h"

namespace ingot::kernels::gemm {
namespace {

int64_t byte_size(DType dtype) { return dtype_bits(dtype) / 8; }

}  // namespace

BroadcastOperand::BroadcastOperand(const Problem& problem, size_t input, const RowLayout& layout, size_t& scratch_bytes,
                                   bool column_vector)
    : input_(input), dtype_(problem.inputs[input].dtype) {
  const Shape& shape = problem.inputs[input].shape;
  auto view = view_by_rows(shape, layout);
  if (!view || (column_vector && view->column != 1)) {
    result_ = layout.result;
    strides_ = broadcast_strides(shape, result_);
    offset_ = scratch_bytes;
    scratch_bytes += static_cast<size_t>(round_up(element_count(result_) * byte_size(dtype_), 64));
    view = view_by_rows(result_, layout);
  }
  view_ = std::move(*view);
}

void BroadcastOperand::prepare(const void* const* inputs, std::byte* scratch) const noexcept {
  if (!is_spread()) return;
  const auto* from = static_cast<const std::byte*>(inputs[input_]);
  std::byte* to = scratch + offset_;
  const int64_t bytes = byte_size(dtype_), elements = element_count(result_);
  for (int64_t i = 0; i < elements; ++i) {
    int64_t rest = i, offset = 0;
    for (size_t axis = result_.size(); axis-- > 0; rest /= result_[axis])
      offset += rest % result_[axis] * strides_[axis];
    std::memcpy(to + i * bytes, from + offset * bytes, static_cast<size_t>(bytes));
  }
}

ShortRowOperand BroadcastOperand::at(const void* const* inputs, const std::byte* scratch, int64_t index,
                                     int64_t column) const noexcept {
  const std::byte* data = is_spread() ? scratch + offset_ : static_cast<const std::byte*>(inputs[input_]);
  const int64_t offset = view_.products[static_cast<size_t>(index)] + column * view_.column;
  return {data + offset * byte_size(dtype_), dtype_, view_.row, view_.column};
}

ShortRowOperand from_row(ShortRowOperand operand, int64_t row, int64_t column) noexcept {
  operand.data += (row * operand.row_stride + column * operand.column_stride) * byte_size(operand.dtype);
  return operand;
}

}  // namespace ingot::kernels::gemm

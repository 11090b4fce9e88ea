#include "kernels/pointwise/loop.h"

#include "base/error.h"

namespace ingot::kernels {
namespace {

// Strides of `shape` seen through `output`: 0 where it is broadcast.
Shape strides_in(const Shape& shape, const Shape& output) {
  Shape strides(output.size(), 0);
  if (shape.size() > output.size()) {
    fail(Code::kInvalidArgument, "{} does not broadcast to {}", shape_text(shape), shape_text(output));
  }
  int64_t stride = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const size_t from = shape.size() - 1 - i, to = output.size() - 1 - i;
    if (shape[from] != output[to] && shape[from] != 1) {
      fail(Code::kInvalidArgument, "{} does not broadcast to {}", shape_text(shape), shape_text(output));
    }
    if (shape[from] != 1) strides[to] = stride;
    stride *= shape[from];
  }
  return strides;
}

template <class T> void repeat(const void* from, std::byte* to, int64_t count) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  T* out = reinterpret_cast<T*>(to);
  for (int64_t i = 0; i < count; ++i) out[i] = value;
}

}  // namespace

Loop::Loop(const Shape& output, const std::vector<LoopOperand>& operands, const std::vector<int64_t>& result_bytes,
           int64_t chunk, int64_t longest_run)
    : result_bytes_(result_bytes), count_(element_count(output)), longest_run_(longest_run) {
  INGOT_ASSERT(operands.size() <= kMaxLoopOperands && output.size() <= kMaxLoopAxes, "the loop's limits were checked");
  operands_.resize(operands.size());
  for (size_t k = 0; k < operands.size(); ++k) {
    operands_[k].bytes = operands[k].bytes;
    operands_[k].input = operands[k].input;
    operands_[k].joined = operands[k].joined;
    if (!operands[k].joined) continue;
    operands_[k].tile = joined_.size();
    joined_.push_back(k);
  }
  INGOT_ASSERT(joined_.size() <= kMaxJoined, "the loop's limits were checked");
  collapse(output, operands);
  limit_runs();
  choose_meetings();
  // Tasks of whole tiles, or of whole cache lines.
  const int64_t row_size = sizes_[axes_ - 1];
  const int64_t grain = rows_per_tile_ > 0 ? rows_per_tile_ * row_size : joined_.empty() ? 64 : gathered_;
  if (rows_per_tile_ > 0) gathered_ = grain;
  chunk_ = std::max<int64_t>(1, chunk / grain) * grain;
}

// Joined operands are gathered by whole rows where their tiles hold some.
void Loop::limit_runs() {
  for (const size_t k : joined_) {
    const Operand& operand = operands_[k];
    const int64_t rows = kJoinedBytes / std::max<int64_t>(1, operand.joined->row_bytes());
    const int64_t bytes = rows > 0 ? rows * operand.joined->row_bytes() : kJoinedBytes;
    gathered_ = std::min(gathered_, std::max<int64_t>(1, bytes / operand.bytes));
  }
  longest_run_ = std::min(longest_run_, gathered_);
}

void Loop::gather(int64_t begin, int64_t end, const void* const* inputs, Gathered& gathered) const noexcept {
  gathered.begin = begin;
  gathered.end = std::min(end, begin + gathered_);
  for (const size_t k : joined_) {
    const Operand& operand = operands_[k];
    operand.joined->copy(begin * operand.bytes, gathered.end * operand.bytes, inputs, gathered.tiles[operand.tile]);
  }
}

void Loop::collapse(const Shape& output, const std::vector<LoopOperand>& operands) {
  std::vector<Shape> strides;
  for (const LoopOperand& operand : operands) strides.push_back(strides_in(operand.shape, output));
  axes_ = 0;
  for (size_t axis = 0; axis < output.size(); ++axis) {
    if (output[axis] == 1) continue;
    bool merges = axes_ > 0;
    for (size_t k = 0; k < operands.size() && merges; ++k) {
      merges = operands_[k].strides[axes_ - 1] == strides[k][axis] * output[axis];
    }
    if (merges) {
      sizes_[axes_ - 1] *= output[axis];
    } else {
      sizes_[axes_++] = output[axis];
    }
    for (size_t k = 0; k < operands.size(); ++k) operands_[k].strides[axes_ - 1] = strides[k][axis];
  }
  if (axes_ == 0) {
    axes_ = 1;
    sizes_[0] = 1;
  }
}

void Loop::choose_meetings() {
  if (count_ == 0) return;
  const int64_t row_size = sizes_[axes_ - 1];
  size_t others = 0;
  int64_t widest = 1;
  for (size_t k = 0; k < operands_.size(); ++k) {
    Operand& operand = operands_[k];
    if (operand.joined) {
      operand.meeting = Meeting::kJoined;
      continue;
    }
    int64_t dense = 1;
    bool full = true, once = true;
    for (size_t axis = axes_; axis-- > 0;) {
      full = full && operand.strides[axis] == dense;
      once = once && operand.strides[axis] == 0;
      operand.moved = operand.moved || (axis + 1 < axes_ && operand.strides[axis] != 0);
      dense *= sizes_[axis];
    }
    if (full || once) {
      operand.meeting = once ? Meeting::kOnce : Meeting::kFull;
      continue;
    }
    operand.meeting = operand.strides[axes_ - 1] == 0 ? Meeting::kPerRow : Meeting::kAlongRow;
    operand.tile = others++;
    widest = std::max(widest, operand.bytes);
    if (operand.moved) moved_.push_back(k);
  }
  const int64_t rows = std::min(kTileBytes / widest, longest_run_) / row_size;
  const bool fills = moved_.empty() ? rows > 1 : row_size < kLongRow;  // once for a task, or row by row
  if (others == 0 || others > kMaxFilled || !fills) return;
  rows_per_tile_ = rows;
  for (Operand& operand : operands_) {
    if (operand.meeting == Meeting::kPerRow || operand.meeting == Meeting::kAlongRow) {
      operand.meeting = Meeting::kFilled;
    }
  }
}

Loop::Position Loop::position_of_row(int64_t row) const {
  Position position;
  for (size_t axis = axes_ - 1; axis-- > 0;) {
    position.index[axis] = row % sizes_[axis];
    row /= sizes_[axis];
    for (const size_t k : moved_) position.offset[k] += position.index[axis] * operands_[k].strides[axis];
  }
  return position;
}

void Loop::fill_row(const Operand& operand, const std::byte* row, std::byte* tile) const noexcept {
  const int64_t row_size = sizes_[axes_ - 1];
  if (operand.strides[axes_ - 1] != 0) {
    std::memcpy(tile, row, row_size * operand.bytes);
    return;
  }
  switch (operand.bytes) {
    case 1: repeat<uint8_t>(row, tile, row_size); break;
    case 2: repeat<uint16_t>(row, tile, row_size); break;
    case 4: repeat<uint32_t>(row, tile, row_size); break;
    default: repeat<uint64_t>(row, tile, row_size); break;
  }
}

}  // namespace ingot::kernels

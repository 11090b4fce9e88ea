// Walks elementwise code over broadcast operands: collapses axes, cuts the work into tasks and tells a body where each
// run of elements lies.
#pragma once
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "kernels/copy/joined_rows.h"

namespace ingot::kernels {

inline constexpr size_t kMaxLoopOperands = 32;
inline constexpr size_t kMaxLoopAxes = 12;
inline constexpr int64_t kTileBytes = 4096;    // of a filled tile
inline constexpr size_t kMaxFilled = 8;        // operands that are filled into tiles
inline constexpr int64_t kLongRow = 256;       // rows from this length are run in place
inline constexpr size_t kMaxJoined = 4;        // operands that are joined of several inputs
inline constexpr int64_t kJoinedBytes = 8192;  // of such an operand that are gathered at once

// How one operand meets the runs.
enum class Meeting : uint8_t {
  kFull,      // consecutive elements of the whole output
  kJoined,    // the same, gathered into a tile from the inputs that are joined
  kOnce,      // one element for everything
  kPerRow,    // one element per row
  kAlongRow,  // the row's elements, at a row-dependent offset
  kFilled,    // copied into a tile of whole rows
};

struct LoopOperand {
  Shape shape;
  int64_t bytes = 4;                 // of an element
  size_t input = 0;                  // whose memory it lies in
  std::optional<JoinedRows> joined;  // instead of `input`; its shape is then the output's
};

class Loop {
 public:
  // Shapes must broadcast to `output`, else throws kInvalidArgument; rank at most kMaxLoopAxes, at most kMaxJoined
  // joined operands. `chunk`: elements of a task, about. `longest_run`: of one call of the body, at least kLongRow.
  Loop(const Shape& output, const std::vector<LoopOperand>& operands, const std::vector<int64_t>& result_bytes,
       int64_t chunk, int64_t longest_run);

  Meeting meeting(size_t operand) const { return operands_[operand].meeting; }
  // Whether the body gets the operand as a single element.
  bool is_splat(size_t operand) const {
    return meeting(operand) == Meeting::kOnce || meeting(operand) == Meeting::kPerRow;
  }
  size_t operands() const { return operands_.size(); }
  int64_t count() const { return count_; }
  int64_t tasks() const { return (count_ + chunk_ - 1) / chunk_; }

  // Calls body.bind(port, pointer) and body.splat(port, element) for what changed, then body.run(elements), over the
  // elements of one task. Ports: operands, then results.
  template <class Body>
  void run(int64_t task, const void* const* inputs, void* const* outputs, Body& body) const noexcept {
    const int64_t begin = task * chunk_, end = std::min(count_, begin + chunk_);
    if (rows_per_tile_ > 0) {
      run_tiles(begin, end, inputs, outputs, body);
    } else {
      run_rows(begin, end, inputs, outputs, body);
    }
  }

 private:
  struct Operand {
    std::array<int64_t, kMaxLoopAxes> strides{};  // in elements, of the collapsed axes
    int64_t bytes = 4;
    Meeting meeting = Meeting::kFull;
    bool moved = false;  // rows read at different offsets
    size_t tile = 0;     // kFilled, kJoined: which tile
    size_t input = 0;
    std::optional<JoinedRows> joined;
  };
  // Elements [begin, end) of the joined operands.
  struct Gathered {
    alignas(64) std::byte tiles[kMaxJoined][kJoinedBytes];
    int64_t begin = 0, end = 0;
  };
  // Position in the axes but the last, with the offset in elements of each operand that rows move.
  struct Position {
    std::array<int64_t, kMaxLoopAxes> index{};
    std::array<int64_t, kMaxLoopOperands> offset{};
  };
  void collapse(const Shape& output, const std::vector<LoopOperand>& operands);
  void choose_meetings();
  void limit_runs();
  Position position_of_row(int64_t row) const;
  void next_row(Position& position) const {
    for (size_t axis = axes_ - 1; axis-- > 0;) {
      for (const size_t k : moved_) position.offset[k] += operands_[k].strides[axis];
      if (++position.index[axis] < sizes_[axis]) return;
      for (const size_t k : moved_) position.offset[k] -= operands_[k].strides[axis] * sizes_[axis];
      position.index[axis] = 0;
    }
  }
  // The operand's next row into a tile.
  void fill_row(const Operand& operand, const std::byte* row, std::byte* tile) const noexcept;
  // Elements from `begin` on, at most to `end`.
  void gather(int64_t begin, int64_t end, const void* const* inputs, Gathered& gathered) const noexcept;
  const std::byte* memory_of(const Operand& operand, const void* const* inputs) const {
    return static_cast<const std::byte*>(inputs[operand.input]);
  }

  template <class Body>
  void bind_start(int64_t element, const void* const* inputs, void* const* outputs, const Gathered& gathered,
                  Body& body) const {
    for (size_t k = 0; k < operands_.size(); ++k) {
      const Operand& operand = operands_[k];
      if (operand.meeting == Meeting::kFull) body.bind(k, memory_of(operand, inputs) + element * operand.bytes);
      if (operand.meeting == Meeting::kJoined) {
        body.bind(k, gathered.tiles[operand.tile] + (element - gathered.begin) * operand.bytes);
      }
    }
    for (size_t k = 0; k < result_bytes_.size(); ++k) {
      body.bind(operands_.size() + k, static_cast<std::byte*>(outputs[k]) + element * result_bytes_[k]);
    }
  }
  template <class Body> void splat_once(const void* const* inputs, Body& body) const {
    for (size_t k = 0; k < operands_.size(); ++k) {
      if (operands_[k].meeting == Meeting::kOnce) body.splat(k, memory_of(operands_[k], inputs));
    }
  }

  template <class Body>
  void run_rows(int64_t begin, int64_t end, const void* const* inputs, void* const* outputs, Body& body) const {
    const int64_t row_size = sizes_[axes_ - 1];
    Position position = position_of_row(begin / row_size);
    int64_t column = begin % row_size;
    splat_once(inputs, body);
    Gathered gathered;
    for (int64_t i = begin; i < end;) {
      if (i == begin || i == gathered.end) gather(i, end, inputs, gathered);
      const int64_t run = std::min({row_size - column, gathered.end - i, longest_run_});
      bind_start(i, inputs, outputs, gathered, body);
      for (size_t k = 0; k < operands_.size(); ++k) {
        const Operand& operand = operands_[k];
        const auto* row = memory_of(operand, inputs) + position.offset[k] * operand.bytes;
        if (operand.meeting == Meeting::kPerRow) body.splat(k, row);
        if (operand.meeting == Meeting::kAlongRow) body.bind(k, row + column * operand.bytes);
      }
      body.run(run);
      i += run;
      column += run;
      if (column == row_size) {
        column = 0;
        next_row(position);
      }
    }
  }

  template <class Body>
  void run_tiles(int64_t begin, int64_t end, const void* const* inputs, void* const* outputs, Body& body) const {
    alignas(64) std::byte tiles[kMaxFilled][kTileBytes + 64];  // off each other's 4 KB alignment
    const int64_t row_size = sizes_[axes_ - 1];
    Position position = position_of_row(begin / row_size);
    splat_once(inputs, body);
    size_t tile = 0;
    for (size_t k = 0; k < operands_.size(); ++k) {
      if (operands_[k].meeting != Meeting::kFilled) continue;
      if (!operands_[k].moved) {
        for (int64_t r = 0; r < std::min(rows_per_tile_, (end - begin) / row_size); ++r) {
          fill_row(operands_[k], memory_of(operands_[k], inputs), tiles[tile] + r * row_size * operands_[k].bytes);
        }
      }
      body.bind(k, tiles[tile++]);
    }
    Gathered gathered;
    for (int64_t i = begin; i < end;) {
      gather(i, end, inputs, gathered);
      const int64_t rows = std::min(rows_per_tile_, (end - i) / row_size);
      bind_start(i, inputs, outputs, gathered, body);
      for (int64_t r = 0; r < rows && !moved_.empty(); ++r, next_row(position)) {
        for (const size_t k : moved_) {
          const Operand& operand = operands_[k];
          fill_row(operand, memory_of(operand, inputs) + position.offset[k] * operand.bytes,
                   tiles[operand.tile] + r * row_size * operand.bytes);
        }
      }
      body.run(rows * row_size);
      i += rows * row_size;
    }
  }

  std::array<int64_t, kMaxLoopAxes> sizes_{};
  size_t axes_ = 1;
  std::vector<Operand> operands_;
  std::vector<size_t> moved_;   // operands whose offset depends on the row and matters
  std::vector<size_t> joined_;  // operands that are gathered
  std::vector<int64_t> result_bytes_;
  int64_t count_ = 1, chunk_ = 1, longest_run_ = 1, rows_per_tile_ = 0;
  int64_t gathered_ = int64_t{1} << 40;  // elements that are gathered at once, if any
};

}  // namespace ingot::kernels

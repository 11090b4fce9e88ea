// The loop nest round the tiles: cuts independent products into blocks of rows, panels of columns and parts of the
// depth, and shares them out to threads. Matrix multiplication and convolution are sources of operands for it.
#pragma once
#include <array>
#include <vector>

#include "kernels/epilogue.h"
#include "kernels/gemm/grid.h"
#include "kernels/gemm/next_b.h"
#include "kernels/gemm/tile.h"
#include "kernels/kernel.h"

namespace ingot::kernels::gemm {

inline constexpr size_t kMaxOperands = 8;

// One of the products, at row 0 and column 0.
struct Product {
  const float* b = nullptr;
  float* c = nullptr;
  const float* zeros = nullptr;  // what rows of zeros point to; null: there are none
  TileFinish finish;
  std::array<RowOperand, kMaxOperands> operands;  // of the program
};

// Where the operands of a run are; called from many threads.
class Source {
 public:
  // With segments: that of segment `index` of the one product.
  virtual Product product(int64_t index) const noexcept = 0;
  // Fills `table` for the rows [first, first + count) of product `index`: tap t of row first + i is at
  // table[(i / rows * taps + t) * rows + i % rows] with the tile set's `rows`. `patches`: count * patch_floats floats
  // that the pointers may refer to.
  virtual void rows(int64_t index, int64_t first, int64_t count, const float** table,
                    float* patches) const noexcept = 0;

 protected:
  ~Source() = default;
};

// How B is stored: panels (gemm/panels.h), or a matrix that is read or packed on the way: (depth, column) at
// b[depth * stride + column] (rows) or b[column * stride + depth] (columns); those with one tap only.
enum class StoredB { kPanels, kRows, kColumns };

// Columns of B that are a matrix of their own, with a result of their own.
struct Segment {
  int64_t n = 0, c_stride = 0;
  const RowProgram* program = nullptr;  // may be null; outlives the gemm
};

struct BlockedSize {
  int64_t products = 1, m = 0, n = 0, taps = 1, depth = 0;
  int64_t c_stride = 0;
  int64_t row_floats = 0;              // floats of A that a row adds to the cache's load; 0: taps * depth
  int64_t patch_floats = 0;            // scratch for each row's pointers to refer to
  std::vector<Segment> segments = {};  // instead of n, c_stride and a program: several B for the rows of one product
  int64_t segment_step = 0;            // floats from where one segment reads A to where the next does
};

class BlockedGemm {
 public:
  // `program` (may be null) runs on finished rows; it outlives this.
  BlockedGemm(const TileSet& tiles, const BlockedSize& size, StoredB stored, int64_t b_stride,
              const RowProgram* program, const Target& target);
  size_t scratch_bytes() const { return slots_ * slot_bytes_; }
  void run(const Source& source, std::byte* scratch, const Parallel& parallel) const noexcept;
  // The first `rows` rows of product `index`, all on the calling thread; `scratch`: of a gemm bound for one thread.
  void run_rows(const Source& source, int64_t index, int64_t rows, std::byte* scratch) const noexcept;

 private:
  struct DepthBlock {
    int64_t tap, taps, first, depth;
  };
  struct Panel {
    int64_t segment, first, columns, width;  // first: column in the segment
    size_t offsets;                          // which of tap_offsets_
  };
  struct Slot {
    const float** table;
    float* packed;
    float* patches;
  };
  void cut_columns();
  void cut_depth(const Target& target);
  void cut_rows(const Target& target);
  void share_out(const Target& target);
  Slot slot_at(std::byte* scratch) const noexcept;
  void run_unit(const Source& source, int64_t unit, const Slot& slot) const noexcept;
  void run_part(const Source& source, int64_t index, int64_t first, int64_t end, int64_t panel, int64_t end_panel,
                const Slot& slot) const noexcept;
  void run_block(const Source& source, int64_t index, int64_t first, int64_t rows, int64_t panel, int64_t end_panel,
                 const Slot& slot) const noexcept;
  int64_t end_of_chunk(int64_t panel, int64_t end) const noexcept;
  void run_panel(const Product& product, int64_t first_row, int64_t rows, const Panel& panel,
                 const Slot& slot) const noexcept;
  bool stands_beside_others(int64_t panel, int64_t end) const noexcept;
  void run_row(const Product& product, int64_t row, const Panel& first, const Slot& slot) const noexcept;
  void place_block(const Panel& panel, const DepthBlock& block, TileArgs& args) const noexcept;
  void place_b(const Product& product, const Panel& panel, const DepthBlock& block, int64_t rows, TileArgs& args,
               const Slot& slot) const noexcept;
  NextB next_b(const Panel& panel, const DepthBlock& block, int64_t rows, const TileArgs& args) const noexcept;
  int64_t rows_of_tile(int64_t rest) const noexcept;
  void run_program(const Product& product, int64_t first_row, int64_t rows, const Panel& panel) const noexcept;
  int64_t c_stride(const Panel& panel) const noexcept {
    return size_.segments.empty() ? size_.c_stride : size_.segments[static_cast<size_t>(panel.segment)].c_stride;
  }
  const RowProgram* program(const Panel& panel) const noexcept {
    return size_.segments.empty() ? program_ : size_.segments[static_cast<size_t>(panel.segment)].program;
  }

  const TileSet& tiles_;
  BlockedSize size_;
  StoredB stored_;
  int64_t b_stride_;
  const RowProgram* program_;
  std::vector<DepthBlock> blocks_;
  std::vector<Panel> columns_;
  int64_t panels_ = 0, row_tiles_ = 0;
  int64_t block_tiles_ = 1;  // row tiles handled with one table
  Grid grid_;                // parts of each product
  int64_t slots_ = 1, slot_bytes_ = 0, table_bytes_ = 0, packed_bytes_ = 0;
  std::vector<std::vector<int64_t>> tap_offsets_;  // in full panels, then in the last one of each segment
};

}  // namespace ingot::kernels::gemm

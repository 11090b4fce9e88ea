// The loop nest round the tiles on bf16: as gemm/blocked.h with packed B, cut into rows and panels.
#pragma once
#include <optional>
#include <vector>

#include "kernels/gemm/bf16_epilogue.h"
#include "kernels/gemm/bf16_tile.h"
#include "kernels/gemm/grid.h"

namespace ingot::kernels::gemm {

// Where the operands of a run are; called from many threads.
class Bf16Source {
 public:
  virtual Bf16Product product(int64_t index) const noexcept = 0;
  // As Source::rows, of elements of bf16.
  virtual void rows(int64_t index, int64_t first, int64_t count, const uint16_t** table,
                    uint16_t* patches) const noexcept = 0;
  // Where rows share lines, (index, first, count, stride, out): lines [first, first + count), as
  // [depth / 32][stride][32].
  virtual void lines(int64_t, int64_t, int64_t, int64_t, uint16_t*) const noexcept {}
  // And (first, count, rows): the rows of C that rows [first, first + count) give, -1 for none.
  virtual void results(int64_t, int64_t, int32_t*) const noexcept {}

 protected:
  ~Bf16Source() = default;
};

struct Bf16Size {
  int64_t products = 1, m = 0, n = 0, taps = 1, depth = 0;
  int64_t c_stride = 0;
  int64_t row_elements = 0;    // elements of A that a row adds to the cache's load
  int64_t patch_elements = 0;  // scratch for each row's pointers to refer to
  // For blocks: rows that share what they read. Tap t of row r is line r + shared_lines[t]; empty where rows are given
  // by pointers. `depth` is a multiple of 32, and the epilogue has no program.
  std::vector<int64_t> shared_lines = {};
};

inline constexpr int64_t kProgramTiles = 4;  // row tiles whose sums, still in L1, are finished together

class Bf16Gemm {
 public:
  // `epilogue` outlives this.
  Bf16Gemm(const Bf16TileSet& tiles, const Bf16Size& size, const Bf16Epilogue& epilogue, const Target& target);
  size_t scratch_bytes() const { return static_cast<size_t>(slots_ * slot_bytes_); }
  void run(const Bf16Source& source, std::byte* scratch, const Parallel& parallel) const noexcept;

 private:
  struct Slot {
    const uint16_t** table;
    float* sums;
    uint16_t* patches;
    uint16_t* gathered;
    int32_t* row_map;  // where rows share lines: of a block of rows, then the parts of a row
    float* wide;       // a block of rows, then a block of a panel
  };
  static constexpr int64_t kMostTiles = 64;  // in a block of rows
  using BlockRows = std::array<Bf16Rows, kMostTiles>;

  // Sums of blocks lie in a ring, so that the last block's can wait for the next products to hide their finishing.
  struct Blocks {
    BlockRows rows;
    int64_t done = 0;  // blocks whose sums are complete
    std::optional<FinishArgs> waiting;
  };

  int64_t row_of_a() const;
  void cut_rows(const Target& target);
  void share_out(const Target& target);
  void run_unit(const Bf16Source& source, int64_t unit, const Slot& slot) const noexcept;
  void run_panel(const Bf16Product& product, int64_t first_row, int64_t rows, int64_t panel,
                 const Slot& slot) const noexcept;
  void run_plain_panel(Bf16TileArgs& args, int64_t vectors, const FinishArgs& finish, int64_t rows,
                       const Slot& slot) const noexcept;
  // A widened part of a panel: part of one tap, or several whole ones.
  struct WideBlock {
    int64_t tap, taps, first, depth;
  };
  void cut_wide();
  void reserve_wide();
  bool is_nothing(const Bf16Product& product, const uint16_t* const* table, int64_t rows) const noexcept;
  void widen_rows(const Bf16Product& product, int64_t rows, const Slot& slot) const noexcept;
  void run_wide_panel(const Bf16Product& product, int64_t first_row, int64_t rows, int64_t panel,
                      const Slot& slot) const noexcept;
  void finish_wide(const Bf16Product& product, int64_t first_row, int64_t rows, int64_t panel,
                   float* sums) const noexcept;
  void place_rows(int64_t rows, const Slot& slot, BlockRows& placed) const noexcept;
  void place_lines(const Bf16Source& source, int64_t index, int64_t first, int64_t rows, const Slot& slot,
                   BlockRows& placed) const noexcept;
  int64_t gathered_bytes() const;
  FinishArgs finish_of(const Bf16Product& product, int64_t first_row, int64_t panel) const noexcept;
  void run_block_panel(const Bf16Product& product, int64_t first_row, int64_t rows, int64_t panel, const Slot& slot,
                       Blocks& blocks) const noexcept;
  void multiply_block(Bf16BlockArgs& args, Blocks& blocks) const noexcept;
  void finish_waiting(Blocks& blocks) const noexcept;
  void finish_panel(const Bf16Product& product, int64_t first_row, int64_t rows, int64_t panel,
                    const float* sums) const noexcept;

  const Bf16TileSet& tiles_;
  Bf16Size size_;
  StoredDepth stored_;
  const Bf16Epilogue& epilogue_;
  int64_t panels_ = 0, row_tiles_ = 0;
  int64_t block_tiles_ = 1;  // row tiles handled with one table
  int64_t cuts_ = 1;         // parts of the depth of widened panels
  Grid grid_;                // parts of each product
  int64_t halo_ = 0;         // lines that a block of rows reads behind its own
  int64_t slots_ = 1, slot_bytes_ = 0, table_bytes_ = 0, sums_bytes_ = 0, patches_bytes_ = 0, map_bytes_ = 0;
  std::vector<WideBlock> wide_blocks_;
  int64_t wide_stride_ = 0, wide_rows_bytes_ = 0;  // floats from widened row to row; of a block of them
};

}  // namespace ingot::kernels::gemm

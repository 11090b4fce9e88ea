// The loop nest round the tiles on integers: as gemm/blocked.h with packed B, cut into rows and panels.
#pragma once
#include "kernels/gemm/grid.h"
#include "kernels/gemm/int8_epilogue.h"
#include "kernels/gemm/int8_tile.h"

namespace ingot::kernels::gemm {

// One of the products, at row 0 and column 0.
struct Int8Product {
  const std::byte* b = nullptr;    // packed (gemm/int8_panels.h)
  const int32_t* minus = nullptr;  // for each stored column: subtracted from its sums
  std::byte* c = nullptr;
  Int8Epilogue::Operands operands;
};

// Where the operands of a run are; called from many threads.
class Int8Source {
 public:
  virtual Int8Product product(int64_t index) const noexcept = 0;
  // As Source::rows, of bytes.
  virtual void rows(int64_t index, int64_t first, int64_t count, const uint8_t** table,
                    uint8_t* patches) const noexcept = 0;

 protected:
  ~Int8Source() = default;
};

struct Int8Size {
  int64_t products = 1, m = 0, n = 0, taps = 1, depth = 0;
  int64_t c_stride = 0;
  int64_t row_bytes = 0;    // of A that a row adds to the cache's load
  int64_t patch_bytes = 0;  // scratch for each row's pointers to refer to
  bool is_signed = false;   // A
};

class Int8Gemm {
 public:
  // `epilogue` outlives this.
  Int8Gemm(const Int8TileSet& tiles, const Int8Size& size, const Int8Epilogue& epilogue, const Target& target);
  size_t scratch_bytes() const { return static_cast<size_t>(slots_ * slot_bytes_); }
  void run(const Int8Source& source, std::byte* scratch, const Parallel& parallel) const noexcept;

 private:
  struct Slot {
    const uint8_t** table;
    int32_t* sums;
    uint8_t* patches;
  };
  void share_out(const Target& target);
  void run_unit(const Int8Source& source, int64_t unit, const Slot& slot) const noexcept;
  void run_panel(const Int8Product& product, int64_t first_row, int64_t rows, int64_t panel,
                 const Slot& slot) const noexcept;

  const Int8TileSet& tiles_;
  Int8Size size_;
  const Int8Epilogue& epilogue_;
  int64_t panels_ = 0, row_tiles_ = 0;
  int64_t block_tiles_ = 1;  // row tiles handled with one table
  Grid grid_;                // parts of each product
  int64_t slots_ = 1, slot_bytes_ = 0, table_bytes_ = 0, sums_bytes_ = 0;
};

}  // namespace ingot::kernels::gemm

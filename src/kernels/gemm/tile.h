// The micro-kernel of all matrix work, and what each instruction set offers of it.
//
// A tile computes C (rows x columns) = sum over taps t of A_t (rows x depth) * B_t (depth x columns), in f32, every
// element as one chain of additions in the order of (tap, depth): so its bits depend on neither tile size nor split.
// Rows of A are given by pointers, which makes one kernel serve matrices (one tap), convolution (a tap per kernel
// position, padding as a row of zeros) and groups. B comes in panels: for each depth, `width` consecutive floats.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>

namespace ingot::kernels::gemm {

// Applied in registers when a sum is complete: y = min(max(alpha * sum + bias + addend, low), high). Element (r, c) of
// bias and addend is at [r * stride + c]; null where absent. NaN passes.
struct TileFinish {
  float alpha = 1;
  const float* bias = nullptr;
  int64_t bias_stride = 0;
  const float* addend = nullptr;
  int64_t addend_stride = 0;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
};

struct TileArgs {
  const float* const* a = nullptr;  // [taps][a_rows]: row pointers, without alignment
  int64_t a_rows = 0;
  const float* zeros = nullptr;        // taps at which every row is this one add nothing and are skipped
  int64_t a_offset = 0;                // floats added to every row pointer
  const float* b = nullptr;            // tap t, depth d: the floats at b + b_offsets[t] + d * b_step
  const int64_t* b_offsets = nullptr;  // [taps]
  int64_t b_step = 0;
  int64_t taps = 0, depth = 0;
  float* c = nullptr;
  int64_t c_stride = 0;
  int64_t columns = 0;      // that exist in C; B is read in whole vectors
  bool accumulate = false;  // the sum starts from C instead of 0
  TileFinish finish;        // used when `finished`
  bool finished = false;    // this is the last part of the sum
  // Fetched into L2 meanwhile: with every depth the lines of the next `next_step` bytes. Null: nothing is.
  const char* next = nullptr;
  int64_t next_step = 0;
};
using TileFn = void (*)(const TileArgs& args) noexcept;

// The same for one row and kRowPanels whole panels of B side by side, each `panel_floats` after the one before.
using RowTileFn = void (*)(const TileArgs& args, int64_t panel_floats) noexcept;
inline constexpr int kRowPanels = 4;

// out[c * out_stride + r] = in[r * in_stride + c]
using TransposeFn = void (*)(const float* in, int64_t in_stride, int64_t rows, int64_t columns, float* out,
                             int64_t out_stride) noexcept;

// Tiles of 1..rows rows and 1..vectors vectors of `vector` floats.
struct TileSet {
  int rows, vectors, vector;
  const char* packing;  // name of the layout of panels (gemm/panels.h): width and vector
  double gflops;        // of one core, typical; ranks rows before anything is measured
  const TileFn* tiles;  // [rows][vectors]
  TransposeFn transpose;
  RowTileFn row_tile = nullptr;
  int columns() const { return vectors * vector; }
  TileFn tile(int64_t r, int64_t v) const { return tiles[(r - 1) * vectors + (v - 1)]; }
};

void transpose_avx2(const float* in, int64_t in_stride, int64_t rows, int64_t columns, float* out,
                    int64_t out_stride) noexcept;

extern const TileSet kReference4x8, kAvx2_6x16, kAvx2_4x24, kAvx512_6x64, kAvx512_8x48;

}  // namespace ingot::kernels::gemm

#include "kernels/winograd/rounds.h"

#include <algorithm>

#include "base/checked.h"

namespace ingot::kernels::winograd {
namespace {

constexpr int kMaxRows = 16;
constexpr int64_t kDepth = 256;      // of one pass over a panel, so that it stays in cache
constexpr int64_t kPad = 16;         // floats after every row: strides of powers of two would share cache sets
constexpr int64_t kLeastTiles = 24;  // of a round: fewer would read the weights too often

}  // namespace

Rounds::Rounds(const TransformSet& transforms, const gemm::TileSet& tiles, const conv::Geometry& geometry,
               const Target& target)
    : transforms_(transforms),
      tiles_(tiles),
      channels_(geometry.channels),
      filters_(geometry.filters),
      panels_(gemm::panel_count(tiles, geometry.filters)),
      down_(per_axis(geometry.axes[1].output)),
      across_(per_axis(geometry.axes[2].output)),
      count_(geometry.images * down_ * across_),
      v_stride_(round_up(channels_, 16) + kPad),
      m_stride_(round_up(filters_, 16) + kPad),
      tile_bytes_(transforms.points() * (v_stride_ + m_stride_) * static_cast<int64_t>(sizeof(float))),
      point_weights_(gemm::packed_floats(tiles, channels_, filters_)) {
  const int64_t fit = target.l2_bytes * 3 / 4 * target.threads / tile_bytes_;
  round_ = std::min(count_, round_up(std::max(fit, kLeastTiles), tiles.rows));
}

// The sums of one point and panel for `count` tiles.
void Rounds::multiply(const float* weights, const float* v, float* m, int64_t point, int64_t panel,
                      int64_t count) const noexcept {
  const int64_t width = gemm::panel_width(tiles_, filters_, panel), column = panel * tiles_.columns();
  const int64_t no_offset = 0;
  const float* rows[kMaxRows];
  gemm::TileArgs args;
  args.a = rows;
  args.a_rows = tiles_.rows;
  args.b_offsets = &no_offset;
  args.b_step = width;
  args.taps = 1;
  args.c_stride = m_stride_;
  args.columns = std::min<int64_t>(tiles_.columns(), filters_ - column);
  for (int64_t first = 0; first < channels_; first += kDepth) {
    args.a_offset = first;
    args.depth = std::min(kDepth, channels_ - first);
    args.b = weights + point * point_weights_ + column * channels_ + first * width;
    args.accumulate = first > 0;
    // What comes after this block: the rest of the panel, the next one, or the next point.
    const bool last =
        first + args.depth == channels_ && point + 1 == transforms_.points() && column + tiles_.columns() >= filters_;
    const int64_t share = width * args.depth * static_cast<int64_t>(sizeof(float)) / ((count - 1) / tiles_.rows + 1);
    args.next = last ? nullptr : reinterpret_cast<const char*>(args.b + width * args.depth);
    args.next_step = (share - 1) / args.depth + 1;
    for (int64_t tile = 0; tile < count; tile += tiles_.rows) {
      const int64_t height = std::min<int64_t>(tiles_.rows, count - tile);
      for (int64_t r = 0; r < height; ++r) rows[r] = v + (point * round_ + tile + r) * v_stride_;
      args.c = m + (point * round_ + tile) * m_stride_ + column;
      tiles_.tile(height, width / tiles_.vector)(args);
      if (args.next != nullptr) args.next += share;
    }
  }
}

}  // namespace ingot::kernels::winograd

// Rounds of a Winograd convolution, whatever the type of its data: every round transforms the inputs of a block of
// tiles, multiplies them point by point in f32, and hands over the sums. What is read and written is the caller's.
#pragma once
#include "kernels/conv/geometry.h"
#include "kernels/gemm/panels.h"
#include "kernels/kernel.h"
#include "kernels/winograd/transform.h"

namespace ingot::kernels::winograd {

inline constexpr int kMaxPoints = 36, kMaxOutputs = 16;

class Rounds {
 public:
  Rounds(const TransformSet& transforms, const gemm::TileSet& tiles, const conv::Geometry& geometry,
         const Target& target);
  int64_t scratch_bytes() const { return round_ * tile_bytes_; }
  const TransformSet& transforms() const { return transforms_; }

  struct Place {
    int64_t image, row, column;  // of the first output
  };
  Place place(int64_t tile) const noexcept {
    const int64_t m = transforms_.outputs;
    return {tile / (down_ * across_), tile / across_ % down_ * m, tile % across_ * m};
  }
  // The inputs of a tile in channels-last data: `zeros` (a pixel of them) outside of it.
  template <typename T>
  void inputs(const Place& at, const conv::Geometry& sizes, const T* x, const T* zeros,
              const T** pixels) const noexcept {
    const auto &height = sizes.axes[1], &width = sizes.axes[2];
    const int64_t top = at.row - height.pad_begin, left = at.column - width.pad_begin;
    const int size = transforms_.outputs + 2;
    for (int i = 0; i < size; ++i) {
      for (int j = 0; j < size; ++j) {
        const int64_t y = top + i, z = left + j;
        const bool inside = y >= 0 && y < height.size && z >= 0 && z < width.size;
        *pixels++ = inside ? x + ((at.image * height.size + y) * width.size + z) * sizes.channels : zeros;
      }
    }
  }
  // `transform(tile, v, stride)` writes point p of a tile's inputs to v + p * stride; `finish(tile, m, stride)` finds
  // point p of its sums at m + p * stride, whole vectors, and may overwrite them. Both run on any thread.
  template <typename Transform, typename Finish>
  void run(const Parallel& parallel, const float* weights, std::byte* scratch, const Transform& transform,
           const Finish& finish) const noexcept {
    const int64_t points = transforms_.points();
    float* const v = reinterpret_cast<float*>(scratch);
    float* const m = v + points * round_ * v_stride_;
    for (int64_t first = 0; first < count_; first += round_) {
      const int64_t count = std::min(round_, count_ - first);
      parallel.run(count, [&](int64_t i) { transform(first + i, v + i * v_stride_, round_ * v_stride_); });
      parallel.run(points * panels_,
                   [&](int64_t unit) { multiply(weights, v, m, unit / panels_, unit % panels_, count); });
      parallel.run(count, [&](int64_t i) { finish(first + i, m + i * m_stride_, round_ * m_stride_); });
    }
  }

 private:
  int64_t per_axis(int64_t size) const { return (size + transforms_.outputs - 1) / transforms_.outputs; }
  void multiply(const float* weights, const float* v, float* m, int64_t point, int64_t panel,
                int64_t count) const noexcept;

  const TransformSet& transforms_;
  const gemm::TileSet& tiles_;
  int64_t channels_, filters_, panels_;
  int64_t down_, across_, count_, round_ = 0;
  int64_t v_stride_, m_stride_;  // floats from tile to tile; points are round_ tiles apart
  int64_t tile_bytes_, point_weights_;
};

}  // namespace ingot::kernels::winograd

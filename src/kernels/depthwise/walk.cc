#include "kernels/depthwise/walk.h"

#include <algorithm>

#include "base/checked.h"
#include "kernels/gemm/grid.h"

namespace ingot::kernels::depthwise {
namespace {

constexpr double kWorthAThread = 25e3;  // multiply-adds
constexpr int64_t kBlockChannels = 32;  // a line of bf16: two threads never write to one
constexpr int64_t kLineCost = 32;       // of a line besides its channels, in channels

}  // namespace

Walk::Walk(const SegmentSet& segments, const SegmentFunctions& functions, const conv::Geometry& geometry,
           const Target& target)
    : geometry_(geometry), vector_(segments.vector) {
  choose_segments(functions);
  lines_ = geometry_.images * geometry_.axes[0].output * geometry_.axes[1].output;
  share_out(target);
}

void Walk::choose_segments(const SegmentFunctions& functions) {
  const WindowRange& width = geometry_.axes[2];
  const auto* at = std::find(std::begin(kWidths), std::end(kWidths), width.kernel);
  sliding_ = at != std::end(kWidths) && width.stride <= kSlidingStrides && width.dilation == 1;
  functions_ = sliding_ ? functions.sliding[at - std::begin(kWidths)][width.stride - 1] : functions.gathering;
  rotations_ = geometry_.group_channels();
  if (rotations_ > 1) functions_ = functions.rotating[width.stride - 1];
  for (int64_t r = 0; rotations_ > 1 && r < rotations_; ++r) {
    for (int64_t i = 0; i < vector_; ++i) {
      lanes_.push_back(static_cast<int32_t>(i / rotations_ * rotations_ + (i + r) % rotations_));
    }
  }
  if (geometry_.group_channels() == 1 && geometry_.group_filters() > 1) {
    spread_ = geometry_.group_filters();
    sliding_ = false;
    functions_ = functions.spreading;
    for (int64_t i = 0; i < vector_; ++i) lanes_.push_back(static_cast<int32_t>(i / spread_));
  }
  const int64_t columns = sliding_ ? (kSizes[0] - 1) * width.stride + width.kernel : kSizes[0] * width.kernel;
  const int64_t kernel_lines = geometry_.axes[0].kernel * geometry_.axes[1].kernel;
  table_bytes_ = round_up(columns * kernel_lines * static_cast<int64_t>(sizeof(void*)), 64);
}

void Walk::share_out(const Target& target) {
  const double work =
      static_cast<double>(lines_ * geometry_.axes[2].output * geometry_.filters * geometry_.kernel() * rotations_);
  const int64_t threads = std::clamp<int64_t>(static_cast<int64_t>(work / kWorthAThread), 1, target.threads);
  const int64_t units = gemm::parts(geometry_.filters, kBlockChannels);
  const auto cost = [&](gemm::Grid grid) {
    const int64_t channels = gemm::parts(units, grid.n) * kBlockChannels;
    return static_cast<double>(gemm::parts(lines_ * grid.n, threads) * (channels + kLineCost));
  };
  blocks_ = gemm::least_grid(1, units, threads, cost).n;
  slots_ = std::max<int64_t>(1, std::min(threads, lines_ * blocks_));
}

// Of a block and those before it.
int64_t Walk::end_of_block(int64_t block) const {
  const int64_t units = gemm::parts(geometry_.filters, kBlockChannels);
  return std::min(units * (block + 1) / blocks_ * kBlockChannels, geometry_.filters);
}

int64_t Walk::most_channels() const {
  return gemm::parts(gemm::parts(geometry_.filters, kBlockChannels), blocks_) * kBlockChannels;
}

// Pointers to the data's pixels that a segment reads, lines of the kernel outermost.
void Walk::fill_table(const WalkData& data, int64_t line, int64_t column, int pixels,
                      const void** table) const noexcept {
  const auto& [depth, height, width] = geometry_.axes;
  const int64_t pixel_bytes = geometry_.channels * data.element_bytes;
  const int64_t oh = line % height.output, od = line / height.output % depth.output;
  const int64_t image = line / (height.output * depth.output), start = width.start(column);
  const int64_t limit = width.size;  // Clang 14 captures no structured bindings
  const auto pixel = [&](const std::byte* from, int64_t at) {
    return from == nullptr || at < 0 || at >= limit ? data.zeros : from + at * pixel_bytes;
  };
  for (int64_t kd = 0; kd < depth.kernel; ++kd) {
    const int64_t id = depth.start(od) + kd * depth.dilation;
    for (int64_t kh = 0; kh < height.kernel; ++kh) {
      const int64_t ih = height.start(oh) + kh * height.dilation;
      const bool inside = id >= 0 && id < depth.size && ih >= 0 && ih < height.size;
      const int64_t row = data.kept > 0 ? ih % data.kept : (image * depth.size + id) * height.size + ih;
      const std::byte* from = inside ? data.x + row * width.size * pixel_bytes : nullptr;
      if (sliding_) {
        const int64_t columns = (pixels - 1) * width.stride + width.kernel;
        if (inside && start >= 0 && start + columns <= width.size) {
          const std::byte* at = from + start * pixel_bytes;
          for (int64_t i = 0; i < columns; ++i) table[i] = at + i * pixel_bytes;
        } else {
          for (int64_t i = 0; i < columns; ++i) table[i] = pixel(from, start + i);
        }
        table += columns;
      } else {
        for (int64_t kw = 0; kw < width.kernel; ++kw) {
          for (int p = 0; p < pixels; ++p) *table++ = pixel(from, start + p * width.stride + kw * width.dilation);
        }
      }
    }
  }
}

// Whether all that a segment reads lies in the data.
bool Walk::inside(int64_t line, int64_t column, int pixels) const noexcept {
  const auto& [depth, height, width] = geometry_.axes;
  const auto fits = [](const WindowRange& axis, int64_t first, int64_t count) {
    const int64_t start = axis.start(first),
                  last = start + (count - 1) * axis.stride + (axis.kernel - 1) * axis.dilation;
    return start >= 0 && last < axis.size;
  };
  return fits(width, column, pixels) && fits(height, line % height.output, 1) &&
         fits(depth, line / height.output % depth.output, 1);
}

SegmentArgs Walk::arguments(const WalkData& data, int64_t line, int64_t column, int index, int64_t block,
                            Table& table) const noexcept {
  const bool whole = inside(line, column, kSizes[index]);
  if (!whole || table.index != index) {
    fill_table(data, line, column, kSizes[index], table.pointers);
    table.index = whole ? index : -1;
    table.column = column;
  }
  const int64_t first = end_of_block(block - 1);
  SegmentArgs args;
  args.pixels = table.pointers;
  args.moved = (column - table.column) * geometry_.axes[2].stride * geometry_.channels;
  args.lines = sliding_ ? geometry_.axes[0].kernel * geometry_.axes[1].kernel : geometry_.kernel();
  args.rotations = rotations_;
  args.spread = spread_;
  args.lanes = lanes_.data();
  args.weights = data.weights + first * geometry_.kernel() * rotations_;
  args.first = first;
  args.channels = end_of_block(block) - first;
  return args;
}

}  // namespace ingot::kernels::depthwise

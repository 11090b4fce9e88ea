#include "kernels/conv/padded_lines.h"

#include <algorithm>
#include <cstring>

namespace ingot::kernels::conv {
namespace {

constexpr int64_t kPart = 32;  // channels, of 2 bytes
constexpr size_t kPartBytes = kPart * 2;
constexpr int64_t kWorth = 6;  // columns that give results for each that gives none

int64_t reach(const WindowRange& axis) { return (axis.kernel - 1) * axis.dilation; }

}  // namespace

bool PaddedLines::pay(const Geometry& geometry) {
  const auto& [depth, height, width] = geometry.axes;
  const bool flat = depth.kernel == 1 && depth.size == 1 && depth.output == 1;
  return flat && height.stride == 1 && width.stride == 1 && height.kernel * width.kernel > 1 &&
         geometry.group_channels() % kPart == 0 && geometry.group_channels() > 0 &&
         reach(width) * kWorth <= width.output;
}

PaddedLines::PaddedLines(const Geometry& geometry) : geometry_(geometry) {
  const WindowRange &height = geometry.axes[1], &width = geometry.axes[2];
  width_ = width.output + reach(width);
  rows_ = (height.output - 1) * width_ + width.output;
  for (int64_t h = 0; h < height.kernel; ++h) {
    for (int64_t w = 0; w < width.kernel; ++w) taps_.push_back(h * height.dilation * width_ + w * width.dilation);
  }
}

void PaddedLines::copy(const uint16_t* x, int64_t first, int64_t count, int64_t stride, uint16_t* out) const noexcept {
  const WindowRange &height = geometry_.axes[1], &width = geometry_.axes[2];
  const int64_t channels = geometry_.channels, parts = geometry_.group_channels() / kPart;
  for (int64_t done = 0; done < count;) {
    const int64_t line = (first + done) / width_, column = (first + done) % width_;
    const int64_t pixels = std::min(count - done, width_ - column), y = height.start(line);
    // Pixels of this line that lie in the image.
    const int64_t start = width.start(column);
    const bool inside = y >= 0 && y < height.size;
    const int64_t left = std::clamp<int64_t>(inside ? -start : pixels, 0, pixels);
    const int64_t right = std::clamp<int64_t>(inside ? width.size - start : 0, left, pixels);
    for (int64_t part = 0; part < parts; ++part) {
      uint16_t* to = out + (part * stride + done) * kPart;
      std::memset(to, 0, static_cast<size_t>(left) * kPartBytes);
      const uint16_t* from = left < right ? x + (y * width.size + start + left) * channels + part * kPart : nullptr;
      for (int64_t i = left; i < right; ++i, from += channels) std::memcpy(to + i * kPart, from, kPartBytes);
      std::memset(to + right * kPart, 0, static_cast<size_t>(pixels - right) * kPartBytes);
    }
    done += pixels;
  }
}

void PaddedLines::results(int64_t first, int64_t count, int32_t* pixels) const noexcept {
  const int64_t output = geometry_.axes[2].output;
  int64_t line = first / width_, column = first % width_;
  for (int64_t i = 0; i < count; ++i) {
    pixels[i] = column < output ? static_cast<int32_t>(line * output + column) : -1;
    if (++column < width_) continue;
    column = 0;
    ++line;
  }
}

}  // namespace ingot::kernels::conv

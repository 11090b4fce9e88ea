#include "kernels/conv/windows.h"

#include <algorithm>

namespace ingot::kernels::conv {
namespace {

constexpr int64_t kMergedChannels = 24;  // more make taps long enough by themselves

}  // namespace

Windows::Windows(const Geometry& geometry, int64_t table_rows) : geometry_(geometry), table_rows_(table_rows) {
  const auto& axes = geometry.axes;
  merged_ = geometry.groups == 1 && geometry.channels <= kMergedChannels && axes[2].kernel > 1 && axes[2].dilation == 1;
  depth_ = merged_ ? axes[2].kernel * geometry.channels : geometry.group_channels();
  strides_[2] = geometry.channels;
  strides_[1] = strides_[2] * axes[2].size;
  strides_[0] = strides_[1] * axes[1].size;
  for (int i = 0; i < 3; ++i) {
    const WindowRange& axis = axes[static_cast<size_t>(i)];
    const int64_t room = axis.size - (axis.kernel - 1) * axis.dilation - 1 + axis.pad_begin;
    inside_[i][0] = std::max<int64_t>(0, (axis.pad_begin + axis.stride - 1) / axis.stride);
    inside_[i][1] = room < 0 ? 0 : std::min(axis.output, room / axis.stride + 1);
  }
  for (int64_t d = 0; d < axes[0].kernel; ++d) {
    for (int64_t h = 0; h < axes[1].kernel; ++h) {
      for (int64_t w = 0; w < (merged_ ? 1 : axes[2].kernel); ++w) {
        tap_offsets_.push_back(d * axes[0].dilation * strides_[0] + h * axes[1].dilation * strides_[1] +
                               w * axes[2].dilation * strides_[2]);
      }
    }
  }
}

Windows::Position Windows::position(int64_t pixel) const noexcept {
  const auto& axes = geometry_.axes;
  Position position;
  position.at[2] = pixel % axes[2].output;
  pixel /= axes[2].output;
  position.at[1] = pixel % axes[1].output;
  pixel /= axes[1].output;
  position.at[0] = pixel % axes[0].output;
  position.image = pixel / axes[0].output;
  return position;
}

// `pixels`: not past the line's end.
void Windows::advance(Position& position, int64_t pixels) const noexcept {
  const auto& axes = geometry_.axes;
  position.at[2] += pixels;
  if (position.at[2] < axes[2].output) return;
  position.at[2] = 0;
  if (++position.at[1] < axes[1].output) return;
  position.at[1] = 0;
  if (++position.at[0] < axes[0].output) return;
  position.at[0] = 0;
  ++position.image;
}

bool Windows::inside(const Position& position) const noexcept {
  bool inside = true;
  for (int i = 0; i < 3; ++i) inside &= position.at[i] >= inside_[i][0] && position.at[i] < inside_[i][1];
  return inside;
}

int64_t Windows::offset(const Position& position) const noexcept {
  int64_t offset = position.image * strides_[0] * geometry_.axes[0].size;
  for (int i = 0; i < 3; ++i) offset += geometry_.axes[static_cast<size_t>(i)].start(position.at[i]) * strides_[i];
  return offset;
}

template <class T>
void Windows::fill(const T* x, const T* zeros, int64_t first, int64_t count, const T** table,
                   T* patches) const noexcept {
  Position at = position(first);
  const int64_t taps = this->taps(), stride = table_rows_, step = geometry_.axes[2].stride * strides_[2];
  for (int64_t i = 0; i < count; i += stride, table += taps * stride) {
    const int64_t rows = std::min(stride, count - i);
    for (int64_t row = 0; row < rows;) {
      if (!inside(at)) {
        fill_edge(x, zeros, at, table + row, patches + (i + row) * patch_elements());
        advance(at, 1);
        ++row;
        continue;
      }
      const int64_t run = std::min(rows - row, inside_[2][1] - at.at[2]);
      const T* start = x + offset(at);
      for (int64_t tap = 0; tap < taps; ++tap) {
        const T* window = start + tap_offsets_[static_cast<size_t>(tap)];
        const T** entry = table + tap * stride + row;
        for (int64_t r = 0; r < run; ++r) entry[r] = window + r * step;
      }
      advance(at, run);
      row += run;
    }
  }
}

// One line of a window that starts at column `start` of the data's line, with `zero` outside.
template <class T> void Windows::copy_line(const T* line, T zero, int64_t start, T* patch) const noexcept {
  const int64_t channels = geometry_.channels, end = start + geometry_.axes[2].kernel;
  const int64_t first = std::clamp<int64_t>(0, start, end);
  const int64_t last = std::clamp<int64_t>(geometry_.axes[2].size, first, end);
  std::fill_n(patch, (first - start) * channels, zero);
  std::copy_n(line + first * channels, (last - first) * channels, patch + (first - start) * channels);
  std::fill_n(patch + (last - start) * channels, (end - last) * channels, zero);
}

template <class T>
void Windows::fill_edge(const T* x, const T* zeros, const Position& position, const T** entry,
                        T* patch) const noexcept {
  const auto& axes = geometry_.axes;
  const T* image = x + position.image * strides_[0] * axes[0].size;
  const int64_t start = axes[2].start(position.at[2]);
  for (int64_t d = 0; d < axes[0].kernel; ++d) {
    const int64_t id = axes[0].start(position.at[0]) + d * axes[0].dilation;
    for (int64_t h = 0; h < axes[1].kernel; ++h) {
      const int64_t ih = axes[1].start(position.at[1]) + h * axes[1].dilation;
      const bool outside = id < 0 || id >= axes[0].size || ih < 0 || ih >= axes[1].size;
      const T* line = outside ? nullptr : image + id * strides_[0] + ih * strides_[1];
      if (merged_) {
        if (!outside) copy_line(line, *zeros, start, patch);
        *entry = outside ? zeros : patch;
        entry += table_rows_;
        patch += depth_;
        continue;
      }
      for (int64_t w = 0; w < axes[2].kernel; ++w, entry += table_rows_) {
        const int64_t iw = start + w * axes[2].dilation;
        *entry = outside || iw < 0 || iw >= axes[2].size ? zeros : line + iw * strides_[2];
      }
    }
  }
}

template void Windows::fill(const float*, const float*, int64_t, int64_t, const float**, float*) const noexcept;
template void Windows::fill(const uint16_t*, const uint16_t*, int64_t, int64_t, const uint16_t**,
                            uint16_t*) const noexcept;
template void Windows::fill(const uint8_t*, const uint8_t*, int64_t, int64_t, const uint8_t**, uint8_t*) const noexcept;

}  // namespace ingot::kernels::conv

// Nearest neighbours: elements of any type move as they are.
#include <cstring>

#include "kernels/resize/nearest.h"

namespace ingot::kernels::resize {
namespace {

template <class T> void pick(const ResizePass& pass, const std::byte* x, std::byte* y) {
  const T* from = reinterpret_cast<const T*>(x);
  T* to = reinterpret_cast<T*>(y);
  for (int64_t i = 0; i < pass.positions; ++i) to[i] = from[pass.index[i]];
}

void pick_line(const ResizePass& pass, int64_t bytes, const std::byte* x, std::byte* y) {
  switch (bytes) {
    case 1: return pick<uint8_t>(pass, x, y);
    case 2: return pick<uint16_t>(pass, x, y);
    case 4: return pick<uint32_t>(pass, x, y);
    default: return pick<uint64_t>(pass, x, y);
  }
}

}  // namespace

void copy_units(const ResizePass& pass, int64_t bytes, const std::byte* x, std::byte* y, int64_t first,
                int64_t last) noexcept {
  const int64_t line = pass.size * pass.inner * bytes, row = pass.inner * bytes;
  for (int64_t unit = first; unit < last; ++unit) {
    if (pass.narrow) {
      pick_line(pass, bytes, x + unit * line, y + unit * pass.output * row);
    } else {
      const int64_t index = pass.index[unit % pass.output];
      std::memcpy(y + unit * row, x + unit / pass.output * line + index * bytes, static_cast<size_t>(row));
    }
  }
}

}  // namespace ingot::kernels::resize

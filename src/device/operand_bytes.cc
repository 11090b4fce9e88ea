#include <algorithm>

#include "device/device.h"

namespace ingot::device {

std::vector<int64_t> operand_bytes(const Attention& a) {
  const int64_t width = dtype_bits(a.dtype) / 8;
  const auto bytes = [&](const std::array<int64_t, 3>& strides, int64_t heads, int64_t rows, int64_t size) {
    return ((a.batch - 1) * strides[0] + (heads - 1) * strides[1] + (rows - 1) * strides[2] + size) * width;
  };
  std::vector<int64_t> all = {bytes(a.q, a.heads, a.queries, a.size), bytes(a.k, a.kv_heads, a.keys, a.size),
                              bytes(a.v, a.kv_heads, a.keys, a.value_size)};
  if (a.mask) {
    const auto& s = a.mask->strides;
    const int64_t last = (a.batch - 1) * s[0] + (a.heads - 1) * s[1] + (a.queries - 1) * s[2] + (a.keys - 1) * s[3];
    all.push_back((last + 1) * std::max<int64_t>(dtype_bits(a.mask->dtype) / 8, 1));
  }
  all.push_back(bytes(a.y, a.heads, a.queries, a.value_size));
  return all;
}

}  // namespace ingot::device

#include <algorithm>

#include "base/checked.h"
#include "kernels/recurrent/recurrent.h"

namespace ingot::kernels::recurrent {
namespace {

template <class T> Tensor order_w_of(int64_t lanes, const Recurrent& op, const Tensor& w) {
  const int64_t directions = w.dim(0), gates = op.gates(), hidden = w.dim(1) / gates, in = w.dim(2);
  const int64_t columns = gates * round_up(hidden, lanes);
  Tensor ordered(w.dtype(), {directions, columns, in});
  T* to = static_cast<T*>(ordered.mutable_raw());
  for (int64_t d = 0; d < directions; ++d) {
    const T* matrix = static_cast<const T*>(w.raw()) + d * gates * hidden * in;
    for (int64_t column = 0; column < columns; ++column, to += in) {
      const int64_t block = column / (gates * lanes), gate = column / lanes % gates;
      const int64_t unit = block * lanes + column % lanes;
      if (unit < hidden) std::copy_n(matrix + (gate * hidden + unit) * in, in, to);
    }
  }
  return ordered;
}

// Packs the gates [first, first + count) of r [gates*h, h] as [block][h / neighbours][gate][unit][neighbours].
template <class T>
T* pack_gates(const T* r, int64_t hidden, int64_t lanes, int64_t first, int64_t count, int64_t neighbours, T* out) {
  for (int64_t block = 0; block < hidden; block += lanes) {
    for (int64_t k = 0; k < hidden; k += neighbours) {
      for (int64_t gate = first; gate < first + count; ++gate) {
        for (int64_t unit = block; unit < block + lanes; ++unit) {
          for (int64_t i = k; i < k + neighbours; ++i) {
            *out++ = unit < hidden && i < hidden ? r[(gate * hidden + unit) * hidden + i] : T{};
          }
        }
      }
    }
  }
  return out;
}

template <class T> Tensor pack_r_of(int64_t lanes, const Recurrent& op, const Tensor& r) {
  constexpr auto kBytes = static_cast<int64_t>(sizeof(T)), kNeighbours = 4 / kBytes;
  const int64_t directions = r.dim(0), gates = op.gates(), hidden = r.dim(2);
  const int64_t elements = directions * gates * round_up(hidden, lanes) * round_up(hidden, kNeighbours);
  Tensor packed = Tensor::uninitialized(DType::kU8, {elements * kBytes});
  T* out = static_cast<T*>(packed.mutable_raw());
  for (int64_t d = 0; d < directions; ++d) {
    const T* matrix = static_cast<const T*>(r.raw()) + d * gates * hidden * hidden;
    const int64_t together = in_two_parts(op) ? 2 : gates;
    out = pack_gates(matrix, hidden, lanes, 0, together, kNeighbours, out);
    if (together < gates) out = pack_gates(matrix, hidden, lanes, together, gates - together, kNeighbours, out);
  }
  return packed;
}

}  // namespace

Tensor order_w(int64_t lanes, const Recurrent& op, const Tensor& w) {
  return w.dtype() == DType::kBF16 ? order_w_of<uint16_t>(lanes, op, w) : order_w_of<float>(lanes, op, w);
}

Tensor pack_r(int64_t lanes, const Recurrent& op, const Tensor& r) {
  return r.dtype() == DType::kBF16 ? pack_r_of<uint16_t>(lanes, op, r) : pack_r_of<float>(lanes, op, r);
}

}  // namespace ingot::kernels::recurrent

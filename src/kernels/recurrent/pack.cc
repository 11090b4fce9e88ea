#include <vector>

#include "kernels/gemm/panels.h"
#include "kernels/recurrent/recurrent.h"

namespace ingot::kernels::recurrent {
namespace {

Tensor bytes_of(int64_t floats) {
  return Tensor::uninitialized(DType::kU8, {floats * static_cast<int64_t>(sizeof(float))});
}

// Packs the gates [first, first + count) of r [gates*h, h] as [block][h][gate][unit].
float* pack_gates(const float* r, int64_t hidden, int64_t lanes, int64_t first, int64_t count, float* out) {
  for (int64_t block = 0; block < hidden; block += lanes) {
    for (int64_t k = 0; k < hidden; ++k) {
      for (int64_t gate = first; gate < first + count; ++gate) {
        for (int64_t unit = block; unit < block + lanes; ++unit) {
          *out++ = unit < hidden ? r[(gate * hidden + unit) * hidden + k] : 0.0f;
        }
      }
    }
  }
  return out;
}

}  // namespace

Tensor pack_w(const gemm::TileSet& tiles, int64_t lanes, const Recurrent& op, const Tensor& w) {
  const int64_t directions = w.dim(0), gates = op.gates(), hidden = w.dim(1) / gates, in = w.dim(2);
  const int64_t columns = gates * round_up(hidden, lanes), floats = gemm::packed_floats(tiles, in, columns);
  Tensor packed = bytes_of(directions * floats);
  std::vector<float> ordered(static_cast<size_t>(columns * in));
  for (int64_t d = 0; d < directions; ++d) {
    const float* matrix = w.data<float>() + d * gates * hidden * in;
    for (int64_t column = 0; column < columns; ++column) {
      const int64_t block = column / (gates * lanes), gate = column / lanes % gates;
      const int64_t unit = block * lanes + column % lanes;
      if (unit < hidden) std::copy_n(matrix + (gate * hidden + unit) * in, in, ordered.data() + column * in);
    }
    gemm::pack_panels(tiles, ordered.data(), {0, 1, in}, 1, in, columns,
                      static_cast<float*>(packed.mutable_raw()) + d * floats);
  }
  return packed;
}

Tensor pack_r(int64_t lanes, const Recurrent& op, const Tensor& r) {
  const int64_t directions = r.dim(0), gates = op.gates(), hidden = r.dim(2);
  Tensor packed = bytes_of(directions * gates * round_up(hidden, lanes) * hidden);
  auto* out = static_cast<float*>(packed.mutable_raw());
  for (int64_t d = 0; d < directions; ++d) {
    const float* matrix = r.data<float>() + d * gates * hidden * hidden;
    const int64_t together = in_two_parts(op) ? 2 : gates;
    out = pack_gates(matrix, hidden, lanes, 0, together, out);
    if (together < gates) out = pack_gates(matrix, hidden, lanes, together, gates - together, out);
  }
  return packed;
}

}  // namespace ingot::kernels::recurrent

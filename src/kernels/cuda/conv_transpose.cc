// Transposed convolutions on channels-last activations in one or two dimensions. Results whose positions leave the same
// rest when divided by the stride see the same taps: a block computes a tile of such positions and channels, a product
// of matrices whose parts pass through shared memory.
#include <algorithm>

#include "base/error.h"
#include "kernels/cuda/device_row.h"
#include "ops/conv_transpose.h"

namespace ingot::kernels::cuda {
namespace {

bool has_bias(const Problem& problem) { return has_input(problem, 2); }

const char* refuse(const Problem& problem) {
  const auto& conv = *problem.op.as<ConvTranspose>();
  const size_t rank = problem.inputs[0].shape.size();
  if (!conv.channels_last) return "the activations are not channels-last";
  if (rank != 3 && rank != 4) return "there are more than two spatial axes";
  return nullptr;
}

// [c, m, kernel...] -> [kernel..., c, m].
Tensor pack(const Problem&, size_t input, const Tensor& weights) {
  if (input != 1) return weights;
  const int64_t pairs = weights.shape()[0] * weights.shape()[1], taps = weights.count() / std::max<int64_t>(1, pairs);
  Tensor packed = Tensor::uninitialized(weights.dtype(), {taps, pairs});
  const auto bytes = static_cast<int64_t>(dtype_bits(weights.dtype()) / 8);
  const auto* from = static_cast<const std::byte*>(weights.raw());
  auto* to = static_cast<std::byte*>(packed.mutable_raw());
  for (int64_t pair = 0; pair < pairs; ++pair) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      std::copy_n(from + (pair * taps + tap) * bytes, bytes, to + (tap * pairs + pair) * bytes);
    }
  }
  return packed;
}

// A tile of a block; a thread has 4 positions and 4 channels of it.
struct Tile {
  int64_t pixels, channels;
};
Tile tile_for(int64_t channels) {
  if (channels <= 4) return {256, 4};
  return channels <= 16 ? Tile{128, 16} : Tile{64, 64};
}

constexpr const char* kBody = R"(
  constexpr int kChunk = 16;
  __shared__ float xs[kChunk][{pixels} + 1], ws[kChunk][{channels}];
  __shared__ long long from[{pixels}];
  int rest = blockIdx.x;
  const int m0 = rest % {tiles_m} * {channels}; rest /= {tiles_m};
  const int group = rest % {groups}; rest /= {groups};
  const int px = rest % {stride_w}; rest /= {stride_w};
  const int py = rest % {stride_h}; rest /= {stride_h};
  const long long first = (long long)rest * {pixels};
  const int own_m = threadIdx.x % ({channels} / 4) * 4, own_p = threadIdx.x / ({channels} / 4) * 4;
  float sum[4][4] = {{}};
  for (int ky = 0; ky < {kernel_h}; ++ky) {{
    if ((py + {begin_h} - ky * {dilation_h}) % {stride_h} != 0) continue;
    for (int kx = 0; kx < {kernel_w}; ++kx) {{
      if ((px + {begin_w} - kx * {dilation_w}) % {stride_w} != 0) continue;
      for (int p = threadIdx.x; p < {pixels}; p += {threads}) {{
        const long long n = (first + p) / {columns} / {rows};
        const int oy = py + (int)((first + p) / {columns} % {rows}) * {stride_h},
                  ox = px + (int)((first + p) % {columns}) * {stride_w};
        const int y = oy + {begin_h} - ky * {dilation_h}, x = ox + {begin_w} - kx * {dilation_w};
        const bool inside = n < {n} && oy < {out_h} && ox < {out_w} && y >= 0 && x >= 0 && y / {stride_h} < {h} &&
                            x / {stride_w} < {w};
        from[p] = inside ? ((n * {h} + y / {stride_h}) * {w} + x / {stride_w}) * {c} + group * {group_c} : -1;
      }}
      for (int c0 = 0; c0 < {group_c}; c0 += kChunk) {{
        __syncthreads();
        for (int i = threadIdx.x; i < kChunk * {pixels}; i += {threads}) {{
          const int c = i % kChunk, p = i / kChunk;
          xs[c][p] = from[p] >= 0 && c0 + c < {group_c} ? load(data[from[p] + c0 + c]) : 0.0f;
        }}
        for (int i = threadIdx.x; i < kChunk * {channels}; i += {threads}) {{
          const int m = i % {channels}, c = i / {channels};
          const long long pair = (long long)(group * {group_c} + c0 + c) * {group_m} + m0 + m, tap = ky * {kernel_w} + kx;
          ws[c][m] = m0 + m < {group_m} && c0 + c < {group_c} ? load(weights[pair * {pair_stride} + tap * {tap_stride}]) : 0.0f;
        }}
        __syncthreads();
#pragma unroll
        for (int c = 0; c < kChunk; ++c) {{
#pragma unroll
          for (int p = 0; p < 4; ++p) {{
#pragma unroll
            for (int m = 0; m < 4; ++m) sum[p][m] += xs[c][own_p + p] * ws[c][own_m + m];
          }}
        }}
      }}
    }}
  }}
  for (int p = 0; p < 4; ++p) {{
    const long long at = first + own_p + p, n = at / {columns} / {rows};
    const int oy = py + (int)(at / {columns} % {rows}) * {stride_h}, ox = px + (int)(at % {columns}) * {stride_w};
    if (n >= {n} || oy >= {out_h} || ox >= {out_w}) continue;
    for (int m = 0; m < 4 && m0 + own_m + m < {group_m}; ++m) {{
      const int channel = group * {group_m} + m0 + own_m + m;
      store(result[((n * {out_h} + oy) * {out_w} + ox) * {m} + channel], sum[p][m]{bias});
    }}
  }}
)";

Emission emit(const Problem& problem, DType storage) {
  const auto& conv = *problem.op.as<ConvTranspose>();
  const Shape &x = problem.inputs[0].shape, &w = problem.inputs[1].shape, &y = problem.outputs[0].shape;
  auto ranges = scatter_ranges(conv, channels_first_shape(x), w);
  const bool line = x.size() == 3;  // a picture of one row
  if (line) ranges.insert(ranges.begin(), {1, 1, 1, 0});
  const ScatterRange &v = ranges[0], &u = ranges[1];
  const int64_t group_c = x.back() / conv.group, group_m = w[1], m = group_m * conv.group;
  const int64_t taps = element_count(w) / std::max<int64_t>(1, w[0] * w[1]);
  const Tile tile = tile_for(group_m);
  const int64_t rows = (v.output + v.stride - 1) / v.stride, columns = (u.output + u.stride - 1) / u.stride;
  const int64_t tiles_m = (group_m + tile.channels - 1) / tile.channels;
  const bool packed = problem.inputs[1].constant;
  KernelText kernel;
  kernel.threads = static_cast<uint32_t>(tile.pixels * tile.channels / 16);
  kernel.blocks = (x[0] * rows * columns + tile.pixels - 1) / tile.pixels * v.stride * u.stride * conv.group * tiles_m;
  Call call;
  call.operands = {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kOutput, 0}};
  kernel.parameters = fmt::format("const {}* data, const {}* weights, {}* result",
                                  device_type_name(stored(problem.inputs[0].dtype, storage)),
                                  device_type_name(stored(problem.inputs[1].dtype, storage)),
                                  device_type_name(stored(problem.outputs[0].dtype, storage)));
  if (has_bias(problem)) {
    kernel.parameters += fmt::format(", const {}* bias", device_type_name(stored(problem.inputs[2].dtype, storage)));
    call.operands.push_back({Slot::kInput, 2});
  }
  kernel.body =
      fmt::format(kBody, fmt::arg("pixels", tile.pixels), fmt::arg("channels", tile.channels),
                  fmt::arg("tiles_m", tiles_m), fmt::arg("groups", conv.group), fmt::arg("stride_h", v.stride),
                  fmt::arg("stride_w", u.stride), fmt::arg("kernel_h", line ? 1 : w[2]), fmt::arg("kernel_w", w.back()),
                  fmt::arg("begin_h", v.begin), fmt::arg("begin_w", u.begin), fmt::arg("dilation_h", v.dilation),
                  fmt::arg("dilation_w", u.dilation), fmt::arg("threads", kernel.threads), fmt::arg("columns", columns),
                  fmt::arg("rows", rows), fmt::arg("n", x[0]), fmt::arg("out_h", v.output), fmt::arg("out_w", u.output),
                  fmt::arg("h", line ? 1 : x[1]), fmt::arg("w", x[x.size() - 2]), fmt::arg("c", x.back()),
                  fmt::arg("group_c", group_c), fmt::arg("group_m", group_m), fmt::arg("m", y.back()),
                  fmt::arg("pair_stride", packed ? 1 : taps), fmt::arg("tap_stride", packed ? w[0] * w[1] : 1),
                  fmt::arg("bias", has_bias(problem) ? " + load(bias[channel])" : ""));
  if (m != y.back()) fail(Code::kInvalidArgument, "conv_transpose of {} gives {}", shape_text(x), shape_text(y));
  call.work = kernel;
  return {call};
}

}  // namespace

std::vector<DeviceRow> conv_transpose_rows() {
  return {{"cuda_conv_transpose",
           "transposed convolutions in one and two dimensions, channels-last",
           {&ConvTranspose::def},
           refuse,
           emit,
           pack}};
}

}  // namespace ingot::kernels::cuda

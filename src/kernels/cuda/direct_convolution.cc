#include "kernels/cuda/direct_convolution.h"

#include <algorithm>
#include <limits>

namespace ingot::kernels::cuda {
namespace {

constexpr int64_t kLanesDown = 4, kLanesAcross = 8;  // of a warp, over pixels and over channels
constexpr int64_t kEnoughBlocks = 132, kChannels = 16, kMostWarps = 8;
constexpr int64_t kFewChannels = 8, kMostWork = int64_t{1} << 27;  // where tensor cores gain nothing

int64_t parts(int64_t count, int64_t size) { return (count + size - 1) / size; }

// A thread has `rows` x `columns` results; the warps of a block share the sum, which goes over `units` of up to
// kChannels channels under one place of the kernel.
struct Plan {
  int64_t rows = 4, columns = 4, warps = 1, row_blocks = 1, column_blocks = 1, units = 1, units_per_tap = 1;
};

Plan plan_of(const device::Convolution& c) {
  const int64_t pixels = c.n * c.out_h * c.out_w;
  Plan plan;
  plan.columns = c.m <= 2 * kLanesAcross ? 2 : 4;
  plan.column_blocks = parts(c.m, plan.columns * kLanesAcross);
  for (plan.rows = 8; plan.rows > 2; plan.rows /= 2) {
    if (parts(pixels, plan.rows * kLanesDown) * plan.column_blocks >= kEnoughBlocks) break;
  }
  plan.row_blocks = parts(pixels, plan.rows * kLanesDown);
  plan.units_per_tap = parts(c.c, kChannels);
  plan.units = c.kernel[0] * c.kernel[1] * plan.units_per_tap;
  const bool few = plan.row_blocks * plan.column_blocks < kEnoughBlocks;
  plan.warps = parts(plan.units, parts(plan.units, few ? 2 * kMostWarps : kMostWarps));
  return plan;
}

}  // namespace

bool is_direct_convolution(const device::Convolution& c) {
  const int64_t weights = c.m * c.kernel[0] * c.kernel[1] * c.c, pixels = c.n * c.out_h * c.out_w;
  const int64_t largest = std::max(c.n * c.h * c.w * c.c, weights);
  if (c.groups != 1 || largest > std::numeric_limits<int32_t>::max()) return false;
  return c.dtype == DType::kF32 || (c.c < kFewChannels && pixels * weights <= kMostWork);
}

KernelText direct_convolution(const device::Convolution& c, const InlineEpilogue& epilogue) {
  const Plan plan = plan_of(c);
  KernelText kernel;
  kernel.threads = static_cast<uint32_t>(plan.warps * 32);
  kernel.blocks = plan.row_blocks * plan.column_blocks;
  const char* type = device_type_name(c.dtype);
  kernel.parameters = fmt::format("const {0}* x, const {0}* w, {0}* y", type);
  if (c.bias) kernel.parameters += fmt::format(", const {}* bias", type);
  kernel.parameters += epilogue.parameters;
  kernel.body = fmt::format(
      R"(
  using T = {type};
  constexpr int kRows = {rows}, kColumns = {columns}, kWarps = {warps};
  constexpr int kDown = 4 * kRows, kAcross = 8 * kColumns;  // results of a block
  __shared__ float parts[kWarps][kDown][kAcross];
  const int warp = threadIdx.x / 32, down = threadIdx.x % 32 / 8, across = threadIdx.x % 8;
  const int row0 = blockIdx.x % {row_blocks} * kDown, column0 = blockIdx.x / {row_blocks} * kAcross;
  int base[kRows], top[kRows], left[kRows], from[kColumns];
#pragma unroll
  for (int r = 0; r < kRows; ++r) {{
    const int row = min(row0 + r * 4 + down, {last_row});
    left[r] = row % {out_w} * {stride_w} - {pad_w};
    top[r] = row / {out_w} % {out_h} * {stride_h} - {pad_h};
    base[r] = row / {area} * {image};
  }}
#pragma unroll
  for (int j = 0; j < kColumns; ++j) from[j] = min(column0 + j * 8 + across, {last_column}) * {k};
  float sums[kRows][kColumns] = {{}};
  for (int unit = warp; unit < {units}; unit += kWarps) {{
    const int tap = unit / {units_per_tap}, channel = unit % {units_per_tap} * {channels};
    const int down_tap = tap / {kernel_w} * {dilation_h}, across_tap = tap % {kernel_w} * {dilation_w};
    int at[kRows];
#pragma unroll
    for (int r = 0; r < kRows; ++r) {{
      const int iy = top[r] + down_tap, ix = left[r] + across_tap;
      const bool inside = iy >= 0 && iy < {h} && ix >= 0 && ix < {w};
      at[r] = inside ? base[r] + (iy * {w} + ix) * {c} + channel : -1;
    }}
    const T* weights = w + tap * {c} + channel;
#pragma unroll {unrolled}
    for (int i = 0; i < {channels}; i += {width}) {{
      if ({ragged} && channel + i >= {c}) break;
      pack<T, {width}> xs[kRows], ws[kColumns];
#pragma unroll
      for (int r = 0; r < kRows; ++r) {{
        xs[r] = pack<T, {width}>();
        if (at[r] >= 0) xs[r] = *(const pack<T, {width}>*)(x + at[r] + i);
      }}
#pragma unroll
      for (int j = 0; j < kColumns; ++j) ws[j] = *(const pack<T, {width}>*)(weights + from[j] + i);
#pragma unroll
      for (int l = 0; l < {width}; ++l) {{
#pragma unroll
        for (int r = 0; r < kRows; ++r) {{
#pragma unroll
          for (int j = 0; j < kColumns; ++j) sums[r][j] += load(xs[r].v[l]) * load(ws[j].v[l]);
        }}
      }}
    }}
  }}
#pragma unroll
  for (int r = 0; r < kRows; ++r) {{
#pragma unroll
    for (int j = 0; j < kColumns; ++j) parts[warp][r * 4 + down][j * 8 + across] = sums[r][j];
  }}
  __syncthreads();
  for (int t = threadIdx.x; t < kDown * kAcross; t += kWarps * 32) {{
    const int row = row0 + t / kAcross, i3 = column0 + t % kAcross;
    if (row > {last_row} || i3 > {last_column}) continue;
    const int i0 = row / {area}, i1 = row / {out_w} % {out_h}, i2 = row % {out_w}, l = 0;
    float v0 = {bias};
#pragma unroll
    for (int i = 0; i < kWarps; ++i) v0 += parts[i][t / kAcross][t % kAcross];
{loads}{lane}    store(y[(long long)row * {m} + i3], result);
  }}
)",
      fmt::arg("type", type), fmt::arg("rows", plan.rows), fmt::arg("columns", plan.columns),
      fmt::arg("warps", plan.warps), fmt::arg("row_blocks", plan.row_blocks),
      fmt::arg("last_row", c.n * c.out_h * c.out_w - 1), fmt::arg("out_w", c.out_w), fmt::arg("out_h", c.out_h),
      fmt::arg("stride_w", c.stride[1]), fmt::arg("stride_h", c.stride[0]), fmt::arg("pad_w", c.pad_begin[1]),
      fmt::arg("pad_h", c.pad_begin[0]), fmt::arg("area", c.out_h * c.out_w), fmt::arg("image", c.h * c.w * c.c),
      fmt::arg("last_column", c.m - 1), fmt::arg("k", c.kernel[0] * c.kernel[1] * c.c), fmt::arg("units", plan.units),
      fmt::arg("units_per_tap", plan.units_per_tap), fmt::arg("channels", std::min(c.c, kChannels)),
      fmt::arg("kernel_w", c.kernel[1]), fmt::arg("dilation_h", c.dilation[0]), fmt::arg("dilation_w", c.dilation[1]),
      fmt::arg("h", c.h), fmt::arg("w", c.w), fmt::arg("c", c.c), fmt::arg("unrolled", plan.rows > 4 ? 2 : 4),
      fmt::arg("width", c.c % 4 == 0 ? 4 : 1), fmt::arg("ragged", c.c % kChannels != 0 ? "true" : "false"),
      fmt::arg("bias", c.bias ? "load(bias[i3])" : "0.0f"), fmt::arg("loads", epilogue.loads),
      fmt::arg("lane", epilogue.lane), fmt::arg("m", c.m));
  return kernel;
}

}  // namespace ingot::kernels::cuda

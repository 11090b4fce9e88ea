#include "kernels/cuda/small_product.h"

#include <algorithm>

namespace ingot::kernels::cuda {
namespace {

constexpr int64_t kMostWork = int64_t{32} << 20;  // multiplications; beyond it libraries have enough blocks
constexpr int64_t kRows = 16, kChunk = 32;        // of a warp's tile; of k, taken at once
constexpr int64_t kMostWarps = 8, kLeastWarps = 4, kEnoughBlocks = 264;

// How a block works: `warps` share k, `groups` of them have 16 rows each, `tiles` of 8 columns.
struct Plan {
  int64_t warps = 1, groups = 1, tiles = 1, row_blocks = 1, column_blocks = 1;
  int64_t threads() const { return warps * groups * 32; }
};

Plan plan_of(const SmallProduct& p) {
  const auto parts = [](int64_t count, int64_t size) { return (count + size - 1) / size; };
  Plan plan;
  const int64_t chunks = parts(p.k, kChunk), rounds = parts(chunks, kMostWarps);
  plan.warps = parts(chunks, rounds);
  plan.groups = std::max<int64_t>(1, kLeastWarps / plan.warps);
  plan.row_blocks = parts(p.rows, kRows * plan.groups);
  for (plan.tiles = 8; plan.tiles > 1; plan.tiles /= 2) {
    plan.column_blocks = parts(p.columns, plan.tiles * 8);
    if (plan.row_blocks * plan.column_blocks >= kEnoughBlocks && plan.tiles / 2 * 8 < p.columns) break;
  }
  plan.column_blocks = parts(p.columns, plan.tiles * 8);
  return plan;
}

// Where position `row` lies in the axes before the last.
std::string row_indices(const Shape& space) {
  std::string text;
  int64_t inner = 1;
  for (size_t axis = space.size() - 1; axis-- > 0;) {
    text += fmt::format("    const int i{} = row / {} % {};\n", axis, inner, space[axis]);
    inner *= space[axis];
  }
  return text;
}

}  // namespace

bool is_small_product(const SmallProduct& p) {
  return (p.dtype == DType::kF16 || p.dtype == DType::kBF16) && p.k % 8 == 0 && p.columns % 8 == 0 &&
         p.rows * p.k <= kMostWork / p.columns;
}

KernelText small_product(const SmallProduct& p, const Shape& space, const InlineEpilogue& epilogue) {
  const Plan plan = plan_of(p);
  const char* type = device_type_name(p.dtype);
  KernelText kernel;
  kernel.threads = static_cast<uint32_t>(plan.threads());
  kernel.blocks = plan.row_blocks * plan.column_blocks;
  kernel.parameters = fmt::format("const {0}* x, const {0}* w, {0}* y", type);
  if (p.rows_per_scale > 0) kernel.parameters += fmt::format(", const {}* scale", type);
  if (p.bias) kernel.parameters += fmt::format(", const {}* bias", type);
  kernel.parameters += epilogue.parameters;
  const std::string scaled = p.rows_per_scale == 0 ? ""
                                                   : fmt::format(R"(
      const auto scales = *(const pack<T, 8>*)(scale + rows[half] / {} * {} + at);
#pragma unroll
      for (int l = 0; l < 8; ++l) store(xs.v[l], load(xs.v[l]) * load(scales.v[l]));)",
                                                                 p.rows_per_scale, p.k);
  const std::string read_bias = fmt::format(R"(  pack<T, 2> biases[kRounds];
#pragma unroll
  for (int round = 0; round < kRounds; ++round) {{
    const int column = column0 + (threadIdx.x + round * {}) % (kTiles * 4) * 2;
    biases[round] = *(const pack<T, 2>*)(bias + min(column, {}));
  }}
)",
                                            plan.threads(), p.columns - 2);
  kernel.body = fmt::format(
      R"(
  using T = {type};
  constexpr int kWarps = {warps}, kTiles = {tiles}, kGroups = {groups};
  constexpr int kResults = kGroups * 16 * kTiles * 4, kRounds = (kResults + {threads} - 1) / {threads};  // pairs
  __shared__ float parts[kGroups][kWarps][16][kTiles * 8 + 2];
  const int lane = threadIdx.x % 32, part = threadIdx.x / 32 % kWarps, group = threadIdx.x / 32 / kWarps;
  const int row0 = blockIdx.x % {row_blocks} * (kGroups * 16), column0 = blockIdx.x / {row_blocks} * (kTiles * 8);
  const int first = row0 + group * 16 + lane / 4, rows[2] = {{min(first, {last_row}), min(first + 8, {last_row})}};
  // Weights and bias are constants: they are read before what is ahead is done.
  pack<unsigned, 4> next[kTiles];
  const auto read_weights = [&](int chunk) {{
    const int at = chunk * 32 + lane % 4 * 8;  // of k: eight neighbours stand for one column of each of four fragments
#pragma unroll
    for (int n = 0; n < kTiles; ++n) {{
      next[n] = pack<unsigned, 4>();
      const int column = min(column0 + n * 8 + lane / 4, {last_column});
      if (at < {k}) next[n] = *(const pack<unsigned, 4>*)(w + (long long)column * {k} + at);
    }}
  }};
  read_weights(part);
{read_bias}  after_others();
  float sums[kTiles][4] = {{}};
#pragma unroll 2
  for (int chunk = part; chunk < {chunks}; chunk += kWarps) {{
    pack<unsigned, 4> b[kTiles];
#pragma unroll
    for (int n = 0; n < kTiles; ++n) b[n] = next[n];
    if (chunk + kWarps < {chunks}) read_weights(chunk + kWarps);
    const int at = chunk * 32 + lane % 4 * 8;
    const bool inside = at < {k};
    unsigned a[2][4];
#pragma unroll
    for (int half = 0; half < 2; ++half) {{
      pack<T, 8> xs = {{}};
      if (inside) {{
      xs = *(const pack<T, 8>*)(x + (long long)rows[half] * {k} + at);{scaled}
      }}
#pragma unroll
      for (int i = 0; i < 4; ++i) {{
        a[i / 2][i % 2 * 2 + half] = xs.v[i * 2].bits | (unsigned)xs.v[i * 2 + 1].bits << 16;
      }}
    }}
#pragma unroll
    for (int n = 0; n < kTiles; ++n) {{
      multiply(T(), sums[n], a[0], b[n].v[0], b[n].v[1]);
      multiply(T(), sums[n], a[1], b[n].v[2], b[n].v[3]);
    }}
  }}
#pragma unroll
  for (int n = 0; n < kTiles; ++n) {{
#pragma unroll
    for (int i = 0; i < 4; ++i) parts[group][part][lane / 4 + i / 2 * 8][n * 8 + lane % 4 * 2 + i % 2] = sums[n][i];
  }}
  __syncthreads();
#pragma unroll
  for (int round = 0; round < kRounds; ++round) {{
    const int t = threadIdx.x + round * {threads};
    const int own = t / (kTiles * 4), local = t % (kTiles * 4) * 2, row = row0 + own, i{axis} = column0 + local;
    if (t >= kResults || row > {last_row} || i{axis} > {last_column}) continue;
{indices}    pack<T, 2> ys;
{loads}#pragma unroll
    for (int l = 0; l < 2; ++l) {{
      float v0 = {bias};
#pragma unroll
      for (int i = 0; i < kWarps; ++i) v0 += parts[own / 16][i][own % 16][local + l];
{lane}      store(ys.v[l], result);
    }}
    *(pack<T, 2>*)(y + (long long)row * {columns} + i{axis}) = ys;
  }}
)",
      fmt::arg("type", type), fmt::arg("warps", plan.warps), fmt::arg("tiles", plan.tiles),
      fmt::arg("groups", plan.groups), fmt::arg("row_blocks", plan.row_blocks), fmt::arg("last_row", p.rows - 1),
      fmt::arg("chunks", (p.k + kChunk - 1) / kChunk), fmt::arg("k", p.k), fmt::arg("scaled", scaled),
      fmt::arg("last_column", p.columns - 1), fmt::arg("threads", plan.threads()), fmt::arg("axis", space.size() - 1),
      fmt::arg("indices", epilogue.loads.empty() ? "" : row_indices(space)), fmt::arg("loads", epilogue.loads),
      fmt::arg("bias", p.bias ? "load(biases[round].v[l])" : "0.0f"), fmt::arg("read_bias", p.bias ? read_bias : ""),
      fmt::arg("lane", epilogue.lane), fmt::arg("columns", p.columns));
  return kernel;
}

}  // namespace ingot::kernels::cuda

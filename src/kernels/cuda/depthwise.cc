#include "kernels/cuda/depthwise.h"

#include <algorithm>

#include "kernels/cuda/inline_epilogue.h"
#include "ops/conv.h"
#include "ops/infer.h"
#include "ops/reduce.h"

namespace ingot::kernels::cuda {
namespace {

constexpr int64_t kThreads = 128, kEnoughThreads = 132 * 768;

// Neighbouring results per thread: they share what they read; fewer where threads would be too few.
int64_t results_per_thread(const device::Convolution& c, int64_t vectors) {
  for (const int64_t count : {4, 2}) {
    if (c.n * c.out_h * ((c.out_w + count - 1) / count) * vectors >= kEnoughThreads && c.out_w >= count) return count;
  }
  return 1;
}

// Whether threads are so few that what counts is how many reads are under way at once: each then has one result, no
// branches, and reads its weights, which are constants, before what is ahead is done.
bool is_short(const device::Convolution& c, int64_t results) { return results == 1 && c.kernel[0] * c.kernel[1] <= 25; }

// Adds one column of the input, `column` from the first, to the results that see it.
std::string column_text(const device::Convolution& c, int64_t column, int64_t results, int64_t width) {
  std::string uses;
  for (int64_t r = 0; r < results; ++r) {
    const int64_t from_begin = column - r * c.stride[1];
    if (from_begin < 0 || from_begin % c.dilation[1] != 0 || from_begin / c.dilation[1] >= c.kernel[1]) continue;
    uses += fmt::format("          sum[{}][l] += x * load(ws[{}].v[l]);\n", r, from_begin / c.dilation[1]);
  }
  if (uses.empty()) return "";
  return fmt::format(R"(      if (ix + {0} >= 0 && ix + {0} < {1}) {{
        const auto xs = *(const pack<T, {2}>*)(row + (ix + {0}) * {3});
#pragma unroll
        for (int l = 0; l < {2}; ++l) {{
          const float x = load(xs.v[l]);
{4}        }}
      }}
)",
                     column, c.w, width, c.c, uses);
}

// Sums over the kernel, row by row of it.
std::string sums_text(const device::Convolution& c, int64_t results, int64_t width) {
  std::string columns;
  const int64_t last = (results - 1) * c.stride[1] + (c.kernel[1] - 1) * c.dilation[1];
  for (int64_t column = 0; column <= last; ++column) columns += column_text(c, column, results, width);
  return fmt::format(R"(#pragma unroll {unrolled}
  for (int ky = 0; ky < {kernel_h}; ++ky) {{
    const int iy = i1 * {stride_h} - {pad_h} + ky * {dilation_h};
    if (iy < 0 || iy >= {h}) continue;
    const T* row = x + ((long long)i0 * {h} + iy) * {w} * {c} + i3;
    pack<T, {width}> ws[{kernel_w}];
#pragma unroll
    for (int kx = 0; kx < {kernel_w}; ++kx) ws[kx] = *(const pack<T, {width}>*)(w + (ky * {kernel_w} + kx) * {c} + i3);
    {{
{columns}    }}
  }}
)",
                     fmt::arg("unrolled", c.kernel[0] <= 3 ? c.kernel[0] : 1), fmt::arg("kernel_h", c.kernel[0]),
                     fmt::arg("kernel_w", c.kernel[1]), fmt::arg("stride_h", c.stride[0]),
                     fmt::arg("pad_h", c.pad_begin[0]), fmt::arg("dilation_h", c.dilation[0]), fmt::arg("h", c.h),
                     fmt::arg("w", c.w), fmt::arg("c", c.c), fmt::arg("width", width), fmt::arg("columns", columns));
}

// The same with the weights in `ws`.
std::string short_sums_text(const device::Convolution& c, int64_t width) {
  return fmt::format(R"(#pragma unroll
  for (int ky = 0; ky < {kernel_h}; ++ky) {{
    const int iy = i1 * {stride_h} - {pad_h} + ky * {dilation_h}, y_inside = min(max(iy, 0), {h} - 1);
    const T* row = x + ((long long)i0 * {h} + y_inside) * {w} * {c} + i3;
#pragma unroll
    for (int kx = 0; kx < {kernel_w}; ++kx) {{
      const int at = ix + kx * {dilation_w}, x_inside = min(max(at, 0), {w} - 1);
      const auto xs = *(const pack<T, {width}>*)(row + x_inside * {c});
      const bool inside = iy == y_inside && at == x_inside;
#pragma unroll
      for (int l = 0; l < {width}; ++l) {{
        sum[0][l] += (inside ? load(xs.v[l]) : 0.0f) * load(ws[ky * {kernel_w} + kx].v[l]);
      }}
    }}
  }}
)",
                     fmt::arg("kernel_h", c.kernel[0]), fmt::arg("kernel_w", c.kernel[1]),
                     fmt::arg("stride_h", c.stride[0]), fmt::arg("pad_h", c.pad_begin[0]),
                     fmt::arg("dilation_h", c.dilation[0]), fmt::arg("dilation_w", c.dilation[1]), fmt::arg("h", c.h),
                     fmt::arg("w", c.w), fmt::arg("c", c.c), fmt::arg("width", width));
}

// What comes once i3 is known: in short kernels the weights; the wait for what is ahead.
std::string begin_text(const device::Convolution& c, int64_t results, int64_t width) {
  if (!is_short(c, results)) return "  after_others();\n";
  return fmt::format(R"(  pack<T, {0}> ws[{1}];
#pragma unroll
  for (int i = 0; i < {1}; ++i) ws[i] = *(const pack<T, {0}>*)(w + i * {2} + i3);
  after_others();
)",
                     width, c.kernel[0] * c.kernel[1], c.c);
}

// Lines that compute and store `results` neighbours from (i0, i1, ox, i3); `taken` is what else becomes of lane l of
// ys.
std::string results_text(const device::Convolution& c, const InlineEpilogue& epilogue, bool bias, int64_t results,
                         int64_t width, const char* taken) {
  return fmt::format(
      R"(
  float sum[{results}][{width}];
#pragma unroll
  for (int l = 0; l < {width}; ++l) {{
    const float first = {bias};
#pragma unroll
    for (int r = 0; r < {results}; ++r) sum[r][l] = first;
  }}
  const int ix = ox * {stride_w} - {pad_w};
{sums}#pragma unroll
  for (int r = 0; r < {results}; ++r) {{
    const int i2 = ox + r;
    if (i2 >= {out_w}) continue;
    pack<T, {width}> ys;
{loads}#pragma unroll
    for (int l = 0; l < {width}; ++l) {{
      const float v0 = sum[r][l];
{lane}      store(ys.v[l], result);
{taken}    }}
    *(pack<T, {width}>*)(y + (((long long)i0 * {out_h} + i1) * {out_w} + i2) * {c} + i3) = ys;
  }}
)",
      fmt::arg("width", width), fmt::arg("results", results), fmt::arg("out_h", c.out_h), fmt::arg("out_w", c.out_w),
      fmt::arg("bias", bias ? "load(bias[i3 + l])" : "0.0f"), fmt::arg("stride_w", c.stride[1]),
      fmt::arg("pad_w", c.pad_begin[1]), fmt::arg("c", c.c), fmt::arg("loads", epilogue.loads),
      fmt::arg("sums", is_short(c, results) ? short_sums_text(c, width) : sums_text(c, results, width)),
      fmt::arg("lane", epilogue.lane), fmt::arg("taken", taken));
}

int64_t vector_of(const device::Convolution& c) {
  const int64_t full = 16 / (dtype_bits(c.dtype) / 8);
  return c.c % full == 0 ? full : 1;
}

std::string parameters_of(const device::Convolution& c, bool bias, const InlineEpilogue& epilogue) {
  const char* type = device_type_name(c.dtype);
  return fmt::format("const {0}* x, const {0}* w, {0}* y{1}{2}", type,
                     bias ? fmt::format(", const {}* bias", type) : "", epilogue.parameters);
}

}  // namespace

Call depthwise_call(const device::Convolution& c, const Problem& problem, std::span<const TileInstruction> body,
                    bool bias, size_t first_operand, DType storage) {
  const int64_t width = vector_of(c), vectors = c.c / width;
  const int64_t results = results_per_thread(c, vectors), groups = (c.out_w + results - 1) / results;
  const int64_t count = c.n * c.out_h * groups * vectors;
  const InlineEpilogue epilogue =
      inline_epilogue(body, problem, first_operand, {c.n, c.out_h, c.out_w, c.c}, width, storage);
  Call call{KernelText{}, {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kOutput, 0}}};
  if (bias) call.operands.push_back({Slot::kInput, 2});
  call.operands.insert(call.operands.end(), epilogue.operands.begin(), epilogue.operands.end());
  KernelText kernel;
  kernel.threads = kThreads;
  kernel.blocks = (count + kThreads - 1) / kThreads;
  kernel.parameters = parameters_of(c, bias, epilogue);
  kernel.body = fmt::format(
      R"(
  using T = {type};
  const long long t = (long long)blockIdx.x * {threads} + threadIdx.x;
  if (t >= {count}) return;
  const int i3 = (int)(t % {vectors}) * {width}, ox = (int)(t / {vectors} % {groups}) * {results},
            i1 = (int)(t / {vectors} / {groups} % {out_h}), i0 = (int)(t / {vectors} / {groups} / {out_h});
)",
      fmt::arg("type", device_type_name(c.dtype)), fmt::arg("threads", kThreads), fmt::arg("count", count),
      fmt::arg("vectors", vectors), fmt::arg("width", width), fmt::arg("groups", groups), fmt::arg("results", results),
      fmt::arg("out_h", c.out_h));
  kernel.body += begin_text(c, results, width) + results_text(c, epilogue, bias, results, width, "");
  call.work = kernel;
  return call;
}

namespace {

constexpr size_t kBias = 2, kFirstOperand = 3;
// Larger pictures are read better across channels, which leaves their mean to a kernel of its own.
constexpr int64_t kMostPositions = 1 << 10, kMostCluster = 8, kEnoughBlocks = 264;

// The mean over the picture that follows a depthwise convolution, as squeeze-and-excite has it.
bool takes_mean(const Problem& first, const Problem& second, DType storage) {
  const auto* reduce = second.op.as<Reduce>();
  const auto c = depthwise_convolution(first, storage);
  if (!c || reduce == nullptr || reduce->fn != ReduceFn::kMean || second.inputs.size() != 1) return false;
  std::vector<int64_t> axes = reduce->axes;
  for (int64_t& axis : axes) axis = normalize_axis(axis, 4);
  std::sort(axes.begin(), axes.end());
  return axes == std::vector<int64_t>{1, 2} && c->out_h * c->out_w <= kMostPositions && vector_of(*c) > 1;
}

struct MeanPlan {
  int64_t columns = 4, cluster = 1, threads = 256, results = 1;
};

// Blocks of `columns` neighbouring vectors of channels; a cluster of them has every position of one image. Fewer
// columns make more blocks, more make better use of what a read brings.
MeanPlan mean_plan(const device::Convolution& c, int64_t vectors) {
  MeanPlan plan;
  plan.results = results_per_thread(c, vectors);
  const int64_t positions = c.out_h * ((c.out_w + plan.results - 1) / plan.results);
  for (;; plan.columns /= 2) {
    const int64_t work = positions * plan.columns;
    plan.threads = work > 256 * kMostCluster ? 512 : std::min<int64_t>(256, (work + 31) / 32 * 32);
    for (plan.cluster = 1; plan.cluster < kMostCluster && plan.cluster * plan.threads < work;) plan.cluster *= 2;
    if (plan.columns == 1) return plan;
    if (vectors % plan.columns == 0 && c.n * (vectors / plan.columns) * plan.cluster >= kEnoughBlocks) return plan;
  }
}

Emission emit_mean(const Problem& first, const Problem& second, DType storage, std::span<const OperandView>, bool) {
  const device::Convolution c = *depthwise_convolution(first, storage);
  const bool bias = first.inputs.size() > kBias && first.inputs[kBias].present();
  const int64_t width = vector_of(c), vectors = c.c / width;
  const auto [columns, cluster, threads, results] = mean_plan(c, vectors);
  const int64_t groups = (c.out_w + results - 1) / results, positions = c.out_h * groups;
  const InlineEpilogue epilogue = inline_epilogue(first.op.as<Conv>()->epilogue, first, kFirstOperand,
                                                  {c.n, c.out_h, c.out_w, c.c}, width, storage);
  Call call{KernelText{}, {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kOutput, 0}}, {}};
  if (bias) call.operands.push_back({Slot::kInput, kBias});
  call.operands.insert(call.operands.end(), epilogue.operands.begin(), epilogue.operands.end());
  for (Slot& slot : call.operands) slot.before = true;
  call.operands.push_back({Slot::kOutput, 0});
  KernelText kernel;
  kernel.threads = static_cast<uint32_t>(threads);
  kernel.blocks = c.n * (vectors / columns) * cluster;
  kernel.cluster = static_cast<uint32_t>(cluster);
  kernel.parameters = parameters_of(c, bias, epilogue) +
                      fmt::format(", {}* mean", device_type_name(stored(second.outputs[0].dtype, storage)));
  kernel.body = fmt::format(
      R"(
  using T = {type};
  constexpr int kColumns = {columns}, kWarps = {threads} / 32, kCluster = {cluster};
  __shared__ float parts[kWarps][kColumns * {width}], wholes[kColumns * {width}];
#if __CUDA_ARCH__ >= 900
  constexpr int kShares = kCluster;
#else
  constexpr int kShares = 1;  // the first block does the work of all
  if (blockIdx.x % kCluster != 0) return;
#endif
  const int rank = blockIdx.x % kCluster, group = blockIdx.x / kCluster;
  const int first_channel = group % {blocks} * (kColumns * {width}), i0 = group / {blocks};
  const int i3 = first_channel + threadIdx.x % kColumns * {width};
{begin}  float total[{width}] = {{}};
  constexpr int kStep = {threads} / kColumns;
  for (int position = rank * kStep + threadIdx.x / kColumns; position < {positions}; position += kShares * kStep) {{
  const int i1 = position / {groups}, ox = position % {groups} * {results};
{lines}  }}
#pragma unroll
  for (int l = 0; l < {width}; ++l) {{
    for (int i = 16; i >= kColumns; i /= 2) total[l] += __shfl_xor_sync(0xffffffffu, total[l], i);
    if (threadIdx.x % 32 < kColumns) parts[threadIdx.x / 32][threadIdx.x % 32 * {width} + l] = total[l];
  }}
  __syncthreads();
  const bool mine = threadIdx.x < kColumns * {width};
  float whole = 0;
  if (mine) {{
    for (int i = 0; i < kWarps; ++i) whole += parts[i][threadIdx.x];
    wholes[threadIdx.x] = whole;
  }}
#if __CUDA_ARCH__ >= 900
  if (kCluster > 1) {{
    cluster_barrier();
    if (rank == 0 && mine) {{
      for (int i = 1; i < kCluster; ++i) whole += of_block(&wholes[threadIdx.x], i);
    }}
    cluster_barrier();  // no block ends while another reads its memory
  }}
#endif
  if (rank == 0 && mine) store(mean[i0 * {channels} + first_channel + threadIdx.x], whole / {size}.0f);
)",
      fmt::arg("type", device_type_name(c.dtype)), fmt::arg("columns", columns), fmt::arg("threads", threads),
      fmt::arg("cluster", cluster), fmt::arg("begin", begin_text(c, results, width)), fmt::arg("width", width),
      fmt::arg("blocks", vectors / columns), fmt::arg("positions", positions), fmt::arg("groups", groups),
      fmt::arg("results", results), fmt::arg("channels", c.c), fmt::arg("size", c.out_h * c.out_w),
      fmt::arg("lines", results_text(c, epilogue, bias, results, width, "      total[l] += load(ys.v[l]);\n")));
  call.work = kernel;
  return {call};
}

}  // namespace

GroupRow depthwise_mean_row() {
  return {"cuda_depthwise_mean",
          "a depthwise convolution and the mean of each picture of it",
          takes_mean,
          emit_mean,
          false,
          true};
}

}  // namespace ingot::kernels::cuda

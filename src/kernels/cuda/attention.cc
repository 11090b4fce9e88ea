// Attention: own kernels that keep the scores on the chip, with tensor cores where the type and the sizes allow it,
// beside what the device's library has.
#include "ops/attention.h"

#include <algorithm>
#include <cmath>

#include "kernels/cuda/strided.h"

namespace ingot::kernels::cuda {
namespace {

constexpr size_t kMask = 3;
constexpr int64_t kWarps = 4, kLargestHead = 256;

// Where the element (batch, head, row, 0) of an operand lies.
struct Heads {
  int64_t heads = 0, rows = 0, size = 0, batch_stride = 0, head_stride = 0, row_stride = 0;
  std::array<int64_t, 3> strides() const { return {batch_stride, head_stride, row_stride}; }
};

// `strides`: empty where the operand lies densely.
Heads heads_of(const Shape& shape, int64_t heads, const std::vector<int64_t>& strides) {
  if (shape.size() == 4) {
    Heads dense{shape[1], shape[2], shape[3], shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3]};
    if (!strides.empty())
      dense.batch_stride = strides[0], dense.head_stride = strides[1], dense.row_stride = strides[2];
    return dense;
  }
  const int64_t size = shape[2] / std::max<int64_t>(heads, 1);
  Heads dense{heads, shape[1], size, shape[1] * shape[2], size, shape[2]};
  if (!strides.empty()) dense.batch_stride = strides[0], dense.row_stride = strides[1];
  return dense;
}

bool has_mask(const Problem& problem) { return has_input(problem, kMask); }

const char* refuse(const Problem& problem) {
  const auto& attention = *problem.op.as<Attention>();
  if (attention.output_count != 1) return "keys, values or scores are wanted";
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    if (i > kMask && problem.inputs[i].present()) return "there is a cache or a list of lengths";
    if (i < kMask && !is_float(problem.inputs[i].dtype)) return "the elements are no floats";
    if (i < kMask && problem.inputs[i].dtype != problem.outputs[0].dtype) return "the operands' types differ";
  }
  if (!has_mask(problem)) return nullptr;
  const Operand& mask = problem.inputs[kMask];
  if (!is_float(mask.dtype) && mask.dtype != DType::kBool) return "the mask's type has no device kernel";
  const int64_t keys = problem.inputs[1].shape[problem.inputs[1].shape.size() - 2];
  if (!mask.shape.empty() && mask.shape.back() != 1 && mask.shape.back() != keys) {
    return "the mask may be shorter than the keys";
  }
  return nullptr;
}

// Whether the mask's elements for an even key and the next lie side by side and are aligned as one.
bool in_pairs(const std::vector<int64_t>& strides, int64_t keys) {
  return strides[3] == 1 && keys % 2 == 0 &&
         std::all_of(strides.begin(), strides.begin() + 3, [](int64_t stride) { return stride % 2 == 0; });
}

// A mask that only repeats [windows, heads, queries, keys]: reshaped from an expansion to [batch, windows, ...].
bool repeats_windows(const Moved& moved) {
  if (moved.layers.size() != 1 || moved.layers[0].pieces.size() != 1) return false;
  const MovedLayer& layer = moved.layers[0];
  return layer.shape.size() == 5 && layer.pieces[0].strides[0] == 0 && layer.pieces[0].base == 0;
}

bool takes(size_t input, const Moved& moved) { return input == kMask && repeats_windows(moved); }

// The rows of 16 queries that a warp takes: two where that leaves the processors enough blocks.
int64_t rows_per_warp(int64_t heads, int64_t queries, int64_t size) {
  constexpr int64_t kEnoughBlocks = 264;
  return size <= 64 && queries > 64 && heads * ((queries + 127) / 128) >= kEnoughBlocks ? 2 : 1;
}

struct Operands {
  Heads q, k, v, y;
};

device::Attention library_problem(const Problem& problem, DType storage, const Operands& o,
                                  const std::vector<int64_t>& mask, double scale) {
  const auto& attention = *problem.op.as<Attention>();
  device::Attention a;
  a.dtype = stored(problem.inputs[0].dtype, storage);
  a.batch = problem.inputs[0].shape[0], a.heads = o.q.heads, a.kv_heads = o.k.heads;
  a.queries = o.q.rows, a.keys = o.k.rows, a.size = o.q.size, a.value_size = o.v.size;
  a.q = o.q.strides(), a.k = o.k.strides(), a.v = o.v.strides(), a.y = o.y.strides();
  a.scale = scale, a.softcap = attention.softcap, a.causal = attention.causal;
  a.unseen_is_zero = attention.unseen_is_zero || attention.nan_is_zero;
  if (has_mask(problem)) {
    a.mask = device::Attention::Mask{stored(problem.inputs[kMask].dtype, storage), {}};
    std::copy_n(mask.begin(), 4, a.mask->strides.begin());
  }
  return a;
}

Emission emit_views(const Problem& problem, DType storage, std::span<const OperandView> views) {
  const auto& attention = *problem.op.as<Attention>();
  const Heads q = heads_of(problem.inputs[0].shape, attention.q_heads, views[0].strides),
              k = heads_of(problem.inputs[1].shape, attention.kv_heads, views[1].strides),
              v = heads_of(problem.inputs[2].shape, attention.kv_heads, views[2].strides),
              y = heads_of(problem.outputs[0].shape, attention.q_heads, views[problem.inputs.size()].strides);
  const int64_t batch = problem.inputs[0].shape[0];
  const DType type = stored(problem.inputs[0].dtype, storage);
  const int64_t widest = std::max(q.size, v.size);
  const bool tiled = type != DType::kF32 && q.size % 8 == 0 && v.size % 8 == 0 && widest <= kLargestHead;
  const int64_t rows = rows_per_warp(batch * q.heads, q.rows, widest), tile = kWarps * rows * 16;
  const int64_t tiles = (q.rows + tile - 1) / tile, keys = widest <= 64 ? 64 : widest <= 128 ? 32 : 16;
  KernelText kernel;
  kernel.threads = 128;
  kernel.blocks = batch * q.heads * (tiled ? tiles : q.rows);
  const char* name = device_type_name(type);
  kernel.parameters = fmt::format("const {0}* q, const {0}* k, const {0}* v, ", name);
  Call call{KernelText{}, {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kInput, 2}}};
  std::vector<int64_t> mask(4, 0);
  int64_t period = batch;  // of the mask
  if (has_mask(problem)) {
    const DType mask_type = stored(problem.inputs[kMask].dtype, storage);
    mask = broadcast_operand(mask_type, problem.inputs[kMask].shape, {batch, q.heads, q.rows, k.rows}).strides;
    if (const Moved& moved = views[kMask].moved; !moved.empty()) {
      const MovedLayer& layer = moved.layers[0];
      mask.assign(layer.pieces[0].strides.begin() + 1, layer.pieces[0].strides.end());
      for (size_t i = 0; i < mask.size(); ++i) mask[i] = layer.shape[i + 1] == 1 ? 0 : mask[i];
      period = layer.shape[1];
    }
    kernel.parameters += fmt::format("const {}* mask, ", device_type_name(mask_type));
    call.operands.push_back({Slot::kInput, kMask});
  }
  kernel.parameters += fmt::format("{}* y", name);
  call.operands.push_back({Slot::kOutput, 0});
  const auto strides = [](const char* prefix, const Heads& heads) {
    return fmt::format(", k{0}Batch = {1}, k{0}Head = {2}, k{0}Row = {3}", prefix, heads.batch_stride,
                       heads.head_stride, heads.row_stride);
  };
  kernel.body = fmt::format(
      "  struct C {{\n    enum : int {{ kSize = {}, kValueSize = {}, kQueries = {}, kTotal = {}, kHeads = {}, "
      "kGroup = {}, kKeys = {}, kRows = {}, kWarps = {}, kTiles = {}, kMasked = {}, kMaskPairs = {}, kMaskPeriod = {}, "
      "kCausal = {}, kCapped = {}, kUnseenIsZero = {}, kNanIsZero = {} }};\n",
      q.size, v.size, q.rows, k.rows, q.heads, std::max<int64_t>(q.heads / std::max<int64_t>(k.heads, 1), 1), keys,
      rows, kWarps, tiles, has_mask(problem) ? 1 : 0, in_pairs(mask, k.rows) ? 1 : 0, period, attention.causal ? 1 : 0,
      attention.softcap != 0 ? 1 : 0, attention.unseen_is_zero || attention.nan_is_zero ? 1 : 0,
      attention.nan_is_zero ? 1 : 0);
  kernel.body += fmt::format(
      "    enum : long long {{ kMaskBatch = {}, kMaskHead = {}, kMaskRow = {}, kMaskKey = {}{}{}{}{} }};\n  }};\n",
      mask[0], mask[1], mask[2], mask[3], strides("Q", q), strides("K", k), strides("V", v), strides("Y", y));
  const double scale = attention.scale != 0 ? attention.scale : 1 / std::sqrt(static_cast<double>(q.size));
  kernel.body += fmt::format("  {}_attention<{}, C>(q, k, v, {}, y, {:.9e}f, {:.9e}f);\n", tiled ? "tiled" : "plain",
                             name, has_mask(problem) ? "mask" : "(const float*)0", scale, attention.softcap);
  const bool moved_mask = has_mask(problem) && !views[kMask].moved.empty();  // which libraries do not read
  if (moved_mask) {
    call.work = kernel;
  } else {
    call.work = Choice{library_problem(problem, storage, {q, k, v, y}, mask, scale), kernel};
  }
  return {call};
}

Emission emit(const Problem& problem, DType storage) {
  return emit_views(problem, storage, std::vector<OperandView>(problem.inputs.size() + 1));
}

}  // namespace

std::vector<DeviceRow> attention_rows() {
  return {{"cuda_attention",
           "scaled dot-product attention without scores in memory",
           {&Attention::def},
           refuse,
           emit,
           nullptr,
           emit_views,
           kMask,
           true,
           kMask + 1,
           takes}};
}

}  // namespace ingot::kernels::cuda

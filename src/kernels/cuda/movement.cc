// Operators that move elements: generated copies with strides.
#include "kernels/cuda/movement.h"

#include "kernels/cuda/strided.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/gather_nd.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/transpose.h"

namespace ingot::kernels::cuda {
namespace {

// One kernel for any movement whose operands all lie densely.
Emission emit_moved(const Problem& problem, DType storage) {
  std::vector<MovedSource> from;
  for (const Operand& input : problem.inputs) from.push_back(dense_source(input.shape));
  const auto layer = moved_layer(problem.op, from, problem.outputs[0].shape);
  Moved moved{{*layer}, from.size()};
  Call call = moved_copy(stored(problem.outputs[0].dtype, storage), moved, problem.outputs[0].shape);
  for (size_t i = 0; i < from.size(); ++i) call.operands[i] = {Slot::kInput, i};
  return {call};
}

const char* takes_all(const Problem&) { return nullptr; }

const char* refuse_one_input(const Problem& problem) {
  return problem.inputs.size() == 1 ? nullptr : "the sizes are data";
}

Emission emit_reshape(const Problem& problem, DType storage) {
  const DType type = stored(problem.inputs[0].dtype, storage);
  const int64_t count = element_count(problem.outputs[0].shape);
  return {{conversion(type, type, count), {{Slot::kInput, 0}, {Slot::kOutput, 0}}}};
}

const char* refuse_slice(const Problem& problem) { return problem.inputs.size() == 1 ? nullptr : "the range is data"; }

const char* refuse_concat(const Problem& problem) {
  constexpr size_t kMostInputs = 400;  // kernels take 4 KB of parameters
  return problem.inputs.size() <= kMostInputs ? nullptr : "there are too many inputs";
}

const char* refuse_gather(const Problem& problem) {
  return is_int(problem.inputs[1].dtype) ? nullptr : "the indices' type has no device kernel";
}

// An index outside of the axis gives zeros.
Emission emit_gather(const Problem& problem, DType storage) {
  const Shape& from = problem.inputs[0].shape;
  const auto axis =
      static_cast<size_t>(normalize_axis(problem.op.as<Gather>()->axis, static_cast<int64_t>(from.size())));
  int64_t inner = 1;
  for (size_t i = axis + 1; i < from.size(); ++i) inner *= from[i];
  const int64_t picks = element_count(problem.inputs[1].shape), count = element_count(problem.outputs[0].shape);
  const DType type = stored(problem.inputs[0].dtype, storage);
  const int64_t width =
      inner % (16 / std::max(2, dtype_bits(type) / 8)) == 0 ? 16 / std::max(2, dtype_bits(type) / 8) : 1;
  KernelText kernel;
  kernel.parameters = fmt::format("const {0}* x, const {1}* indices, {0}* y", device_type_name(type),
                                  device_type_name(problem.inputs[1].dtype));
  kernel.blocks = (count / width + 255) / 256;
  kernel.body =
      fmt::format(R"(
  const long long i = ((long long)blockIdx.x * 256 + threadIdx.x) * {width};
  if (i >= {count}) return;
  const long long inner = i % {inner}, pick = i / {inner} % {picks}, outer = i / {inner} / {picks};
  long long index = load(indices[pick]);
  if (index < 0) index += {size};
  pack<{type}, {width}> value = {{}};
  if (index >= 0 && index < {size}) value = *(const pack<{type}, {width}>*)(x + (outer * {size} + index) * {inner} + inner);
  *(pack<{type}, {width}>*)(y + i) = value;
)",
                  fmt::arg("width", width), fmt::arg("count", count), fmt::arg("inner", inner),
                  fmt::arg("picks", picks), fmt::arg("size", from[axis]), fmt::arg("type", device_type_name(type)));
  return {{kernel, {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kOutput, 0}}}};
}

const char* refuse_gather_nd(const Problem& problem) {
  if (!is_int(problem.inputs[1].dtype)) return "the indices' type has no device kernel";
  return problem.inputs[1].shape.empty() || problem.inputs[1].shape.back() < 0 ? "the indices' length is data"
                                                                               : nullptr;
}

// An index outside of its axis gives zeros.
Emission emit_gather_nd(const Problem& problem, DType storage) {
  const Shape &from = problem.inputs[0].shape, &indices = problem.inputs[1].shape;
  const auto batch = static_cast<size_t>(problem.op.as<GatherNd>()->batch_dims);
  const auto picked = static_cast<size_t>(indices.back());
  int64_t slice = 1, batches = 1, tuples = 1;
  for (size_t i = batch + picked; i < from.size(); ++i) slice *= from[i];
  for (size_t i = 0; i < batch; ++i) batches *= from[i];
  for (size_t i = batch; i + 1 < indices.size(); ++i) tuples *= indices[i];
  const char* type = device_type_name(stored(problem.inputs[0].dtype, storage));
  const int64_t count = batches * tuples * slice;
  KernelText kernel;
  kernel.parameters =
      fmt::format("const {0}* x, const {1}* indices, {0}* y", type, device_type_name(problem.inputs[1].dtype));
  kernel.blocks = (count + 255) / 256;
  std::string picks;
  for (size_t i = 0; i < picked; ++i) {
    picks += fmt::format(
        "  {{ long long index = load(tuple[{0}]); if (index < 0) index += {1}; inside = inside && index >= 0 && "
        "index < {1}; from = from * {1} + index; }}\n",
        i, from[batch + i]);
  }
  kernel.body = fmt::format(R"(
  const long long t = (long long)blockIdx.x * 256 + threadIdx.x;
  if (t >= {count}) return;
  const auto* tuple = indices + t / {slice} * {picked};
  long long from = t / {slice} / {tuples};
  bool inside = true;
{picks}  {type} value = {{}};
  if (inside) value = x[from * {slice} + t % {slice}];
  y[t] = value;
)",
                            fmt::arg("count", count), fmt::arg("slice", slice), fmt::arg("picked", picked),
                            fmt::arg("tuples", tuples), fmt::arg("picks", picks), fmt::arg("type", type));
  return {{kernel, {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kOutput, 0}}}};
}

}  // namespace

std::vector<Slot> input_slots(size_t input, const Moved& moved) {
  std::vector<Slot> slots;
  for (size_t root = 0; root < moved.roots; ++root) slots.push_back({Slot::kInput, input, root});
  return slots;
}

Call moved_copy(DType stored, const Moved& moved, const Shape& shape) {
  StridedOperand from = broadcast_operand(stored, shape, shape);
  const StridedOperand to = from;
  from.moved = moved;
  const int64_t result = 0;
  Call call{strided_kernel(shape, std::span(&from, 1), std::span(&to, 1), {}, std::span(&result, 1)),
            input_slots(0, moved)};
  call.operands.push_back({Slot::kOutput, 0});
  return call;
}

std::vector<SliceRange> slice_ranges(const Slice& slice, const Shape& from, const SymbolValues& symbols) {
  const auto rank = static_cast<int64_t>(from.size());
  std::vector<SliceRange> ranges;
  for (size_t i = 0; i < slice.starts.size(); ++i) {
    const auto axis =
        static_cast<size_t>(normalize_axis(i < slice.axes.size() ? slice.axes[i] : static_cast<int64_t>(i), rank));
    const int64_t size = from[axis], step = i < slice.steps.size() ? slice.steps[i] : 1;
    int64_t start = *slice.starts[i].eval(symbols);
    if (start < 0) start += size;
    start = step > 0 ? std::clamp<int64_t>(start, 0, size) : std::clamp<int64_t>(start, 0, size - 1);
    ranges.push_back({axis, start, step});
  }
  return ranges;
}

std::vector<DeviceRow> movement_rows() {
  return {{"cuda_transpose", "axes in another order", {&Transpose::def}, takes_all, emit_moved},
          {"cuda_expand", "broadcasting to a shape", {&Expand::def}, refuse_one_input, emit_moved},
          {"cuda_reshape", "copy under another shape", {&Reshape::def}, refuse_one_input, emit_reshape},
          {"cuda_slice", "strided ranges", {&Slice::def}, refuse_slice, emit_moved},
          {"cuda_concat", "tensors joined along an axis", {&Concat::def}, refuse_concat, emit_moved},
          {"cuda_gather", "slices picked by indices", {&Gather::def}, refuse_gather, emit_gather},
          {"cuda_gather_nd", "slices picked by tuples of indices", {&GatherNd::def}, refuse_gather_nd, emit_gather_nd}};
}

}  // namespace ingot::kernels::cuda

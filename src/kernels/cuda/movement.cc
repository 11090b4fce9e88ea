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

Call copy(const Shape& space, const StridedOperand& from, const StridedOperand& to, Slot source, Slot target) {
  const int64_t result = 0;
  return {strided_kernel(space, std::span(&from, 1), std::span(&to, 1), {}, std::span(&result, 1)), {source, target}};
}

StridedOperand dense(DType stored, const Shape& shape) { return broadcast_operand(stored, shape, shape); }

const char* takes_all(const Problem&) { return nullptr; }

Emission emit_transpose(const Problem& problem, DType storage) {
  const DType type = stored(problem.inputs[0].dtype, storage);
  const Shape &from = problem.inputs[0].shape, &space = problem.outputs[0].shape;
  std::vector<int64_t> strides(from.size(), 1);
  for (size_t i = from.size(); i-- > 1;) strides[i - 1] = strides[i] * from[i];
  StridedOperand input{type, {}, 0};
  const auto& permutation = problem.op.as<Transpose>()->permutation;
  for (size_t i = 0; i < from.size(); ++i) {
    input.strides.push_back(strides[permutation.empty() ? from.size() - 1 - i : static_cast<size_t>(permutation[i])]);
  }
  return {copy(space, input, dense(type, space), {Slot::kInput, 0}, {Slot::kOutput, 0})};
}

const char* refuse_one_input(const Problem& problem) {
  return problem.inputs.size() == 1 ? nullptr : "the sizes are data";
}

Emission emit_expand(const Problem& problem, DType storage) {
  const DType type = stored(problem.inputs[0].dtype, storage);
  const Shape& space = problem.outputs[0].shape;
  return {copy(space, broadcast_operand(type, problem.inputs[0].shape, space), dense(type, space), {Slot::kInput, 0},
               {Slot::kOutput, 0})};
}

Emission emit_reshape(const Problem& problem, DType storage) {
  const DType type = stored(problem.inputs[0].dtype, storage);
  const int64_t count = element_count(problem.outputs[0].shape);
  return {{conversion(type, type, count), {{Slot::kInput, 0}, {Slot::kOutput, 0}}}};
}

const char* refuse_slice(const Problem& problem) { return problem.inputs.size() == 1 ? nullptr : "the range is data"; }

Emission emit_slice(const Problem& problem, DType storage) {
  const auto& slice = *problem.op.as<Slice>();
  const DType type = stored(problem.inputs[0].dtype, storage);
  const Shape &from = problem.inputs[0].shape, &space = problem.outputs[0].shape;
  StridedOperand input = dense(type, from);
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i] == 1) input.strides[i] = 0;
  }
  for (const SliceRange& range : slice_ranges(slice, from, {})) {
    input.base += range.start * input.strides[range.axis];
    input.strides[range.axis] *= range.step;
  }
  return {copy(space, input, dense(type, space), {Slot::kInput, 0}, {Slot::kOutput, 0})};
}

const char* refuse_concat(const Problem& problem) {
  constexpr size_t kMostInputs = 400;  // kernels take 4 KB of parameters
  return problem.inputs.size() <= kMostInputs ? nullptr : "there are too many inputs";
}

// One kernel: every thread finds the input that its elements come from.
Emission emit_concat(const Problem& problem, DType storage) {
  const DType type = stored(problem.outputs[0].dtype, storage);
  const Shape& whole = problem.outputs[0].shape;
  const auto axis =
      static_cast<size_t>(normalize_axis(problem.op.as<Concat>()->axis, static_cast<int64_t>(whole.size())));
  int64_t inner = 1;
  for (size_t i = axis + 1; i < whole.size(); ++i) inner *= whole[i];
  int64_t width = 16 / std::max(2, dtype_bits(type) / 8);
  for (const Operand& part : problem.inputs) {
    while (part.shape[axis] * inner % width != 0) width /= 2;
  }
  const int64_t line = whole[axis] * inner, vectors = element_count(whole) / width;
  const char* name = device_type_name(type);
  KernelText kernel;
  kernel.blocks = (vectors + 255) / 256;
  Call call;
  std::string choice;
  int64_t begin = 0;
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    const int64_t size = problem.inputs[i].shape[axis] * inner;
    if (size == 0) continue;
    kernel.parameters += fmt::format("const {}* x{}, ", name, i);
    call.operands.push_back({Slot::kInput, i});
    choice += fmt::format("  {}if (at < {}) from = x{} + outer * {} + (at - {});\n", begin == 0 ? "" : "else ",
                          begin + size, i, size, begin);
    begin += size;
  }
  kernel.parameters += fmt::format("{}* y", name);
  call.operands.push_back({Slot::kOutput, 0});
  kernel.body = fmt::format(R"(
  const {index} t = ({index})blockIdx.x * 256 + threadIdx.x;
  if (t >= {vectors}) return;
  const long long outer = t / {per_line};
  const int at = (int)(t % {per_line}) * {width};
  const {type}* from = y;
{choice}  *(pack<{type}, {width}>*)(y + (long long)t * {width}) = *(const pack<{type}, {width}>*)from;
)",
                            fmt::arg("index", vectors < (int64_t{1} << 31) ? "unsigned" : "long long"),
                            fmt::arg("vectors", vectors), fmt::arg("per_line", line / width), fmt::arg("width", width),
                            fmt::arg("type", name), fmt::arg("choice", choice));
  call.work = kernel;
  return {call};
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
  return {{"cuda_transpose", "axes in another order", {&Transpose::def}, takes_all, emit_transpose},
          {"cuda_expand", "broadcasting to a shape", {&Expand::def}, refuse_one_input, emit_expand},
          {"cuda_reshape", "copy under another shape", {&Reshape::def}, refuse_one_input, emit_reshape},
          {"cuda_slice", "strided ranges", {&Slice::def}, refuse_slice, emit_slice},
          {"cuda_concat", "tensors joined along an axis", {&Concat::def}, refuse_concat, emit_concat},
          {"cuda_gather", "slices picked by indices", {&Gather::def}, refuse_gather, emit_gather},
          {"cuda_gather_nd", "slices picked by tuples of indices", {&GatherNd::def}, refuse_gather_nd, emit_gather_nd}};
}

}  // namespace ingot::kernels::cuda

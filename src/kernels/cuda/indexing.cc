// Elements picked and placed by tensors of indices. An index outside of its axis picks zero and places nothing.
#include "kernels/cuda/per_element.h"
#include "kernels/cuda/strided.h"
#include "ops/axis_split.h"
#include "ops/gather_elements.h"
#include "ops/one_hot.h"
#include "ops/scatter_elements.h"

namespace ingot::kernels::cuda {
namespace {

const char* device_name(const Operand& operand, DType storage) {
  return device_type_name(stored(operand.dtype, storage));
}

// Where the element at position i0, i1, ... of the indices stands in a tensor of shape `x`: C++ of whether its index is
// inside, and of the offset.
std::string located(const Shape& x, size_t axis) {
  std::string offset = "0LL";
  for (size_t i = 0; i < x.size(); ++i) {
    offset = fmt::format("({} * {} + {})", offset, x[i], i == axis ? "index" : "i" + std::to_string(i));
  }
  return fmt::format(R"(  long long index = load(indices[t]);
  if (index < 0) index += {0};
  const bool inside = index >= 0 && index < {0};
  const long long at = {1};
)",
                     x[axis], offset);
}

size_t axis_of(int64_t axis, const Shape& x) {
  return static_cast<size_t>(normalize_axis(axis, static_cast<int64_t>(x.size())));
}

const char* refuse_indices(const Problem& problem) {
  if (!is_int(problem.inputs[1].dtype)) return "the indices' type has no device kernel";
  return problem.inputs[0].shape.empty() ? "a tensor without axes" : nullptr;
}

Emission emit_gather_elements(const Problem& problem, DType storage) {
  const Shape& x = problem.inputs[0].shape;
  const char* type = device_name(problem.inputs[0], storage);
  const std::string body = located(x, axis_of(problem.op.as<GatherElements>()->axis, x)) +
                           fmt::format("  {} value = {{}};\n  if (inside) value = x[at];\n  y[t] = value;\n", type);
  return {{per_element(
               problem.inputs[1].shape,
               fmt::format("const {0}* x, const {1}* indices, {0}* y", type, device_type_name(problem.inputs[1].dtype)),
               body),
           {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kOutput, 0}}}};
}

// The result as a copy of x, and a kernel that writes the updates over it.
Emission copied_and_updated(const Problem& problem, DType storage, const Shape& space, const std::string& body) {
  const DType type = stored(problem.inputs[0].dtype, storage);
  Emission emission{
      {conversion(type, type, element_count(problem.inputs[0].shape)), {{Slot::kInput, 0}, {Slot::kOutput, 0}}}};
  if (element_count(space) == 0) return emission;
  emission.push_back({per_element(space,
                                  fmt::format("const {1}* indices, const {0}* updates, {0}* y", device_type_name(type),
                                              device_type_name(problem.inputs[1].dtype)),
                                  body),
                      {{Slot::kInput, 1}, {Slot::kInput, 2}, {Slot::kOutput, 0}}});
  return emission;
}

const char* refuse_scatter_elements(const Problem& problem) {
  // Updates that meet would have to be combined in an order that does not change from run to run.
  if (problem.op.as<ScatterElements>()->reduction != ScatterReduction::kNone) return "updates are combined";
  return refuse_indices(problem);
}

Emission emit_scatter_elements(const Problem& problem, DType storage) {
  const Shape& x = problem.inputs[0].shape;
  const std::string body =
      located(x, axis_of(problem.op.as<ScatterElements>()->axis, x)) + "  if (inside) y[at] = updates[t];\n";
  return copied_and_updated(problem, storage, problem.inputs[1].shape, body);
}

const char* refuse_scatter_nd(const Problem& problem) {
  if (problem.op.as<ScatterNd>()->reduction != ScatterReduction::kNone) return "updates are combined";
  const Shape& indices = problem.inputs[1].shape;
  if (indices.empty() || indices.back() < 0) return "the indices' length is data";
  return refuse_indices(problem);
}

Emission emit_scatter_nd(const Problem& problem, DType storage) {
  const Shape &x = problem.inputs[0].shape, &indices = problem.inputs[1].shape;
  const auto picked = static_cast<size_t>(indices.back());
  int64_t slice = 1, tuples = 1;
  for (size_t i = picked; i < x.size(); ++i) slice *= x[i];
  for (size_t i = 0; i + 1 < indices.size(); ++i) tuples *= indices[i];
  std::string body = "  long long to = 0;\n  bool inside = true;\n";
  for (size_t i = 0; i < picked; ++i) {
    body += fmt::format(
        "  {{ long long index = load(indices[i0 * {0}LL + {1}]); if (index < 0) index += {2}; inside = inside && "
        "index >= 0 && index < {2}; to = to * {2} + index; }}\n",
        picked, i, x[i]);
  }
  body += fmt::format("  if (inside) y[to * {} + i1] = updates[t];\n", slice);
  return copied_and_updated(problem, storage, {tuples, slice}, body);
}

// Operands: indices, depth, values.
Emission emit_one_hot(const Problem& problem, DType storage) {
  const Shape& shape = problem.outputs[0].shape;
  const AxisSplit split = split_at(shape, problem.op.as<OneHot>()->axis);
  const std::string body = fmt::format(R"(  long long index = (long long)load(indices[i0 * {0}LL + i2]);
  if (index < 0) index += {1};
  y[t] = values[index == i1 ? 1 : 0];
)",
                                       split.inner, split.size);
  return {{per_element({split.outer, split.size, split.inner},
                       fmt::format("const {0}* indices, const {1}* values, {1}* y",
                                   device_name(problem.inputs[0], storage), device_name(problem.inputs[2], storage)),
                       body),
           {{Slot::kInput, 0}, {Slot::kInput, 2}, {Slot::kOutput, 0}}}};
}

const char* refuse_one_hot(const Problem& problem) {
  // Short floats do not hold every index.
  return is_int(problem.inputs[0].dtype) ? nullptr : "the indices' type has no device kernel";
}

}  // namespace

std::vector<DeviceRow> indexing_rows() {
  return {
      {"cuda_gather_elements",
       "elements picked by one index each",
       {&GatherElements::def},
       refuse_indices,
       emit_gather_elements},
      {"cuda_scatter_elements",
       "elements placed by one index each",
       {&ScatterElements::def},
       refuse_scatter_elements,
       emit_scatter_elements},
      {"cuda_scatter_nd", "slices placed by tuples of indices", {&ScatterNd::def}, refuse_scatter_nd, emit_scatter_nd},
      {"cuda_one_hot", "one of many along a new axis", {&OneHot::def}, refuse_one_hot, emit_one_hot}};
}

}  // namespace ingot::kernels::cuda

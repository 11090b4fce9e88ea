// A sum, or any pointwise step, computed where the norm reads it.
#include <algorithm>

#include "kernels/cuda/group.h"
#include "kernels/cuda/norm.h"
#include "kernels/cuda/strided.h"
#include "ops/layer_norm.h"

namespace ingot::kernels::cuda {
namespace {

std::vector<TileInstruction> body_of(const Problem& problem) {
  if (const auto* fused = problem.op.as<Fused>()) return fused->body;
  TileInstruction one{problem.op, {}};
  for (size_t i = 0; i < problem.inputs.size(); ++i) one.operands.push_back(static_cast<int64_t>(i));
  return {one};
}

// How an operand lies along the rows that are normalised.
enum class Along : uint8_t { kWhole, kRow, kNumber, kOther };

Along along(const Shape& shape, const Shape& whole, int64_t row) {
  if (shape == whole) return Along::kWhole;
  const int64_t count = element_count(shape);
  if (count == 1) return Along::kNumber;
  Shape tail = shape;
  while (!tail.empty() && tail.front() == 1) tail.erase(tail.begin());
  const bool trailing = tail.size() <= whole.size() && std::equal(tail.rbegin(), tail.rend(), whole.rbegin());
  return trailing && count == row ? Along::kRow : Along::kOther;
}

bool takes(const Problem& first, const Problem& second, DType) {
  if (!second.op.is<LayerNorm>()) return false;
  const Operand& result = first.outputs[0];
  if (first.op.is<Fused>() && first.op.as<Fused>()->results.size() != 1) return false;
  if (refuse_body(body_of(first)) != nullptr) return false;
  return std::all_of(first.inputs.begin(), first.inputs.end(), [&](const Operand& input) {
    return input.dtype == result.dtype && is_float(input.dtype) &&
           along(input.shape, result.shape, norm_size(second)) != Along::kOther;
  });
}

Emission emit(const Problem& first, const Problem& second, DType storage, std::span<const OperandView> views,
              bool kept) {
  const char* type = device_type_name(stored(first.outputs[0].dtype, storage));
  const int64_t row = norm_size(second), width = norm_width(second, storage);
  NormInput input;
  std::string lanes;
  std::vector<std::string> names;
  std::vector<DType> types;
  for (size_t i = 0; i < first.inputs.size(); ++i) {
    const Along kind = along(first.inputs[i].shape, first.outputs[0].shape, row);
    const std::string at = kind == Along::kWhole ? fmt::format("row * {} + k", row) : kind == Along::kRow ? "k" : "0";
    const bool one = kind == Along::kNumber;
    input.parameters += (i == 0 ? "" : ", ") + moved_parameters(views[i].moved, type, fmt::format("a{}", i));
    for (Slot slot : input_slots(i, views[i].moved)) {
      slot.before = true;
      input.slots.push_back(slot);
    }
    input.lines += moved_lines(views[i].moved, type, fmt::format("a{}", i), at, fmt::format("q{}", i), "      ");
    input.lines += fmt::format("      const auto p{0} = *(const pack<{1}, {2}>*)q{0};\n", i, type, one ? 1 : width);
    lanes += fmt::format("        const float v{0} = load(p{0}.v[{1}]);\n", i, one ? "0" : "l");
    names.push_back(fmt::format("v{}", i));
    types.push_back(DType::kF32);
  }
  const auto body = body_of(first);
  lanes += body_lines(body, "        ", names, types);
  const auto* fused = first.op.as<Fused>();
  const std::string& result = fused != nullptr ? names[static_cast<size_t>(fused->results[0])] : names.back();
  input.lines +=
      fmt::format("#pragma unroll\n      for (int l = 0; l < {}; ++l) {{\n{}        store(xs.v[l], {});\n      }}\n",
                  width, lanes, result);
  if (kept) {
    input.parameters += fmt::format(", {}* s", type);
    input.slots.push_back({Slot::kOutput, 0, 0, true});
    input.lines += fmt::format("      *(pack<{}, {}>*)(s + row * {} + k) = xs;\n", type, width, row);
  }
  return {norm_call(second, storage, input)};
}

}  // namespace

GroupRow pointwise_norm_row() {
  return {"cuda_pointwise_norm", "a pointwise step and the norm of its result", takes, emit, true, true};
}

}  // namespace ingot::kernels::cuda

#include "kernels/cuda/epilogue_split.h"

#include <algorithm>

#include "ops/binary.h"
#include "ops/unary.h"

namespace ingot::kernels::cuda {
namespace {

using device::Activation;

Activation activation_of(const Op& op, bool short_floats) {
  const auto* unary = op.as<Unary>();
  if (unary == nullptr) return Activation::kNone;
  if (unary->fn == UnaryFn::kRelu) return Activation::kRelu;
  if (unary->fn == UnaryFn::kGeluTanh || (unary->fn == UnaryFn::kGelu && short_floats)) return Activation::kGeluTanh;
  if (unary->fn == UnaryFn::kSilu && unary->alpha == 1) return Activation::kSilu;
  return Activation::kNone;
}

}  // namespace

EpilogueSplit split_epilogue(std::span<const TileInstruction> body, const Problem& problem, size_t first_operand,
                             std::span<const Activation> activations, DType storage) {
  EpilogueSplit split;
  const auto inputs = static_cast<int64_t>(1 + problem.inputs.size() - std::min(first_operand, problem.inputs.size()));
  int64_t value = 0;
  size_t next = 0;
  if (next < body.size()) {
    const auto* add = body[next].op.as<Binary>();
    const auto& operands = body[next].operands;
    if (add != nullptr && add->fn == BinaryFn::kAdd && (operands[0] == value) != (operands[1] == value)) {
      const int64_t other = operands[0] == value ? operands[1] : operands[0];
      const size_t input = first_operand + static_cast<size_t>(other) - 1;
      if (other < inputs && problem.inputs[input].shape == problem.outputs[0].shape &&
          problem.inputs[input].dtype == problem.outputs[0].dtype) {
        split.residual = static_cast<int64_t>(input);
        value = inputs + static_cast<int64_t>(next++);
      }
    }
  }
  if (next < body.size() && body[next].operands == std::vector<int64_t>{value}) {
    const Activation activation =
        activation_of(body[next].op, stored(problem.outputs[0].dtype, storage) != DType::kF32);
    if (std::find(activations.begin(), activations.end(), activation) != activations.end()) {
      split.activation = activation;
      ++next;
    }
  }
  if (next == body.size()) return split;
  return {-1, Activation::kNone, false};
}

Call epilogue_call(std::span<const TileInstruction> body, const Problem& problem, size_t first_operand, DType storage) {
  const Shape& space = problem.outputs[0].shape;
  const DType type = stored(problem.outputs[0].dtype, storage);
  std::vector<StridedOperand> inputs{broadcast_operand(type, space, space)};
  Call call;
  call.operands.push_back({Slot::kOutput, 0});
  for (size_t i = first_operand; i < problem.inputs.size(); ++i) {
    inputs.push_back(broadcast_operand(stored(problem.inputs[i].dtype, storage), problem.inputs[i].shape, space));
    call.operands.push_back({Slot::kInput, i});
  }
  call.operands.push_back({Slot::kOutput, 0});
  const int64_t result = static_cast<int64_t>(inputs.size() + body.size()) - 1;
  call.work = strided_kernel(space, inputs, std::span(&inputs[0], 1), body, std::span(&result, 1));
  return call;
}

}  // namespace ingot::kernels::cuda

// Elementwise operators and fused groups of them: one generated kernel each.
#include "kernels/cuda/strided.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/unary.h"
#include "ops/where.h"

namespace ingot::kernels::cuda {
namespace {

Fused as_group(const Problem& problem) {
  if (const auto* fused = problem.op.as<Fused>()) return *fused;
  Fused group;
  TileInstruction instruction{problem.op, {}};
  const auto count = static_cast<int64_t>(problem.inputs.size());
  for (int64_t i = 0; i < count; ++i) instruction.operands.push_back(i);
  group.body.push_back(instruction);
  group.results = {count};
  return group;
}

const char* refuse(const Problem& problem) {
  for (const Operand& operand : problem.outputs) {
    if (!operand.present()) return "a result is not wanted";
    if (operand.shape.size() != problem.outputs[0].shape.size()) return "the results differ in rank";
  }
  const DType type = problem.inputs.empty() ? DType::kUndefined : problem.inputs[0].dtype;
  if (!problem.op.is<Fused>() && is_int(type) && !takes_integers(problem.op)) return "a function of integers";
  return refuse_body(as_group(problem).body);
}

// Of an operand that lies in another value's memory.
StridedOperand with_strides(StridedOperand operand, const Shape& shape, const std::vector<int64_t>& strides) {
  for (size_t i = 0; i < strides.size(); ++i) {
    operand.strides[operand.strides.size() - strides.size() + i] = shape[i] == 1 ? 0 : strides[i];
  }
  return operand;
}

Emission emit_views(const Problem& problem, DType storage, std::span<const OperandView> views) {
  const Fused group = as_group(problem);
  const Shape& space = problem.outputs[0].shape;
  std::vector<StridedOperand> inputs, outputs;
  Call call;
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    const Operand& input = problem.inputs[i];
    inputs.push_back(with_strides(broadcast_operand(stored(input.dtype, storage), input.shape, space), input.shape,
                                  views[i].strides));
    inputs.back().moved = views[i].moved;
    for (const Slot& slot : input_slots(i, views[i].moved)) call.operands.push_back(slot);
  }
  for (size_t i = 0; i < problem.outputs.size(); ++i) {
    if (problem.outputs[i].shape != space) fail(Code::kUnsupported, "results of one group differ in shape");
    outputs.push_back(with_strides(broadcast_operand(stored(problem.outputs[i].dtype, storage), space, space), space,
                                   views[problem.inputs.size() + i].strides));
    call.operands.push_back({Slot::kOutput, i});
  }
  call.work = strided_kernel(space, inputs, outputs, group.body, group.results);
  return {call};
}

Emission emit(const Problem& problem, DType storage) {
  return emit_views(problem, storage, std::vector<OperandView>(problem.inputs.size() + problem.outputs.size()));
}

}  // namespace

std::vector<DeviceRow> elementwise_rows() {
  return {{"cuda_elementwise",
           "elementwise operators and groups of them",
           {&Unary::def, &Binary::def, &Where::def, &Cast::def, &Fused::def},
           refuse,
           emit,
           nullptr,
           emit_views,
           SIZE_MAX,
           true,
           SIZE_MAX}};
}

}  // namespace ingot::kernels::cuda

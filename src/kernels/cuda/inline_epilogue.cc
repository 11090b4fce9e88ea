#include "kernels/cuda/inline_epilogue.h"

namespace ingot::kernels::cuda {

InlineEpilogue inline_epilogue(std::span<const TileInstruction> body, const Problem& problem, size_t first_operand,
                               const Shape& space, int64_t width, DType storage) {
  InlineEpilogue code;
  if (body.empty()) {
    code.lane = "      const float result = v0;\n";
    return code;
  }
  std::vector<std::string> names{"v0"};
  std::vector<DType> types{DType::kF32};
  for (size_t i = first_operand; i < problem.inputs.size(); ++i) {
    const DType type = stored(problem.inputs[i].dtype, storage);
    const StridedOperand operand = broadcast_operand(type, problem.inputs[i].shape, space);
    const size_t o = names.size();
    std::string offset = "0";
    bool vector = operand.strides.back() == 1;
    for (size_t axis = 0; axis < space.size(); ++axis) {
      const int64_t stride = operand.strides[axis];
      if (stride != 0) offset += fmt::format(" + (long long)i{} * {}", axis, stride);
      if (axis + 1 < space.size() && stride % width != 0) vector = false;
    }
    const char* name = device_type_name(type);
    code.parameters += fmt::format(", const {}* e{}", name, o);
    code.operands.push_back({Slot::kInput, i});
    if (vector) {
      code.loads +=
          fmt::format("    const auto x{0} = *(const pack<{1}, {2}>*)(e{0} + ({3}));\n", o, name, width, offset);
    } else {
      code.loads += fmt::format("    const auto* x{0} = e{0} + ({1});\n", o, offset);
    }
    const std::string at = vector ? "v[l]" : fmt::format("[l * {}]", operand.strides.back());
    code.lane += fmt::format("      const auto v{0} = load(x{0}{1}{2});\n", o, vector ? "." : "", at);
    names.push_back(fmt::format("v{}", o));
    types.push_back(type);
  }
  for (const TileInstruction& instruction : body) {
    std::vector<std::string> arguments;
    std::vector<DType> argument_types;
    for (const int64_t operand : instruction.operands) {
      arguments.push_back(names[static_cast<size_t>(operand)]);
      argument_types.push_back(types[static_cast<size_t>(operand)]);
    }
    DType type{};
    const std::string value = expression(instruction.op, arguments, argument_types, type);
    names.push_back(fmt::format("v{}", names.size()));
    code.lane += fmt::format("      const auto {} = {};\n", names.back(), value);
    types.push_back(type);
  }
  code.lane += fmt::format("      const float result = {};\n", names.back());
  return code;
}

}  // namespace ingot::kernels::cuda

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
    const std::string offset = offset_expression(operand.strides, 0);
    bool vector = operand.strides.back() == 1;
    for (size_t axis = 0; axis + 1 < space.size(); ++axis) vector = vector && operand.strides[axis] % width == 0;
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
  code.lane += body_lines(body, "      ", names, types);
  code.lane += fmt::format("      const float result = {};\n", names.back());
  return code;
}

}  // namespace ingot::kernels::cuda

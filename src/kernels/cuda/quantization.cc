// Quantisation to bytes and back, one scale for all or one per index of an axis.
#include "kernels/cuda/per_element.h"
#include "ops/axis_split.h"
#include "ops/quantize_linear.h"

namespace ingot::kernels::cuda {
namespace {

bool has_zero_point(const Problem& problem) { return has_input(problem, 2); }

const char* refuse_parameters(const Problem& problem, int64_t block) {
  if (block != 0) return "the scales are of blocks";
  if (problem.inputs[1].shape.size() > 1) return "the scales have several axes";
  return is_float(problem.inputs[1].dtype) ? nullptr : "the scale is no float";
}

const char* refuse_quantize(const Problem& problem) {
  const auto& quantize = *problem.op.as<QuantizeLinear>();
  if (!is_float(problem.inputs[0].dtype)) return "the elements are no floats";
  if (quantize.precision != DType::kUndefined && quantize.precision != DType::kF32) return "another precision";
  return refuse_parameters(problem, quantize.block);
}

const char* refuse_dequantize(const Problem& problem) {
  const auto& dequantize = *problem.op.as<DequantizeLinear>();
  if (!is_int(problem.inputs[0].dtype)) return "the elements are no integers";
  return refuse_parameters(problem, dequantize.block);
}

// `result` of v, scale and zero for every element.
Emission emit(const Problem& problem, DType storage, int64_t axis, const std::string& result) {
  const Shape& x = problem.inputs[0].shape;
  const bool each = element_count(problem.inputs[1].shape) != 1;
  const AxisSplit split = each ? split_at(x, x.size() == 1 ? 0 : axis) : AxisSplit{1, 1, element_count(x)};
  Call call;
  call.operands = {{Slot::kInput, 0}, {Slot::kInput, 1}, {Slot::kOutput, 0}};
  std::string parameters =
      fmt::format("const {}* x, const {}* scales, {}* y", device_type_name(stored(problem.inputs[0].dtype, storage)),
                  device_type_name(stored(problem.inputs[1].dtype, storage)),
                  device_type_name(stored(problem.outputs[0].dtype, storage)));
  std::string zero = "0.0f";
  if (has_zero_point(problem)) {
    parameters += fmt::format(", const {}* zeros", device_type_name(problem.inputs[2].dtype));
    call.operands.push_back({Slot::kInput, 2});
    zero = "(float)load(zeros[i1])";
  }
  call.work = per_element({split.outer, split.size, split.inner}, parameters,
                          fmt::format("  const float v = load(x[t]), scale = load(scales[i1]), zero = {};\n"
                                      "  store(y[t], {});\n",
                                      zero, result));
  return {call};
}

Emission emit_quantize(const Problem& problem, DType storage) {
  const auto& quantize = *problem.op.as<QuantizeLinear>();
  const IntRange range = int_range(quantize.to);
  return emit(problem, storage, quantize.axis,
              fmt::format("(long long)(v / scale != v / scale ? zero : fminf(fmaxf(rintf(v / scale) + zero, {}.0f), "
                          "{}.0f))",
                          range.low, range.high));
}

Emission emit_dequantize(const Problem& problem, DType storage) {
  return emit(problem, storage, problem.op.as<DequantizeLinear>()->axis, "(v - zero) * scale");
}

}  // namespace

std::vector<DeviceRow> quantization_rows() {
  return {{"cuda_quantize", "floats to bytes", {&QuantizeLinear::def}, refuse_quantize, emit_quantize},
          {"cuda_dequantize", "integers to floats", {&DequantizeLinear::def}, refuse_dequantize, emit_dequantize}};
}

}  // namespace ingot::kernels::cuda

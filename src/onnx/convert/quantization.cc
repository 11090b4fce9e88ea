// Quantisation, and products of quantised integers.
#include "onnx/convert/converters.h"
#include "ops/conv_integer.h"
#include "ops/matmul_integer.h"
#include "ops/quantize_linear.h"

namespace ingot::onnx {
namespace {

void convert_quantize_linear(Conversion& c) {
  QuantizeLinear op;
  op.to = c.get_int("output_dtype", 0) != 0 ? c.get_dtype("output_dtype", DType::kU8)
          : c.has(2)                        ? c.input_fact(2).dtype()
                                            : DType::kU8;
  op.axis = c.get_int("axis", 1);
  op.block = c.get_int("block_size", 0);
  op.saturate = c.get_int("saturate", 1) != 0;
  if (c.get_int("precision", 0) != 0) op.precision = c.get_dtype("precision", DType::kF32);
  c.set_output(0, c.add(op, {c.input(0), c.input(1), c.optional(2)}));
}

void convert_dequantize_linear(Conversion& c) {
  const DType scale = c.input_fact(1).dtype();
  DequantizeLinear op;
  op.to = c.get_int("output_dtype", 0) != 0 ? c.get_dtype("output_dtype", DType::kF32)
          : scale == DType::kF8E8M0         ? DType::kF32
                                            : scale;
  op.axis = c.get_int("axis", 1);
  op.block = c.get_int("block_size", 0);
  c.set_output(0, c.add(op, {c.input(0), c.input(1), c.optional(2)}));
}

template <class T> void convert_plain(Conversion& c) { c.set_outputs(c.add_node(T{}, c.inputs())); }

template <class T> void convert_convolution(Conversion& c) {
  T op;
  op.group = c.get_int("group", 1);
  op.strides = c.get_ints("strides");
  op.dilations = c.get_ints("dilations");
  const std::string auto_pad = c.get_string("auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER") {
    op.auto_pad = AutoPad::kSameUpper;
  } else if (auto_pad == "SAME_LOWER") {
    op.auto_pad = AutoPad::kSameLower;
  } else if (auto_pad == "NOTSET") {
    op.pads = c.get_ints("pads");
  } else if (auto_pad != "VALID") {
    fail(Code::kInvalidModel, "auto_pad '{}' is unknown", auto_pad);
  }
  c.set_output(0, c.add(std::move(op), c.inputs()));
}

constexpr Converter kTable[] = {
    {"", "QuantizeLinear", convert_quantize_linear},
    {"", "DequantizeLinear", convert_dequantize_linear},
    {"", "DynamicQuantizeLinear", convert_plain<DynamicQuantizeLinear>},
    {"", "MatMulInteger", convert_plain<MatMulInteger>},
    {"", "ConvInteger", convert_convolution<ConvInteger>},
    {"", "QLinearMatMul", convert_plain<QLinearMatMul>},
    {"", "QLinearConv", convert_convolution<QLinearConv>},
    {"com.microsoft", "QuantizeLinear", convert_quantize_linear},
    {"com.microsoft", "DequantizeLinear", convert_dequantize_linear},
};

}  // namespace

std::span<const Converter> quantization_converters() { return kTable; }

}  // namespace ingot::onnx

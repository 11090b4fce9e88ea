// Quantised operators of com.microsoft: dequantised, computed and quantised again, but for matrix products.
#include "onnx/convert/emit.h"
#include "onnx/convert/emit_movement.h"
#include "onnx/convert/microsoft.h"
#include "ops/concat.h"
#include "ops/gather.h"
#include "ops/matmul_integer.h"
#include "ops/matmul_nbits.h"
#include "ops/quantize_linear.h"
#include "ops/where.h"
#include "tensor/elements.h"

namespace ingot::onnx {
namespace {

// Operand `index` with its scale and zero point behind it.
ir::ValueId dequantized(Conversion& c, size_t index) {
  return c.add(DequantizeLinear{}, {c.input(index), c.input(index + 1), c.optional(index + 2)});
}

// Quantised by the scale and zero point at `scale`, to the type of operand 0 unless the zero point says otherwise.
void set_quantized(Conversion& c, ir::ValueId y, size_t scale, size_t like = 0) {
  QuantizeLinear op;
  op.to = c.has(scale + 1) ? c.input_fact(scale + 1).dtype() : c.input_fact(like).dtype();
  c.set_output(0, c.add(op, {y, c.input(scale), c.optional(scale + 1)}));
}

template <BinaryFn fn> void convert_qlinear_binary(Conversion& c) {
  set_quantized(c, emit_binary(c, fn, dequantized(c, 0), dequantized(c, 3)), 6);
}

// Axes in the order that puts channels first, or last again.
ir::ValueId moved_channels(Conversion& c, ir::ValueId x, bool to_front) {
  const auto rank = static_cast<int64_t>(shape_of(c, x).size());
  std::vector<int64_t> order = to_front ? std::vector<int64_t>{0, rank - 1} : std::vector<int64_t>{0};
  for (int64_t axis = to_front ? 1 : 2; axis < (to_front ? rank - 1 : rank); ++axis) order.push_back(axis);
  if (!to_front) order.push_back(1);
  return emit_transpose(c, x, order);
}

// Both matrices' product in i32, vectors aside.
ir::ValueId integer_product(Conversion& c, ir::ValueId a, ir::ValueId b, ir::ValueId a_zero, ir::ValueId b_zero) {
  return emit_cast(c, c.add(MatMulInteger{}, {a, b, a_zero, b_zero}), DType::kF32);
}

}  // namespace

void convert_qlinear_add(Conversion& c) { convert_qlinear_binary<BinaryFn::kAdd>(c); }
void convert_qlinear_mul(Conversion& c) { convert_qlinear_binary<BinaryFn::kMul>(c); }

void convert_qlinear_sigmoid(Conversion& c) {
  set_quantized(c, emit_unary(c, UnaryFn::kSigmoid, dequantized(c, 0)), 3);
}

void convert_qlinear_leaky_relu(Conversion& c) {
  set_quantized(c, c.add(Unary{UnaryFn::kLeakyRelu, c.get_float("alpha", 0.01f), 0}, {dequantized(c, 0)}), 3);
}

void convert_qlinear_softmax(Conversion& c) {
  const int64_t opset = std::max<int64_t>(c.get_int("opset", 13), 1);
  set_quantized(c, c.convert_as(node_like(c, "Softmax"), opset, {dequantized(c, 0)})[0], 3);
}

void convert_qlinear_average_pool(Conversion& c) {
  const bool last = c.get_int("channels_last", 0) != 0;
  ir::ValueId x = dequantized(c, 0);
  if (last) x = moved_channels(c, x, true);
  ir::ValueId y = c.convert_as(node_like(c, "AveragePool"), 11, {x})[0];
  if (last) y = moved_channels(c, y, false);
  set_quantized(c, y, 3);
}

void convert_qlinear_global_average_pool(Conversion& c) {
  const int64_t rank = c.rank(0, "the mean is over the spatial axes");
  const bool last = c.get_int("channels_last", 0) != 0;
  const auto axes = last ? axis_range(1, rank - 1) : axis_range(2, rank);
  set_quantized(c, emit_reduce(c, ReduceFn::kMean, dequantized(c, 0), axes), 3);
}

// Inputs: scale and zero point of the result, then (x, scale, zero point) each.
void convert_qlinear_concat(Conversion& c) {
  std::vector<ir::ValueId> parts;
  for (size_t i = 2; i < c.input_count(); i += 3) parts.push_back(dequantized(c, i));
  set_quantized(c, c.add(Concat{c.get_int("axis", 0)}, std::move(parts)), 0, 2);
}

void convert_qlinear_where(Conversion& c) {
  set_quantized(c, c.add(Where{}, {c.input(0), dequantized(c, 1), dequantized(c, 4)}), 7, 1);
}

void convert_qgemm(Conversion& c) {
  const auto operand = [&](size_t i, const char* flag) {
    return c.get_int(flag, 0) != 0 ? emit_transpose(c, c.input(i), {1, 0}) : c.input(i);
  };
  ir::ValueId sum = integer_product(c, operand(0, "transA"), operand(3, "transB"), c.optional(2), c.optional(5));
  if (c.has(6)) sum = emit_binary(c, BinaryFn::kAdd, sum, emit_cast(c, c.input(6), DType::kF32));
  ir::ValueId scale = emit_binary(c, BinaryFn::kMul, c.input(1), c.input(4));
  const double alpha = c.get_float("alpha", 1);
  if (alpha != 1) scale = emit_scalar(c, BinaryFn::kMul, scale, alpha);
  const ir::ValueId y = emit_binary(c, BinaryFn::kMul, sum, scale);
  if (!c.has(7)) return c.set_output(0, y);
  set_quantized(c, y, 7);
}

void convert_qattention(Conversion& c) {
  const ir::ValueId sum = integer_product(c, c.input(0), c.input(1), c.optional(6), c.optional(7));
  const ir::ValueId scaled =
      emit_binary(c, BinaryFn::kMul, sum, emit_binary(c, BinaryFn::kMul, c.input(3), c.input(4)));
  const ir::ValueId x = emit_binary(c, BinaryFn::kAdd, scaled, c.input(2));
  const auto width = shape_of(c, x).back().constant();
  if (!width || *width % 3 != 0) fail(Code::kInvalidModel, "QAttention of weights {}", c.input_fact(1).text());
  const int64_t size = *width / 3;
  const auto part = [&](int64_t i) { return emit_range_of(c, x, -1, i * size, (i + 1) * size); };
  emit_packed_attention(c, {part(0), part(1), part(2), 5, SIZE_MAX, 8});
}

void convert_matmul_integer_to_float(Conversion& c) {
  const ir::ValueId sum = integer_product(c, c.input(0), c.input(1), c.optional(4), c.optional(5));
  const ir::ValueId scale = emit_binary(c, BinaryFn::kMul, c.input(2), c.input(3));
  ir::ValueId y = emit_binary(c, BinaryFn::kMul, emit_cast(c, sum, c.fact(scale).dtype()), scale);
  if (c.has(6)) y = emit_binary(c, BinaryFn::kAdd, y, c.input(6));
  c.set_output(0, y);
}

void convert_dynamic_quantize_matmul(Conversion& c) {
  const auto a = c.add_node(DynamicQuantizeLinear{}, {c.input(0)});
  const ir::ValueId sum = integer_product(c, a[0], c.input(1), a[2], c.optional(3));
  ir::ValueId y = emit_binary(c, BinaryFn::kMul, sum, emit_binary(c, BinaryFn::kMul, a[1], c.input(2)));
  if (c.has(4)) y = emit_binary(c, BinaryFn::kAdd, y, c.input(4));
  c.set_output(0, y);
}

void convert_matmul_nbits(Conversion& c) {
  const MatMulNBits op{c.get_int("K", 0), c.get_int("N", 0), c.get_int("bits", 4), c.get_int("block_size", 0)};
  if (c.get_int("weight_prepacked", 0) != 0) fail(Code::kUnsupported, "weights packed for one device");
  std::vector<ir::ValueId> inputs{c.input(0), c.input(1), c.input(2)};
  for (size_t i = 3; i < 6; ++i) inputs.push_back(c.optional(i));
  c.set_output(0, c.add(op, std::move(inputs)));
}

namespace {

// u8 that packs several numbers along the last axis, each row from a byte on, as a tensor of `columns` such numbers.
Tensor unpacked(const Tensor& bytes, int64_t bits, int64_t columns) {
  Shape shape = bytes.shape();
  const int64_t row_bytes = shape.back(), rows = row_bytes == 0 ? 0 : bytes.count() / row_bytes;
  if (columns > row_bytes * (8 / bits)) fail(Code::kInvalidModel, "{} numbers in {}", columns, bytes.type_text());
  shape.back() = columns;
  Tensor result(bits == 4 ? DType::kU4 : DType::kU2, shape);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < columns; ++i) {
      write_int(result, r * columns + i, read_packed(bytes.data<uint8_t>() + r * row_bytes, static_cast<int>(bits), i));
    }
  }
  return result;
}

}  // namespace

// Rows are gathered while they are small, then dequantised.
void convert_gather_block_quantized(Conversion& c) {
  const int64_t rank = c.rank(0, "the axes count from it"), bits = c.get_int("bits", 4);
  const int64_t gather_axis = normalize_axis(c.get_int("gather_axis", 0), rank);
  const int64_t axis = normalize_axis(c.get_int("quantize_axis", 1), rank), block = c.get_int("block_size", 128);
  if (gather_axis == axis) fail(Code::kUnsupported, "GatherBlockQuantized along the quantised axis");
  const bool bytes = c.input_fact(0).dtype() == DType::kU8, packed = bytes && bits < 8;
  ir::ValueId data = c.input(0), zeros = c.optional(3);
  const auto known = [&](size_t i) { return c.constant(i) != nullptr ? *c.constant(i) : Tensor(); };
  const Tensor scales = known(2);
  if (packed) {
    const Tensor table = known(0), zero_table = known(3);
    if ((bits != 4 && bits != 2) || !table.defined() || !scales.defined() || axis != rank - 1 ||
        (c.has(3) && !zero_table.defined())) {
      fail(Code::kUnsupported, "GatherBlockQuantized of {} in {} bits along axis {}", c.input_fact(0).text(), bits,
           axis);
    }
    data = c.constant_value(unpacked(table, bits, table.dim(-1) * (8 / bits)));
    if (zero_table.defined()) zeros = c.constant_value(unpacked(zero_table, bits, scales.dim(-1)));
  }
  if (bytes && zeros == ir::kNoValue) {
    if (!scales.defined()) fail(Code::kUnsupported, "GatherBlockQuantized with scales computed by the model");
    Tensor middle(c.fact(data).dtype(), scales.shape());
    for (int64_t i = 0; i < middle.count(); ++i) write_int(middle, i, int64_t{1} << (bits - 1));
    zeros = c.constant_value(std::move(middle));
  }
  const auto gathered = [&](ir::ValueId x) { return c.add(Gather{gather_axis}, {x, c.input(1)}); };
  const int64_t indices = c.rank(1, "the quantised axis moves by it");
  DequantizeLinear op{c.input_fact(2).dtype(), axis > gather_axis ? axis + indices - 1 : axis, block};
  std::vector<ir::ValueId> inputs{gathered(data), gathered(c.input(2))};
  if (zeros != ir::kNoValue) inputs.push_back(gathered(zeros));
  c.set_output(0, c.add(op, std::move(inputs)));
}

}  // namespace ingot::onnx

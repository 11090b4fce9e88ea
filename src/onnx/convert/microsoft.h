// Converters of com.microsoft, by file, and what they share.
#pragma once
#include "onnx/convert/convert.h"

namespace ingot::onnx {

// A node of another operator with the attributes of this one and `outputs` outputs; for Conversion::convert_as.
Node node_like(const Conversion& c, const char* op_type, size_t outputs = 1);
// The activation that fused operators name ("Relu", "LeakyRelu" ...) with its parameters; "" is none.
ir::ValueId emit_activation(Conversion& c, ir::ValueId x, const std::string& name,
                            const std::vector<double>& parameters);
// Elements [first, last) of `axis`.
ir::ValueId emit_range_of(Conversion& c, ir::ValueId x, int64_t axis, int64_t first, int64_t last);

// microsoft_attention.cc. Attention over q, k and v [b, s, h*d], masked as inputs `mask`, `bias` and `past` of the node
// say; binds outputs 0 and 1.
struct PackedPast {
  ir::ValueId q, k, v;
  size_t mask, bias, past;
};
void emit_packed_attention(Conversion& c, const PackedPast& operands);
void convert_multi_head_attention(Conversion& c);
void convert_ms_attention(Conversion& c);
void convert_group_query_attention(Conversion& c);
void convert_ms_rotary_embedding(Conversion& c);

// microsoft_norm.cc
void convert_skip_layer_norm(Conversion& c);
void convert_skip_rms_norm(Conversion& c);
void convert_simplified_layer_norm(Conversion& c);
void convert_embed_layer_norm(Conversion& c);
void convert_qembed_layer_norm(Conversion& c);
void convert_ms_group_norm(Conversion& c);
void convert_skip_group_norm(Conversion& c);

// microsoft_quantized.cc
void convert_qlinear_add(Conversion& c);
void convert_qlinear_mul(Conversion& c);
void convert_qlinear_sigmoid(Conversion& c);
void convert_qlinear_leaky_relu(Conversion& c);
void convert_qlinear_softmax(Conversion& c);
void convert_qlinear_average_pool(Conversion& c);
void convert_qlinear_global_average_pool(Conversion& c);
void convert_qlinear_concat(Conversion& c);
void convert_qlinear_where(Conversion& c);
void convert_qgemm(Conversion& c);
void convert_qattention(Conversion& c);
void convert_matmul_integer_to_float(Conversion& c);
void convert_dynamic_quantize_matmul(Conversion& c);
void convert_matmul_nbits(Conversion& c);
void convert_gather_block_quantized(Conversion& c);

}  // namespace ingot::onnx

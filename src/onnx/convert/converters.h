// The tables of the groups, one line each.
#pragma once
#include <span>

#include "onnx/convert/convert.h"

namespace ingot::onnx {

std::span<const Converter> pointwise_converters();     // convert/pointwise.cc
std::span<const Converter> movement_converters();      // convert/movement.cc: reshape, slice, gather, scatter, ...
std::span<const Converter> nn_converters();            // convert/nn.cc: conv, pool, softmax, losses, ...
std::span<const Converter> norm_converters();          // convert/norm.cc: batch, layer, group norm, ...
std::span<const Converter> resample_converters();      // convert/resample.cc: resize, grids, regions
std::span<const Converter> math_converters();          // convert/math.cc: matmul, reductions, einsum, cumsum, topk ...
std::span<const Converter> recurrent_converters();     // convert/recurrent.cc: RNN, GRU, LSTM
std::span<const Converter> attention_converters();     // convert/attention.cc: Attention, RotaryEmbedding
std::span<const Converter> quantization_converters();  // convert/quantization.cc
std::span<const Converter> control_flow_converters();  // convert/control_flow.cc: If, Loop, Scan, sequences, optionals
std::span<const Converter> generator_converters();     // convert/generator.cc: constants, ranges, random, windows
std::span<const Converter> signal_converters();        // convert/signal.cc: DFT, STFT, image decoding, NMS
std::span<const Converter> text_converters();          // convert/text.cc: strings
std::span<const Converter> ml_converters();            // convert/ml.cc: ai.onnx.ml
std::span<const Converter> training_converters();      // convert/training.cc: optimisers
std::span<const Converter> microsoft_converters();     // convert/microsoft.cc: com.microsoft

}  // namespace ingot::onnx

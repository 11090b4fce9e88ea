// RNN, GRU, LSTM, and com.microsoft's quantised LSTM.
#include "ops/recurrent.h"

#include <algorithm>

#include "onnx/convert/converters.h"
#include "onnx/convert/emit.h"
#include "onnx/convert/emit_movement.h"
#include "ops/quantize_linear.h"

namespace ingot::onnx {
namespace {

struct ActivationDefaults {
  const char* name;
  bool takes_alpha, takes_beta;
  double alpha, beta;
};
// ONNX's defaults; the lists activation_alpha and activation_beta hold numbers only for functions that take them.
constexpr ActivationDefaults kActivations[] = {
    {"relu", false, false, 0, 0},     {"tanh", false, false, 0, 0},           {"sigmoid", false, false, 0, 0},
    {"affine", true, true, 1, 0},     {"leakyrelu", true, false, 0.01f, 0},   {"thresholdedrelu", true, false, 1, 0},
    {"scaledtanh", true, true, 1, 1}, {"hardsigmoid", true, true, 0.2f, 0.5}, {"elu", true, false, 1, 0},
    {"softsign", false, false, 0, 0}, {"softplus", false, false, 0, 0},
};

void set_activations(Conversion& c, Recurrent& recurrent) {
  const auto given_alphas = c.get_floats("activation_alpha"), given_betas = c.get_floats("activation_beta");
  size_t alpha = 0, beta = 0;
  for (std::string name : c.get_strings("activations")) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) { return std::tolower(letter); });
    const auto found = std::find_if(std::begin(kActivations), std::end(kActivations),
                                    [&](const ActivationDefaults& each) { return name == each.name; });
    if (found == std::end(kActivations)) fail(Code::kInvalidModel, "{} with activation {}", c.node().op_type, name);
    recurrent.activations.push_back(name);
    recurrent.alphas.push_back(found->takes_alpha && alpha < given_alphas.size() ? given_alphas[alpha] : found->alpha);
    recurrent.betas.push_back(found->takes_beta && beta < given_betas.size() ? given_betas[beta] : found->beta);
    alpha += found->takes_alpha ? 1 : 0;
    beta += found->takes_beta ? 1 : 0;
  }
}

Recurrent recurrent_of(Conversion& c, RecurrentCell cell) {
  Recurrent recurrent;
  recurrent.cell = cell;
  recurrent.direction = get_enum<RecurrentDirection>(c, "direction", "forward");
  recurrent.hidden_size = c.get_int("hidden_size", 0);
  recurrent.clip = c.get_float("clip", 0);
  recurrent.batch_first = c.get_int("layout", 0) != 0;
  recurrent.linear_before_reset = c.get_int("linear_before_reset", 0) != 0;
  recurrent.input_forget = c.get_int("input_forget", 0) != 0;
  set_activations(c, recurrent);
  return recurrent;
}

template <RecurrentCell cell> void convert_recurrent(Conversion& c) {
  std::vector<ir::ValueId> inputs{c.input(0), c.input(1), c.input(2)};
  for (size_t i = 3; i < c.input_count(); ++i) inputs.push_back(c.optional(i));
  c.set_outputs(c.add_node(recurrent_of(c, cell), std::move(inputs)));
}

// Quantised weights [d, k, 4*h] with a scale and a zero point behind each other, [d] or [d, 4*h], as f32[d, 4*h, k].
ir::ValueId dequantized_weights(Conversion& c, size_t weights, size_t scale) {
  const auto spread = [&](size_t i) {
    return emit_unsqueeze(
        c, c.input(i),
        c.rank(i, "it says what scales apply to") == 1 ? std::vector<int64_t>{1, 2} : std::vector<int64_t>{1});
  };
  ir::ValueId x = emit_cast(c, c.input(weights), DType::kF32);
  if (c.has(scale + 1)) x = emit_binary(c, BinaryFn::kSub, x, emit_cast(c, spread(scale + 1), DType::kF32));
  return emit_transpose(c, emit_binary(c, BinaryFn::kMul, x, spread(scale)), {0, 2, 1});
}

// The input is quantised once, the states at every step.
void convert_dynamic_quantize_lstm(Conversion& c) {
  Recurrent recurrent = recurrent_of(c, RecurrentCell::kLstm);
  recurrent.quantized_states = true;
  const auto x = c.add_node(DynamicQuantizeLinear{}, {c.input(0)});
  std::vector<ir::ValueId> inputs{c.add(DequantizeLinear{}, {x[0], x[1], x[2]}), dequantized_weights(c, 1, 8),
                                  dequantized_weights(c, 2, 10)};
  for (size_t i = 3; i < 8; ++i) inputs.push_back(c.optional(i));
  c.set_outputs(c.add_node(std::move(recurrent), std::move(inputs)));
}

constexpr Converter kConverters[] = {
    {"", "RNN", convert_recurrent<RecurrentCell::kRnn>},
    {"", "GRU", convert_recurrent<RecurrentCell::kGru>},
    {"", "LSTM", convert_recurrent<RecurrentCell::kLstm>},
    {"com.microsoft", "DynamicQuantizeLSTM", convert_dynamic_quantize_lstm},
};

}  // namespace

std::span<const Converter> recurrent_converters() { return kConverters; }

}  // namespace ingot::onnx

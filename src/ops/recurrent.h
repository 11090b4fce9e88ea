// Recurrent layers over a whole sequence: simple RNN, GRU, LSTM (ONNX's definitions and gate orders).
#pragma once
#include "ops/op.h"

namespace ingot {

enum class RecurrentCell : uint8_t { kRnn, kGru, kLstm };
template <> struct EnumNames<RecurrentCell> { static constexpr const char* kNames[] = {"rnn", "gru", "lstm"}; };
enum class RecurrentDirection : uint8_t { kForward, kReverse, kBidirectional };
template <> struct EnumNames<RecurrentDirection> {
  static constexpr const char* kNames[] = {"forward", "reverse", "bidirectional"};
};

// With g gates (rnn 1, gru 3: z r h, lstm 4: i o f c), h hidden elements and d directions. Inputs: x [seq, batch, in];
// W [d, g*h, in]; R [d, g*h, h]; optional B [d, 2*g*h] (of W, then of R); lengths i32[batch]; initial_h [d, batch, h];
// lstm: initial_c as initial_h, P [d, 3*h] (peepholes i o f). Outputs: Y [seq, d, batch, h], Y_h [d, batch, h], lstm:
// Y_c. batch_first: [batch, seq, in], [batch, d, h], Y [batch, seq, d, h]. Past a sequence's length Y is 0 and the
// state stays; a reverse layer starts at the last element of each sequence.
struct Recurrent {
  RecurrentCell cell = RecurrentCell::kRnn;
  RecurrentDirection direction = RecurrentDirection::kForward;
  int64_t hidden_size = 0;
  // Per direction: rnn f, gru f g, lstm f g h; empty: sigmoid for gates, tanh for the rest. Lower-case names: relu,
  // tanh, sigmoid, affine, leakyrelu, thresholdedrelu, scaledtanh, hardsigmoid, elu, softsign, softplus. One alpha and
  // beta for each, or none (zeros).
  std::vector<std::string> activations;
  std::vector<double> alphas, betas;
  double clip = 0;  // of every activation's input; 0: none
  bool batch_first = false;
  bool linear_before_reset = false;  // gru: the reset gate multiplies R's product, not its operand
  bool input_forget = false;         // lstm: the forget gate is 1 - the input gate
  // lstm: what R multiplies at a step are the states of all sequences that last so long, quantised together to u8 over
  // their range (as ops/quantize_linear does dynamically), and taken back.
  bool quantized_states = false;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(
        field("cell", &Recurrent::cell), field("direction", &Recurrent::direction),
        field("hidden_size", &Recurrent::hidden_size), field("activations", &Recurrent::activations),
        field("alphas", &Recurrent::alphas), field("betas", &Recurrent::betas), field("clip", &Recurrent::clip),
        field("batch_first", &Recurrent::batch_first), field("linear_before_reset", &Recurrent::linear_before_reset),
        field("input_forget", &Recurrent::input_forget), field("quantized_states", &Recurrent::quantized_states));
  }
  int64_t directions() const { return direction == RecurrentDirection::kBidirectional ? 2 : 1; }
  int64_t gates() const { return cell == RecurrentCell::kRnn ? 1 : cell == RecurrentCell::kGru ? 3 : 4; }
};

// Functions of one direction: rnn 1, gru 2, lstm 3.
size_t activations_per_direction(RecurrentCell cell);
// Throws kInvalidArgument for an unknown name.
double recurrent_activation(const std::string& name, double alpha, double beta, double x);

}  // namespace ingot

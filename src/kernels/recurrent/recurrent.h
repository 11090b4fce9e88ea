// Recurrent layers, ops/recurrent: RNN, GRU and LSTM with their default functions and constant weights.
//
// The input's part of every sum, x[t] W + biases, is one matrix product over all steps (input_product.h). A step then
// adds h R to its rows of that and applies the gates while the sums are in registers. So that the gates of a unit meet
// there, columns are ordered [block of units][gate][unit]: W is packed as panels of columns in that order, R as
// [block][h][gate][unit], hidden sizes being filled with zeros to whole blocks of `lanes` units.
//
// x, W, R and the outputs are all f32 or all bf16; biases, given states and peepholes are f32. On bf16 the states stay
// f32 as well; what R multiplies is them rounded to bf16, and R is [block][h / 2][gate][unit][2], an odd h's last unit
// padded with zero.
//
// Threads share directions and sequences; a step with much work is shared out by blocks of units instead. Every sum is
// one chain in the order of x, then of h: equal bits at every thread count.
#pragma once
#include <cstdint>

#include "kernels/kernel.h"
#include "kernels/recurrent/input_product.h"
#include "ops/recurrent.h"

namespace ingot::kernels::recurrent {

// One sequence at one step. Buffers hold whole blocks, except y.
struct StepRow {
  const float* x = nullptr;       // the input's part of the sums: [block][gate][unit]
  const float* h = nullptr;       // the state before,
  float* next = nullptr;          // and after
  const void* operand = nullptr;  // what R multiplies, in R's type: on f32 h,
  void* next_operand = nullptr;   // and next
  float* c = nullptr;             // lstm: the cell, changed in place
  float* update = nullptr;        // gru in two parts: the update gate,
  void* gated = nullptr;          // and the state times the reset gate, in R's type
  void* y = nullptr;              // [hidden] in R's type, or null
};
struct StepArgs {
  const void* r = nullptr;  // packed, of the direction
  int64_t hidden = 0, padded = 0;
  int64_t first_block = 0, end_block = 0;  // of units that are computed
  const StepRow* rows = nullptr;
  int64_t row_count = 0;
  const float* peepholes = nullptr;       // lstm: [i o f][padded], or null
  const float* candidate_bias = nullptr;  // gru with linear_before_reset: [padded]
  float clip = 0;
  bool input_forget = false;
};
using StepFunction = void (*)(const StepArgs& args) noexcept;

// A gru without linear_before_reset takes two parts: gates of all units, then candidates; R is packed as z and r, then
// h.
struct Functions {
  int64_t lanes;  // units of a block
  StepFunction rnn, gru, gru_gates, gru_candidates, lstm;
};

// Whether R's candidate matrix is packed apart.
inline bool in_two_parts(const Recurrent& op) { return op.cell == RecurrentCell::kGru && !op.linear_before_reset; }

// What differs between the rows besides the functions.
using InputProductOf = std::unique_ptr<InputProduct> (*)(const InputSize& size, const Target& target);

std::unique_ptr<BoundKernel> bind_recurrent(InputProductOf input_product, const Functions& functions,
                                            const Problem& problem, const Target& target);
// W with its rows in the order of columns, [d][columns][in], and R packed as above; of f32 or bf16.
Tensor order_w(int64_t lanes, const Recurrent& op, const Tensor& w);
Tensor pack_r(int64_t lanes, const Recurrent& op, const Tensor& r);

extern const Functions kReferenceFunctions, kReferenceBf16Functions;

}  // namespace ingot::kernels::recurrent

namespace ingot::kernels::avx2 {
extern const recurrent::Functions kRecurrentFunctions, kRecurrentBf16Functions;
}
namespace ingot::kernels::avx512 {
extern const recurrent::Functions kRecurrentFunctions, kRecurrentBf16Functions;  // the latter without vdpbf16ps
}
namespace ingot::kernels::avx512bf16 {
extern const recurrent::Functions kRecurrentBf16Functions;
}

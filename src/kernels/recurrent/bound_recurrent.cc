#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "kernels/recurrent/recurrent.h"
#include "tensor/float_types.h"

namespace ingot::kernels::recurrent {
namespace {

enum Input : size_t { kX, kW, kR, kB, kLengths, kInitialH, kInitialC, kPeepholes };

// Multiply-adds of a step that are worth waking threads for, once a step.
constexpr int64_t kStepWorthSharing = 200'000;
constexpr int64_t kWorthAThread = 200'000;  // and of whole sequences

class BoundRecurrent : public BoundKernel {
 public:
  BoundRecurrent(InputProductOf input_product, const Functions& functions, const Problem& problem,
                 const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  // Where things are in scratch.
  struct Memory {
    float *x, *bias, *candidate_bias, *peepholes, *h, *c, *update;
    std::byte *operands, *gated;  // states in the weights' type
    StepRow* rows;                // [direction][batch]
    std::byte* product;
  };
  // The sequences [first, end) of a direction.
  struct Part {
    int64_t direction, first, end;
  };
  void check(const Problem& problem) const;
  void share_out(const Target& target);
  void lay_out();
  int64_t reserve(int64_t bytes);
  Memory memory_at(std::byte* scratch) const noexcept;

  const float* input(const RunArgs& args, size_t index) const noexcept {
    return present_[index] ? static_cast<const float*>(args.inputs[index]) : nullptr;
  }
  std::byte* output(const RunArgs& args, size_t index) const noexcept {
    return wanted_[index] ? static_cast<std::byte*>(args.outputs[index]) : nullptr;
  }
  int64_t length(const RunArgs& args, int64_t n) const noexcept {
    return present_[kLengths] ? static_cast<const int32_t*>(args.inputs[kLengths])[n] : sequence_;
  }
  bool lengths_fit(const RunArgs& args) const noexcept;
  void prepare(const RunArgs& args, const Memory& memory) const noexcept;
  void spread_biases(const float* b, int64_t direction, const Memory& memory) const noexcept;
  void start_states(const float* initial, float* states, int64_t stride) const noexcept;
  void narrow_states(const Memory& memory) const noexcept;
  void write_state(const float* state, std::byte* to) const noexcept;
  int64_t place_rows(const RunArgs& args, const Memory& memory, const Part& part, int64_t step) const noexcept;
  void quantize_states(const Memory& memory, const Part& part, int64_t rows, int64_t step) const noexcept;
  void run_blocks(const RunArgs& args, const Memory& memory, const Part& part, int64_t rows, int64_t first, int64_t end,
                  bool candidates) const noexcept;
  void run_sequences(const RunArgs& args, const Memory& memory) const noexcept;
  void run_shared_steps(const RunArgs& args, const Memory& memory) const noexcept;
  void fill_ends(const RunArgs& args, const Memory& memory) const noexcept;

  int64_t state_at(int64_t direction, int64_t n) const noexcept { return (direction * batch_ + n) * padded_; }
  // Of a state before an even step, or after it.
  int64_t turn_at(int64_t direction, int64_t n, int64_t step) const noexcept {
    return (direction * 2 + step % 2) * batch_ + n;
  }
  // Of the outputs and initial states.
  int64_t last_at(int64_t direction, int64_t n) const noexcept {
    return (op_.batch_first ? n * directions_ + direction : direction * batch_ + n) * hidden_;
  }
  int64_t y_at(int64_t t, int64_t direction, int64_t n) const noexcept {
    return (op_.batch_first ? (n * sequence_ + t) * directions_ + direction
                            : (t * directions_ + direction) * batch_ + n) *
           hidden_;
  }

  const Functions& functions_;
  Recurrent op_;
  int64_t bytes_;  // of an element of x, weights and outputs
  int64_t sequence_, batch_, in_, hidden_, gates_, directions_;
  int64_t padded_, blocks_, columns_;  // hidden elements in whole blocks; of all gates
  int64_t operand_bytes_ = 0;          // of one state that R multiplies
  bool present_[8] = {}, wanted_[3] = {};
  int64_t batch_parts_ = 1, block_parts_ = 1;  // block_parts_ > 1: every step is shared out
  int64_t x_ = 0, bias_ = 0, candidate_bias_ = 0, peepholes_ = 0, h_ = 0, c_ = 0, update_ = 0, operands_ = 0,
          gated_ = 0, rows_ = 0, product_at_ = 0;
  std::unique_ptr<InputProduct> product_;
};

BoundRecurrent::BoundRecurrent(InputProductOf input_product, const Functions& functions, const Problem& problem,
                               const Target& target)
    : functions_(functions), op_(*problem.op.as<Recurrent>()), bytes_(dtype_bits(problem.inputs[kX].dtype) / 8) {
  const Shape &x = problem.inputs[kX].shape, &r = problem.inputs[kR].shape;
  sequence_ = x[op_.batch_first ? 1 : 0], batch_ = x[op_.batch_first ? 0 : 1], in_ = x[2];
  hidden_ = r[2], gates_ = op_.gates(), directions_ = op_.directions();
  for (size_t i = 0; i < problem.inputs.size(); ++i) present_[i] = problem.inputs[i].present();
  for (size_t i = 0; i < problem.outputs.size(); ++i) wanted_[i] = problem.outputs[i].present();
  check(problem);
  padded_ = round_up(hidden_, functions.lanes);
  blocks_ = padded_ / functions.lanes;
  columns_ = gates_ * padded_;
  operand_bytes_ = round_up(padded_ * bytes_, 4);
  product_ = input_product({directions_, sequence_ * batch_, in_, columns_}, target);
  share_out(target);
  lay_out();
}

void BoundRecurrent::check(const Problem& problem) const {
  const Shape last = op_.batch_first ? Shape{batch_, directions_, hidden_} : Shape{directions_, batch_, hidden_};
  const Shape y =
      op_.batch_first ? Shape{batch_, sequence_, directions_, hidden_} : Shape{sequence_, directions_, batch_, hidden_};
  const Shape wanted[] = {problem.inputs[kX].shape,
                          {directions_, gates_ * hidden_, in_},
                          {directions_, gates_ * hidden_, hidden_},
                          {directions_, 2 * gates_ * hidden_},
                          {batch_},
                          last,
                          last,
                          {directions_, 3 * hidden_}};
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    const Operand& operand = problem.inputs[i];
    const DType dtype = i <= kR ? problem.inputs[kX].dtype : i == kLengths ? DType::kI32 : DType::kF32;
    if (!operand.present() || (operand.dtype == dtype && operand.shape == wanted[i])) continue;
    fail(Code::kInvalidArgument, "input {} of a recurrent layer is {}{} instead of {}{}", i, dtype_name(operand.dtype),
         shape_text(operand.shape), dtype_name(dtype), shape_text(wanted[i]));
  }
  for (size_t i = 0; i < problem.outputs.size(); ++i) {
    const Operand& operand = problem.outputs[i];
    const DType dtype = problem.inputs[kX].dtype;
    if (!operand.present() || (operand.dtype == dtype && operand.shape == (i == 0 ? y : last))) continue;
    fail(Code::kInvalidArgument, "output {} of a recurrent layer is {}{} instead of {}{}", i, dtype_name(operand.dtype),
         shape_text(operand.shape), dtype_name(dtype), shape_text(i == 0 ? y : last));
  }
}

void BoundRecurrent::share_out(const Target& target) {
  if (target.threads <= directions_) return;
  const int64_t step = batch_ * columns_ * hidden_, each = (target.threads + directions_ - 1) / directions_;
  if (step >= kStepWorthSharing && blocks_ > 1) {
    block_parts_ = std::min(each, blocks_);
  } else if (!op_.quantized_states) {  // whose range is that of all sequences
    batch_parts_ = std::clamp<int64_t>(step * sequence_ / kWorthAThread, 1, std::clamp<int64_t>(batch_, 1, each));
  }
}

int64_t BoundRecurrent::reserve(int64_t bytes) {
  const auto at = static_cast<int64_t>(scratch_bytes);
  scratch_bytes += static_cast<size_t>(round_up(bytes, 64));
  return at;
}

void BoundRecurrent::lay_out() {
  const auto floats = [&](int64_t count) { return reserve(storage_bytes(DType::kF32, count)); };
  const int64_t states = directions_ * batch_ * padded_;
  x_ = floats(checked_mul(directions_ * sequence_ * batch_, columns_));
  bias_ = floats(directions_ * columns_);
  candidate_bias_ = floats(directions_ * padded_);
  peepholes_ = floats(present_[kPeepholes] ? directions_ * 3 * padded_ : 0);
  h_ = floats(2 * states);
  c_ = floats(op_.cell == RecurrentCell::kLstm ? states : 0);
  update_ = floats(in_two_parts(op_) ? states : 0);
  const int64_t operands = directions_ * batch_ * operand_bytes_;
  operands_ = reserve(bytes_ < 4 ? 2 * operands : 0);
  gated_ = reserve(in_two_parts(op_) ? operands : 0);
  rows_ = reserve(directions_ * batch_ * static_cast<int64_t>(sizeof(StepRow)));
  product_at_ = reserve(static_cast<int64_t>(product_->scratch_bytes));
}

BoundRecurrent::Memory BoundRecurrent::memory_at(std::byte* scratch) const noexcept {
  const auto at = [&](int64_t offset) { return reinterpret_cast<float*>(scratch + offset); };
  return {at(x_),
          at(bias_),
          at(candidate_bias_),
          at(peepholes_),
          at(h_),
          at(c_),
          at(update_),
          scratch + operands_,
          scratch + gated_,
          reinterpret_cast<StepRow*>(scratch + rows_),
          scratch + product_at_};
}

bool BoundRecurrent::lengths_fit(const RunArgs& args) const noexcept {
  for (int64_t n = 0; n < batch_; ++n) {
    if (length(args, n) < 0 || length(args, n) > sequence_) return false;
  }
  return true;
}

// The biases of W and R summed in the order of columns; that of R's candidate apart where the reset gate multiplies it.
void BoundRecurrent::spread_biases(const float* b, int64_t direction, const Memory& memory) const noexcept {
  float* bias = memory.bias + direction * columns_;
  float* candidate = memory.candidate_bias + direction * padded_;
  std::fill(bias, bias + columns_, 0.0f);
  std::fill(candidate, candidate + padded_, 0.0f);
  if (b == nullptr) return;
  const float* w = b + direction * 2 * gates_ * hidden_;
  const float* r = w + gates_ * hidden_;
  for (int64_t gate = 0; gate < gates_; ++gate) {
    const bool apart = op_.cell == RecurrentCell::kGru && op_.linear_before_reset && gate == 2;
    for (int64_t unit = 0; unit < hidden_; ++unit) {
      const int64_t lanes = functions_.lanes, at = (unit / lanes * gates_ + gate) * lanes + unit % lanes;
      const int64_t from = gate * hidden_ + unit;
      bias[at] = apart ? w[from] : w[from] + r[from];
      if (apart) candidate[unit] = r[from];
    }
  }
}

// Copies states, or zeros, to whole blocks.
void BoundRecurrent::start_states(const float* initial, float* states, int64_t stride) const noexcept {
  for (int64_t direction = 0; direction < directions_; ++direction) {
    for (int64_t n = 0; n < batch_; ++n) {
      float* to = states + direction * stride + n * padded_;
      std::fill(to, to + padded_, 0.0f);
      if (initial != nullptr) std::copy_n(initial + last_at(direction, n), hidden_, to);
    }
  }
}

// The first states as R multiplies them, and zeros behind those of every step.
void BoundRecurrent::narrow_states(const Memory& memory) const noexcept {
  const int64_t states = directions_ * batch_;
  std::memset(memory.operands, 0, static_cast<size_t>(2 * states * operand_bytes_));
  if (in_two_parts(op_)) std::memset(memory.gated, 0, static_cast<size_t>(states * operand_bytes_));
  for (int64_t state = 0; state < states; ++state) {
    const int64_t at = turn_at(state / batch_, state % batch_, 0);
    write_state(memory.h + at * padded_, memory.operands + at * operand_bytes_);
  }
}

// A state's hidden elements in the type of the outputs.
void BoundRecurrent::write_state(const float* state, std::byte* to) const noexcept {
  if (bytes_ == 4) {
    std::copy_n(state, hidden_, reinterpret_cast<float*>(to));
  } else {
    std::transform(state, state + hidden_, reinterpret_cast<BF16*>(to), [](float x) { return BF16(x); });
  }
}

void BoundRecurrent::prepare(const RunArgs& args, const Memory& memory) const noexcept {
  for (int64_t direction = 0; direction < directions_; ++direction) {
    spread_biases(input(args, kB), direction, memory);
  }
  if (const float* p = input(args, kPeepholes)) {
    for (int64_t i = 0; i < directions_ * 3; ++i) {
      float* to = memory.peepholes + i * padded_;
      std::fill(std::copy_n(p + i * hidden_, hidden_, to), to + padded_, 0.0f);
    }
  }
  start_states(input(args, kInitialH), memory.h, 2 * batch_ * padded_);
  if (op_.cell == RecurrentCell::kLstm) start_states(input(args, kInitialC), memory.c, batch_ * padded_);
  if (bytes_ < 4) narrow_states(memory);
}

// Fills the part's rows for its `step`-th step with the sequences that last so long; how many those are.
int64_t BoundRecurrent::place_rows(const RunArgs& args, const Memory& memory, const Part& part,
                                   int64_t step) const noexcept {
  const bool reverse = op_.direction == RecurrentDirection::kReverse || part.direction == 1;
  std::byte* y = output(args, 0);
  StepRow* row = memory.rows + part.direction * batch_ + part.first;
  StepRow* const first = row;
  for (int64_t n = part.first; n < part.end; ++n) {
    const int64_t length = this->length(args, n);
    if (step >= length) continue;
    const int64_t t = reverse ? length - 1 - step : step, state = state_at(part.direction, n);
    const int64_t x_row = op_.batch_first ? n * sequence_ + t : t * batch_ + n;
    // The two buffers of states take turns.
    const int64_t before = turn_at(part.direction, n, step), after = turn_at(part.direction, n, step + 1);
    row->x = memory.x + (part.direction * sequence_ * batch_ + x_row) * columns_;
    row->h = memory.h + before * padded_;
    row->next = memory.h + after * padded_;
    row->operand = bytes_ < 4 ? static_cast<const void*>(memory.operands + before * operand_bytes_) : row->h;
    row->next_operand = bytes_ < 4 ? static_cast<void*>(memory.operands + after * operand_bytes_) : row->next;
    row->c = memory.c + (op_.cell == RecurrentCell::kLstm ? state : 0);
    row->update = memory.update + (in_two_parts(op_) ? state : 0);
    row->gated = memory.gated + (in_two_parts(op_) ? (part.direction * batch_ + n) * operand_bytes_ : 0);
    row->y = y == nullptr ? nullptr : y + y_at(t, part.direction, n) * bytes_;
    ++row;
  }
  return row - first;
}

// Rounded to the nearest whole number, ties to even, for magnitudes below 2^22.
inline float rounded(float x) noexcept {
  constexpr float kShift = 12582912;  // 1.5 * 2^23: what is added to it loses its fraction
  return (x + kShift) - kShift;
}

// Replaces the placed rows' states before the step by what u8 over their common range represents of them: only the
// product with R reads them (lstm). The part has all sequences of its direction.
void BoundRecurrent::quantize_states(const Memory& memory, const Part& part, int64_t rows,
                                     int64_t step) const noexcept {
  const StepRow* const row = memory.rows + part.direction * batch_ + part.first;
  float* const states = memory.h + (part.direction * 2 + step % 2) * batch_ * padded_;
  float low = 0, high = 0;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t unit = 0; unit < hidden_; ++unit) {
      low = std::min(low, row[i].h[unit]);
      high = std::max(high, row[i].h[unit]);
    }
  }
  if (!(high > low)) return;  // all zeros
  const float scale = (high - low) / 255.0f, zero = rounded(-low / scale);
  for (int64_t i = 0; i < rows; ++i) {
    float* h = states + (row[i].h - states);
    for (int64_t unit = 0; unit < hidden_; ++unit) {
      const float level = rounded(h[unit] / scale) + zero;
      h[unit] = (std::min(std::max(level, 0.0f), 255.0f) - zero) * scale;
    }
  }
}

void BoundRecurrent::run_blocks(const RunArgs& args, const Memory& memory, const Part& part, int64_t rows,
                                int64_t first, int64_t end, bool candidates) const noexcept {
  StepArgs step;
  const int64_t depth_bytes = round_up(hidden_ * bytes_, 4);
  step.r = static_cast<const std::byte*>(args.inputs[kR]) +
           (part.direction * columns_ + (candidates ? 2 * padded_ : 0)) * depth_bytes;
  step.hidden = hidden_;
  step.padded = padded_;
  step.first_block = first;
  step.end_block = end;
  step.rows = memory.rows + part.direction * batch_ + part.first;
  step.row_count = rows;
  if (present_[kPeepholes]) step.peepholes = memory.peepholes + part.direction * 3 * padded_;
  step.candidate_bias = memory.candidate_bias + part.direction * padded_;
  step.clip = static_cast<float>(op_.clip);
  step.input_forget = op_.input_forget;
  switch (op_.cell) {
    case RecurrentCell::kRnn: return functions_.rnn(step);
    case RecurrentCell::kLstm: return functions_.lstm(step);
    case RecurrentCell::kGru:
      if (op_.linear_before_reset) return functions_.gru(step);
      return candidates ? functions_.gru_candidates(step) : functions_.gru_gates(step);
  }
}

// Every task takes its sequences through all steps.
void BoundRecurrent::run_sequences(const RunArgs& args, const Memory& memory) const noexcept {
  args.parallel.run(directions_ * batch_parts_, [&](int64_t task) {
    const int64_t i = task % batch_parts_;
    const Part part{task / batch_parts_, batch_ * i / batch_parts_, batch_ * (i + 1) / batch_parts_};
    for (int64_t step = 0; step < sequence_; ++step) {
      const int64_t rows = place_rows(args, memory, part, step);
      if (rows == 0) break;
      if (op_.quantized_states) quantize_states(memory, part, rows, step);
      run_blocks(args, memory, part, rows, 0, blocks_, false);
      if (in_two_parts(op_)) run_blocks(args, memory, part, rows, 0, blocks_, true);
    }
  });
}

// All threads take one step after the other, each some of its units.
void BoundRecurrent::run_shared_steps(const RunArgs& args, const Memory& memory) const noexcept {
  for (int64_t step = 0; step < sequence_; ++step) {
    int64_t rows = 0;
    for (int64_t direction = 0; direction < directions_; ++direction) {
      const Part part{direction, 0, batch_};
      rows = place_rows(args, memory, part, step);
      if (op_.quantized_states) quantize_states(memory, part, rows, step);
    }
    if (rows == 0) return;
    for (const bool candidates : {false, true}) {
      if (candidates && !in_two_parts(op_)) break;
      args.parallel.run(directions_ * block_parts_, [&](int64_t task) {
        const int64_t i = task % block_parts_;
        run_blocks(args, memory, {task / block_parts_, 0, batch_}, rows, blocks_ * i / block_parts_,
                   blocks_ * (i + 1) / block_parts_, candidates);
      });
    }
  }
}

// Zeros of y past the sequences' ends, and the last states.
void BoundRecurrent::fill_ends(const RunArgs& args, const Memory& memory) const noexcept {
  std::byte *y = output(args, 0), *last_h = output(args, 1), *last_c = output(args, 2);
  for (int64_t direction = 0; direction < directions_; ++direction) {
    for (int64_t n = 0; n < batch_; ++n) {
      const int64_t steps = length(args, n);
      for (int64_t t = steps; y != nullptr && t < sequence_; ++t) {
        std::memset(y + y_at(t, direction, n) * bytes_, 0, static_cast<size_t>(hidden_ * bytes_));
      }
      const int64_t at = last_at(direction, n) * bytes_;
      if (last_h != nullptr) write_state(memory.h + turn_at(direction, n, steps) * padded_, last_h + at);
      if (last_c != nullptr) write_state(memory.c + state_at(direction, n), last_c + at);
    }
  }
}

void BoundRecurrent::run(const RunArgs& args) const noexcept {
  if (!lengths_fit(args)) {
    if (args.error != nullptr) *args.error = "a sequence length outside of the sequence";
    return;
  }
  const Memory memory = memory_at(args.scratch);
  prepare(args, memory);
  const InputProduct::Operands operands = {args.inputs[kX], args.inputs[kW], present_[kB] ? memory.bias : nullptr,
                                           memory.x};
  product_->run(operands, memory.product, args.parallel);
  block_parts_ > 1 ? run_shared_steps(args, memory) : run_sequences(args, memory);
  fill_ends(args, memory);
}

}  // namespace

std::unique_ptr<BoundKernel> bind_recurrent(InputProductOf input_product, const Functions& functions,
                                            const Problem& problem, const Target& target) {
  return std::make_unique<BoundRecurrent>(input_product, functions, problem, target);
}

}  // namespace ingot::kernels::recurrent

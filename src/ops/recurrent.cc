#include "ops/recurrent.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

enum Input : size_t { kX, kW, kR, kB, kLengths, kInitialH, kInitialC, kPeepholes };

// Everything the loop needs; inputs in the layout of batch_first = false, checked.
struct Problem {
  const Recurrent* fields;
  int64_t sequence, batch, in, hidden, gates, directions;
  std::vector<double> x, b, h, c, p;
  std::vector<int64_t> lengths;
};

// The matrices W and R. Those of f32 are read where they lie: a short sequence uses them less often than copying would.
template <class T> struct Weights { const T *w, *r; };

const Tensor& checked(EvalContext& context, size_t index, const Shape& wanted) {
  const Tensor& tensor = context.tensor(index);
  if (tensor.shape() != wanted) {
    fail(Code::kInvalidArgument, "input {} of a recurrent layer is {} instead of {}", index, tensor.type_text(),
         shape_text(wanted));
  }
  return tensor;
}

std::vector<double> operand(EvalContext& context, size_t index, const Shape& wanted) {
  return context.has(index) ? to_doubles(checked(context, index, wanted)) : std::vector<double>{};
}

// [a, b, c] -> [b, a, c]
std::vector<double> swap_outer(const std::vector<double>& values, int64_t a, int64_t b, int64_t c) {
  std::vector<double> result(values.size());
  for (int64_t i = 0; i < static_cast<int64_t>(values.size()); ++i) {
    const int64_t k = i % c, j = i / c % b, outer = i / (b * c);
    result[static_cast<size_t>((j * a + outer) * c + k)] = values[static_cast<size_t>(i)];
  }
  return result;
}

std::vector<double> state(EvalContext& context, size_t index, const Problem& p, bool batch_first) {
  const Shape wanted = batch_first ? Shape{p.batch, p.directions, p.hidden} : Shape{p.directions, p.batch, p.hidden};
  std::vector<double> values = operand(context, index, wanted);
  if (values.empty()) values.assign(static_cast<size_t>(p.directions * p.batch * p.hidden), 0.0);
  return batch_first ? swap_outer(values, p.batch, p.directions, p.hidden) : values;
}

Problem problem_of(const Recurrent& fields, EvalContext& context) {
  const Tensor &x = context.tensor(kX), &r = context.tensor(kR);
  if (x.rank() != 3 || r.rank() != 3) {
    fail(Code::kInvalidArgument, "a recurrent layer of {} and {}", x.type_text(), r.type_text());
  }
  Problem p;
  p.fields = &fields;
  p.sequence = x.dim(fields.batch_first ? 1 : 0), p.batch = x.dim(fields.batch_first ? 0 : 1), p.in = x.dim(2);
  p.hidden = r.dim(2), p.gates = fields.gates(), p.directions = fields.directions();
  if (fields.hidden_size != 0 && fields.hidden_size != p.hidden) {
    fail(Code::kInvalidArgument, "hidden size {} and weights {}", fields.hidden_size, r.type_text());
  }
  p.x = to_doubles(x);
  if (fields.batch_first) p.x = swap_outer(p.x, p.batch, p.sequence, p.in);
  p.b = operand(context, kB, {p.directions, 2 * p.gates * p.hidden});
  p.p = operand(context, kPeepholes, {p.directions, 3 * p.hidden});
  p.h = state(context, kInitialH, p, fields.batch_first);
  if (fields.cell == RecurrentCell::kLstm) p.c = state(context, kInitialC, p, fields.batch_first);
  p.lengths.assign(static_cast<size_t>(p.batch), p.sequence);
  if (context.has(kLengths)) {
    operand(context, kLengths, {p.batch});
    p.lengths = to_ints(context.tensor(kLengths));
  }
  for (const int64_t length : p.lengths) {
    if (length < 0 || length > p.sequence) fail(Code::kInvalidArgument, "sequence length {} of {}", length, p.sequence);
  }
  return p;
}

// Partial sums in lanes, so that one addition does not wait for the one before.
template <class T> double dot_product(const T* weights, const double* vector, int64_t count) {
  constexpr int64_t kLanes = 8;
  std::array<double, kLanes> lanes{};
  int64_t k = 0;
  for (; k + kLanes <= count; k += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[static_cast<size_t>(lane)] += static_cast<double>(weights[k + lane]) * vector[k + lane];
    }
  }
  double sum = 0;
  for (; k < count; ++k) sum += static_cast<double>(weights[k]) * vector[k];
  for (const double lane : lanes) sum += lane;
  return sum;
}

// One direction of one sequence, step by step.
template <class T> class Cell {
 public:
  Cell(const Problem& problem, const Weights<T>& weights, int64_t direction)
      : p_(problem), f_(*problem.fields), direction_(direction), h_size_(static_cast<size_t>(problem.hidden)) {
    const int64_t rows = p_.gates * p_.hidden;
    w_ = weights.w + direction * rows * p_.in;
    r_ = weights.r + direction * rows * p_.hidden;
    b_ = p_.b.empty() ? nullptr : p_.b.data() + direction * 2 * rows;
    peephole_ = p_.p.empty() ? nullptr : p_.p.data() + direction * 3 * p_.hidden;
  }

  // Updates h (and c) with one input; `operand` is what R multiplies of an lstm: h, or near it.
  void step(const double* x, const double* operand, double* h, double* c) const {
    switch (f_.cell) {
      case RecurrentCell::kRnn: return step_rnn(x, h);
      case RecurrentCell::kGru: return step_gru(x, h);
      case RecurrentCell::kLstm: return step_lstm(x, operand, h, c);
    }
  }

 private:
  // Row `row` of gate `gate`: its product with `vector`, and its two biases.
  double dot(const T* matrix, int64_t columns, int64_t gate, int64_t row, const double* vector) const {
    return dot_product(matrix + (gate * p_.hidden + row) * columns, vector, columns);
  }
  double input_part(int64_t gate, int64_t row, const double* x) const {
    return dot(w_, p_.in, gate, row, x) + (b_ == nullptr ? 0 : b_[gate * p_.hidden + row]);
  }
  double state_part(int64_t gate, int64_t row, const double* h) const {
    return dot(r_, p_.hidden, gate, row, h) + (b_ == nullptr ? 0 : b_[(p_.gates + gate) * p_.hidden + row]);
  }
  double peephole(int64_t which, int64_t row, double c) const {
    return peephole_ == nullptr ? 0 : peephole_[which * p_.hidden + row] * c;
  }

  double activate(size_t which, double x) const {
    if (f_.clip > 0) x = std::clamp(x, -f_.clip, f_.clip);
    if (f_.activations.empty()) {
      const bool gate = f_.cell != RecurrentCell::kRnn && which == 0;
      return gate ? 1 / (1 + std::exp(-x)) : std::tanh(x);
    }
    const size_t i = static_cast<size_t>(direction_) * activations_per_direction(f_.cell) + which;
    return recurrent_activation(f_.activations[i], f_.alphas.empty() ? 0 : f_.alphas[i],
                                f_.betas.empty() ? 0 : f_.betas[i], x);
  }

  void step_rnn(const double* x, double* h) const {
    std::vector<double> next(h_size_);
    for (int64_t i = 0; i < p_.hidden; ++i) {
      next[static_cast<size_t>(i)] = activate(0, input_part(0, i, x) + state_part(0, i, h));
    }
    std::copy(next.begin(), next.end(), h);
  }

  void step_gru(const double* x, double* h) const {
    std::vector<double> update(h_size_), reset(h_size_), gated(h_size_), next(h_size_);
    for (int64_t i = 0; i < p_.hidden; ++i) {
      const auto at = static_cast<size_t>(i);
      update[at] = activate(0, input_part(0, i, x) + state_part(0, i, h));
      reset[at] = activate(0, input_part(1, i, x) + state_part(1, i, h));
      gated[at] = reset[at] * h[i];
    }
    for (int64_t i = 0; i < p_.hidden; ++i) {
      const auto at = static_cast<size_t>(i);
      const double recurrent =
          f_.linear_before_reset ? reset[at] * state_part(2, i, h) : state_part(2, i, gated.data());
      const double candidate = activate(1, input_part(2, i, x) + recurrent);
      next[at] = (1 - update[at]) * candidate + update[at] * h[i];
    }
    std::copy(next.begin(), next.end(), h);
  }

  void step_lstm(const double* x, const double* operand, double* h, double* c) const {
    std::vector<double> next(h_size_);
    for (int64_t i = 0; i < p_.hidden; ++i) {
      const auto sum = [&](int64_t gate) { return input_part(gate, i, x) + state_part(gate, i, operand); };
      const double input = activate(0, sum(0) + peephole(0, i, c[i]));
      const double forget = f_.input_forget ? 1 - input : activate(0, sum(2) + peephole(2, i, c[i]));
      const double cell = forget * c[i] + input * activate(1, sum(3));
      const double output = activate(0, sum(1) + peephole(1, i, cell));
      c[i] = cell;
      next[static_cast<size_t>(i)] = output * activate(2, cell);
    }
    std::copy(next.begin(), next.end(), h);
  }

  const Problem& p_;
  const Recurrent& f_;
  int64_t direction_;
  size_t h_size_;
  const T *w_, *r_;
  const double *b_, *peephole_;
};

// The states [batch, h] with those that take part in step `step` as u8 over their range represents them.
std::vector<double> quantized(const Problem& p, const double* h, int64_t step) {
  std::vector<double> result(h, h + p.batch * p.hidden);
  const auto running = [&](int64_t i) { return step < p.lengths[static_cast<size_t>(i / p.hidden)]; };
  float low = 0, high = 0;
  for (int64_t i = 0; i < p.batch * p.hidden; ++i) {
    if (!running(i)) continue;
    low = std::min(low, static_cast<float>(h[i]));
    high = std::max(high, static_cast<float>(h[i]));
  }
  const float scale = high == low ? 1.0f : (high - low) / 255.0f;
  const double zero_point = std::nearbyint(-low / scale);
  for (int64_t i = 0; i < p.batch * p.hidden; ++i) {
    if (!running(i)) continue;
    const double level = std::nearbyint(static_cast<float>(h[i]) / scale) + zero_point;
    result[static_cast<size_t>(i)] = (std::clamp(level, 0.0, 255.0) - zero_point) * scale;
  }
  return result;
}

// Fills y [seq, d, batch, h] and leaves the final states in p.h and p.c.
template <class T> std::vector<double> run(Problem& p, const Weights<T>& weights, EvalContext& context) {
  std::vector<double> y(static_cast<size_t>(p.sequence * p.directions * p.batch * p.hidden), 0.0);
  for (int64_t d = 0; d < p.directions; ++d) {
    const bool reverse = p.fields->direction == RecurrentDirection::kReverse || d == 1;
    const Cell<T> cell(p, weights, d);
    double* states = p.h.data() + d * p.batch * p.hidden;
    std::vector<double> approximate;
    for (int64_t step = 0; step < p.sequence; ++step) {
      if (p.fields->quantized_states) approximate = quantized(p, states, step);
      for (int64_t n = 0; n < p.batch; ++n) {
        const int64_t length = p.lengths[static_cast<size_t>(n)];
        if (step >= length) continue;
        if (context.host().check_cancelled) context.host().check_cancelled();
        double* h = states + n * p.hidden;
        double* c = p.c.empty() ? nullptr : p.c.data() + (d * p.batch + n) * p.hidden;
        const double* operand = p.fields->quantized_states ? approximate.data() + n * p.hidden : h;
        const int64_t t = reverse ? length - 1 - step : step;
        cell.step(p.x.data() + (t * p.batch + n) * p.in, operand, h, c);
        std::copy(h, h + p.hidden, y.data() + ((t * p.directions + d) * p.batch + n) * p.hidden);
      }
    }
  }
  return y;
}

std::vector<double> run(Problem& p, EvalContext& context) {
  const Tensor& w = checked(context, kW, {p.directions, p.gates * p.hidden, p.in});
  const Tensor& r = checked(context, kR, {p.directions, p.gates * p.hidden, p.hidden});
  if (w.dtype() == DType::kF32 && r.dtype() == DType::kF32) {
    return run(p, Weights<float>{w.data<float>(), r.data<float>()}, context);
  }
  const std::vector<double> wide_w = to_doubles(w), wide_r = to_doubles(r);
  return run(p, Weights<double>{wide_w.data(), wide_r.data()}, context);
}

void check_fields(const Recurrent& fields) {
  const auto wanted = static_cast<size_t>(fields.directions()) * activations_per_direction(fields.cell);
  const auto fits = [&](size_t size) { return size == 0 || size == wanted; };
  if (!fits(fields.activations.size()) || !fits(fields.alphas.size()) || !fits(fields.betas.size())) {
    fail(Code::kInvalidArgument, "a recurrent layer with {} activations instead of {}", fields.activations.size(),
         wanted);
  }
  for (const std::string& name : fields.activations) recurrent_activation(name, 1, 1, 0);
  if (fields.quantized_states && fields.cell != RecurrentCell::kLstm) {
    fail(Code::kInvalidArgument, "quantised states of a recurrent layer that is no lstm");
  }
}

}  // namespace

size_t activations_per_direction(RecurrentCell cell) {
  return cell == RecurrentCell::kRnn ? 1 : cell == RecurrentCell::kGru ? 2 : 3;
}

double recurrent_activation(const std::string& name, double alpha, double beta, double x) {
  if (name == "sigmoid") return 1 / (1 + std::exp(-x));
  if (name == "tanh") return std::tanh(x);
  if (name == "relu") return std::max(x, 0.0);
  if (name == "affine") return alpha * x + beta;
  if (name == "leakyrelu") return x < 0 ? alpha * x : x;
  if (name == "thresholdedrelu") return x > alpha ? x : 0;
  if (name == "scaledtanh") return alpha * std::tanh(beta * x);
  if (name == "hardsigmoid") return std::clamp(alpha * x + beta, 0.0, 1.0);
  if (name == "elu") return x < 0 ? alpha * std::expm1(x) : x;
  if (name == "softsign") return x / (1 + std::fabs(x));
  if (name == "softplus") return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
  fail(Code::kInvalidArgument, "\"{}\" is no activation of a recurrent layer", name);
}

static void infer(const Recurrent& fields, InferContext& context) {
  const Fact &x = context.input(kX), &w = context.input(kW), &r = context.input(kR);
  check_fields(fields);
  context.require(is_float(x.dtype()), "a recurrent layer takes floating-point elements, got {}",
                  dtype_name(x.dtype()));
  for (const Fact* fact : {&x, &w, &r}) {
    context.require(!fact->has_rank() || fact->rank() == 3, "a recurrent layer takes operands of rank 3, got {}",
                    fact->text());
  }
  Dim sequence = context.fresh_dim(), batch = context.fresh_dim(), hidden = context.fresh_dim();
  if (x.has_rank()) {
    sequence = (*x.shape)[fields.batch_first ? 1 : 0];
    batch = (*x.shape)[fields.batch_first ? 0 : 1];
  }
  if (r.has_rank()) hidden = (*r.shape)[2];
  if (fields.hidden_size != 0) hidden = unify(hidden, fields.hidden_size, "hidden sizes");
  for (const Fact* fact : {&w, &r}) {
    if (!fact->has_rank()) continue;
    unify((*fact->shape)[0], fields.directions(), "directions of weights and layer");
    unify((*fact->shape)[1], hidden * fields.gates(), "rows of weights and gates times hidden size");
  }
  if (x.has_rank() && w.has_rank()) unify((*x.shape)[2], (*w.shape)[2], "sizes of inputs and weights");
  const Dim directions = fields.directions();
  const DimShape last = fields.batch_first ? DimShape{batch, directions, hidden} : DimShape{directions, batch, hidden};
  context.set_output(0, x.dtype(),
                     fields.batch_first ? DimShape{batch, sequence, directions, hidden}
                                        : DimShape{sequence, directions, batch, hidden});
  context.set_output(1, x.dtype(), last);
  if (fields.cell == RecurrentCell::kLstm) context.set_output(2, x.dtype(), last);
}

static void eval(const Recurrent& fields, EvalContext& context) {
  check_fields(fields);
  Problem p = problem_of(fields, context);
  std::vector<double> y = run(p, context);
  const DType dtype = context.tensor(kX).dtype();
  const auto write_state = [&](size_t index, const std::vector<double>& values) {
    if (!fields.batch_first) {
      return write_doubles(context.output(index, dtype, {p.directions, p.batch, p.hidden}), values);
    }
    write_doubles(context.output(index, dtype, {p.batch, p.directions, p.hidden}),
                  swap_outer(values, p.directions, p.batch, p.hidden));
  };
  if (fields.batch_first) {
    y = swap_outer(y, p.sequence * p.directions, p.batch, p.hidden);
    write_doubles(context.output(0, dtype, {p.batch, p.sequence, p.directions, p.hidden}), y);
  } else {
    write_doubles(context.output(0, dtype, {p.sequence, p.directions, p.batch, p.hidden}), y);
  }
  write_state(1, p.h);
  if (fields.cell == RecurrentCell::kLstm) write_state(2, p.c);
}

const OpDef Recurrent::def = define_op<Recurrent, infer, eval>(
    {"recurrent", "h = cell(x[t], h) for every t of the sequence", 3, 8, -1, kNoTraits, {64, 8}});

}  // namespace ingot

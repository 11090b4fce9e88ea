#include "ops/linear_attention.h"

#include <cmath>

#include "ops/eval.h"
#include "ops/heads.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

enum Input : size_t { kQ, kK, kV, kState, kDecay, kBeta };

bool is_gated(LinearAttentionRule rule) {
  return rule == LinearAttentionRule::kGated || rule == LinearAttentionRule::kGatedDelta;
}
bool is_delta(LinearAttentionRule rule) {
  return rule == LinearAttentionRule::kDelta || rule == LinearAttentionRule::kGatedDelta;
}

struct Operands {
  Heads q, k, v, decay, beta;
};

// One token of one head: `state` [dk, dv] is updated. `decay` has 1 or dk numbers.
void update(const LinearAttention& attention, const Operands& o, int64_t b, int64_t h, int64_t t, double* state) {
  const double *k = o.k.row(b, h, t), *v = o.v.row(b, h, t);
  const int64_t rows = o.k.size, columns = o.v.size;
  if (is_gated(attention.rule)) {
    const double* decay = o.decay.row(b, h, t);
    for (int64_t i = 0; i < rows; ++i) {
      const double factor = std::exp(decay[o.decay.size == 1 ? 0 : i]);
      for (int64_t j = 0; j < columns; ++j) state[i * columns + j] *= factor;
    }
  }
  std::vector<double> added(v, v + columns);
  if (is_delta(attention.rule)) {
    const double beta = *o.beta.row(b, o.beta.heads == 1 ? 0 : h, t);
    for (int64_t j = 0; j < columns; ++j) {
      double known = 0;
      for (int64_t i = 0; i < rows; ++i) known += state[i * columns + j] * k[i];
      added[static_cast<size_t>(j)] = beta * (v[j] - known);
    }
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) state[i * columns + j] += k[i] * added[static_cast<size_t>(j)];
  }
}

Operands operands_of(const LinearAttention& attention, EvalContext& context) {
  for (const size_t i : {kQ, kK, kV, kDecay, kBeta}) {
    if (context.has(i) && context.tensor(i).rank() != 3) {
      fail(Code::kInvalidArgument, "linear_attention of {}", context.tensor(i).type_text());
    }
  }
  if (attention.kv_heads < 1 || attention.q_heads < 1 || attention.q_heads % attention.kv_heads != 0) {
    fail(Code::kInvalidArgument, "{} query heads share {} key heads", attention.q_heads, attention.kv_heads);
  }
  Operands o{split_heads(context.tensor(kQ), attention.q_heads, "query"),
             split_heads(context.tensor(kK), attention.kv_heads, "key"),
             split_heads(context.tensor(kV), attention.kv_heads, "value"),
             {},
             {}};
  if (is_gated(attention.rule)) o.decay = split_heads(context.tensor(kDecay), attention.kv_heads, "decay");
  if (is_delta(attention.rule)) {
    const Tensor& beta = context.tensor(kBeta);
    o.beta = split_heads(beta, beta.dim(-1) == 1 ? 1 : attention.kv_heads, "beta");
  }
  const auto same = [&](const Heads& x) { return x.batch == o.q.batch && x.length == o.q.length; };
  const bool fits = same(o.k) && same(o.v) && o.k.size == o.q.size &&
                    (!is_gated(attention.rule) || (same(o.decay) && (o.decay.size == 1 || o.decay.size == o.k.size))) &&
                    (!is_delta(attention.rule) || (same(o.beta) && o.beta.size == 1));
  if (!fits) fail(Code::kInvalidArgument, "operands of linear_attention do not fit");
  return o;
}

}  // namespace

static void infer(const LinearAttention& attention, InferContext& context) {
  const Fact &q = context.input(kQ), &k = context.input(kK), &v = context.input(kV);
  for (const Fact* fact : {&q, &k, &v}) {
    context.require(is_float(fact->dtype()) && (!fact->has_rank() || fact->rank() == 3), "linear_attention of {}",
                    fact->text());
  }
  context.require(attention.kv_heads > 0 && attention.q_heads > 0 && attention.q_heads % attention.kv_heads == 0,
                  "{} query heads share {} key heads", attention.q_heads, attention.kv_heads);
  context.require(context.has(kDecay) == is_gated(attention.rule) && context.has(kBeta) == is_delta(attention.rule),
                  "linear_attention of rule {} with{} decay and with{} beta", enum_name(attention.rule),
                  context.has(kDecay) ? "" : "out", context.has(kBeta) ? "" : "out");
  DimShape y = context.fresh_shape(3), state{y[0], attention.kv_heads, context.fresh_dim(), context.fresh_dim()};
  if (q.has_rank()) {
    y[0] = state[0] = (*q.shape)[0];
    y[1] = (*q.shape)[1];
    state[2] = Dim::floor_div((*q.shape)[2], attention.q_heads);
  }
  if (v.has_rank()) state[3] = Dim::floor_div((*v.shape)[2], attention.kv_heads);
  y[2] = state[3] * attention.q_heads;
  context.set_output(0, q.dtype(), std::move(y));
  context.set_output(1, context.has(kState) ? context.dtype(kState) : q.dtype(), std::move(state));
}

static void eval(const LinearAttention& attention, EvalContext& context) {
  const Operands o = operands_of(attention, context);
  Heads state{o.q.batch, attention.kv_heads, o.k.size, o.v.size, {}};
  state.values.assign(static_cast<size_t>(element_count(state.shape())), 0.0);
  DType state_type = context.tensor(kQ).dtype();
  if (context.has(kState)) {
    const Tensor& past = context.tensor(kState);
    if (past.shape() != state.shape()) {
      fail(Code::kInvalidArgument, "linear_attention with state {} instead of {}", past.type_text(),
           shape_text(state.shape()));
    }
    state.values = to_doubles(past);
    state_type = past.dtype();
  }
  const double scale = attention.scale != 0 ? attention.scale : 1 / std::sqrt(static_cast<double>(o.q.size));
  Heads y{o.q.batch, attention.q_heads, o.q.length, o.v.size, {}};
  y.values.assign(static_cast<size_t>(element_count(y.shape())), 0.0);
  const int64_t shared = attention.q_heads / attention.kv_heads;
  for (int64_t b = 0; b < y.batch; ++b) {
    for (int64_t t = 0; t < y.length; ++t) {
      for (int64_t h = 0; h < attention.kv_heads; ++h) update(attention, o, b, h, t, state.row(b, h, 0));
      for (int64_t h = 0; h < attention.q_heads; ++h) {
        const double *q = o.q.row(b, h, t), *matrix = state.row(b, h / shared, 0);
        double* out = y.row(b, h, t);
        for (int64_t i = 0; i < o.q.size; ++i) {
          for (int64_t j = 0; j < y.size; ++j) out[j] += scale * q[i] * matrix[i * y.size + j];
        }
      }
    }
  }
  write_doubles(context.output(0, context.tensor(kQ).dtype(), {y.batch, y.length, y.heads * y.size}), join_heads(y));
  write_doubles(context.output(1, state_type, state.shape()), state.values);
}

const OpDef LinearAttention::def = define_op<LinearAttention, infer, eval>(
    {"linear_attention", "y = S^T q with a state S that gains k v^T per token", 3, 6, 2, kNoTraits, {64, 8}});

}  // namespace ingot

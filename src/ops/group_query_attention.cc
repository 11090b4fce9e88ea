#include "ops/group_query_attention.h"

#include <algorithm>
#include <cmath>

#include "ops/eval.h"
#include "ops/heads.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

enum Input : size_t {
  kQ,
  kK,
  kV,
  kPastK,
  kPastV,
  kSeqlens,
  kTotal,
  kCos,
  kSin,
  kPositions,
  kBias,
  kSink,
  kQNorm,
  kKNorm
};

void check_heads(const GroupQueryAttention& op) {
  if (op.kv_heads < 1 || op.q_heads < 1 || op.q_heads % op.kv_heads != 0) {
    fail(Code::kInvalidModel, "{} query heads share {} key heads", op.q_heads, op.kv_heads);
  }
}

// Columns [first, first + count) of the last axis.
Tensor columns(const Tensor& x, int64_t first, int64_t count) {
  Shape shape = x.shape();
  const int64_t width = shape.back(), rows = width == 0 ? 0 : x.count() / width;
  shape.back() = count;
  Tensor result(x.dtype(), shape);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < count; ++c) copy_element(x, r * width + first + c, result, r * count + c);
  }
  return result;
}

struct Step {
  Heads q, k, v;                // of this step
  Heads all_k, all_v;           // the cache
  std::vector<int64_t> past;    // tokens before this step, per sequence
  std::vector<int64_t> length;  // tokens with it
  int64_t total = 0;
};

void read_operands(const GroupQueryAttention& op, const EvalContext& context, Step& step) {
  const Tensor& q = context.tensor(kQ);
  if (q.rank() != 3) fail(Code::kInvalidArgument, "queries are {}", q.type_text());
  if (context.has(kK) != context.has(kV)) fail(Code::kInvalidArgument, "keys without values");
  if (context.has(kK)) {
    step.q = split_heads(q, op.q_heads, "query");
    step.k = split_heads(context.tensor(kK), op.kv_heads, "key");
    step.v = split_heads(context.tensor(kV), op.kv_heads, "value");
  } else {
    const int64_t heads = op.q_heads + 2 * op.kv_heads, size = q.dim(2) / heads;
    if (q.dim(2) % heads != 0) fail(Code::kInvalidArgument, "packed operands {} of {} heads", q.type_text(), heads);
    step.q = split_heads(columns(q, 0, op.q_heads * size), op.q_heads, "query");
    step.k = split_heads(columns(q, op.q_heads * size, op.kv_heads * size), op.kv_heads, "key");
    step.v = split_heads(columns(q, (op.q_heads + op.kv_heads) * size, op.kv_heads * size), op.kv_heads, "value");
  }
  const Heads &k = step.k, &v = step.v;
  if (k.batch != step.q.batch || v.batch != k.batch || k.length != step.q.length || v.length != k.length ||
      k.size != step.q.size) {
    fail(Code::kInvalidArgument, "queries {}, keys {} and values {}", shape_text(step.q.shape()), shape_text(k.shape()),
         shape_text(v.shape()));
  }
}

void read_lengths(const EvalContext& context, Step& step) {
  if (context.tensor(kTotal).count() != 1) fail(Code::kInvalidArgument, "the total length is not one number");
  step.total = read_int(context.tensor(kTotal), 0);
  const std::vector<int64_t> seqlens = to_ints(context.tensor(kSeqlens));
  if (static_cast<int64_t>(seqlens.size()) != step.q.batch) {
    fail(Code::kInvalidArgument, "{} lengths for {} sequences", seqlens.size(), step.q.batch);
  }
  const int64_t tokens = step.q.length;
  if (step.total < tokens) fail(Code::kInvalidArgument, "{} tokens of {} in total", tokens, step.total);
  for (const int64_t last : seqlens) {
    if (last < 0 || last >= step.total) fail(Code::kInvalidArgument, "sequence length {} of {}", last, step.total);
    const bool prompt = step.total == tokens;
    step.length.push_back(last + 1);
    step.past.push_back(prompt ? 0 : last + 1 - tokens);
    if (step.past.back() < 0) fail(Code::kInvalidArgument, "{} new tokens in a sequence of {}", tokens, last + 1);
  }
}

// The past with the step's rows written behind each sequence's own past; zeros after that.
Heads extended_cache(const EvalContext& context, size_t input, const Step& step, const Heads& now) {
  Heads past{now.batch, now.heads, 0, now.size, {}};
  if (context.has(input)) past = split_heads(context.tensor(input), 0, "past");
  if (past.batch != now.batch || past.heads != now.heads || past.size != now.size) {
    fail(Code::kInvalidArgument, "a cache {} for {}", shape_text(past.shape()), shape_text(now.shape()));
  }
  Heads all{now.batch, now.heads, std::max(past.length, step.total), now.size, {}};
  if (element_count(all.shape()) > context.host().memory_budget)
    fail(Code::kOutOfMemory, "a cache of {}", shape_text(all.shape()));
  all.values.assign(static_cast<size_t>(element_count(all.shape())), 0.0);
  for (int64_t b = 0; b < now.batch; ++b) {
    const int64_t before = step.past[static_cast<size_t>(b)];
    if (before > past.length) fail(Code::kInvalidArgument, "{} past tokens in a cache of {}", before, past.length);
    for (int64_t h = 0; h < now.heads; ++h) {
      std::copy(past.row(b, h, 0), past.row(b, h, before), all.row(b, h, 0));
      std::copy(now.row(b, h, 0), now.row(b, h, now.length), all.row(b, h, before));
    }
  }
  return all;
}

void normalize(Heads& heads, const Tensor& weight, double epsilon) {
  if (weight.count() != heads.size)
    fail(Code::kInvalidArgument, "a norm of {} for heads of {}", weight.type_text(), heads.size);
  const std::vector<double> factors = to_doubles(weight);
  for (size_t first = 0; first < heads.values.size(); first += factors.size()) {
    double sum = 0;
    for (size_t d = 0; d < factors.size(); ++d) sum += heads.values[first + d] * heads.values[first + d];
    const double scale = 1 / std::sqrt(sum / static_cast<double>(heads.size) + epsilon);
    for (size_t d = 0; d < factors.size(); ++d) heads.values[first + d] *= scale * factors[d];
  }
}

void rotate(const GroupQueryAttention& op, const EvalContext& context, const Step& step, Heads& heads) {
  const Tensor &cos = context.tensor(kCos), &sin = context.tensor(kSin);
  if (cos.rank() != 2 || cos.shape() != sin.shape() || cos.dim(1) * 2 > heads.size) {
    fail(Code::kInvalidArgument, "rotation by {} and {} of heads of {}", cos.type_text(), sin.type_text(), heads.size);
  }
  const int64_t half = cos.dim(1);
  const Tensor* positions = context.has(kPositions) ? &context.tensor(kPositions) : nullptr;
  if (positions != nullptr && positions->count() != heads.batch * heads.length) {
    fail(Code::kInvalidArgument, "positions {} of {}", positions->type_text(), shape_text(heads.shape()));
  }
  for (int64_t b = 0; b < heads.batch; ++b) {
    for (int64_t t = 0; t < heads.length; ++t) {
      const int64_t position =
          positions != nullptr ? read_int(*positions, b * heads.length + t) : step.past[static_cast<size_t>(b)] + t;
      if (position < 0 || position >= cos.dim(0))
        fail(Code::kInvalidArgument, "position {} of {}", position, cos.dim(0));
      for (int64_t h = 0; h < heads.heads; ++h) {
        double* row = heads.row(b, h, t);
        for (int64_t i = 0; i < half; ++i) {
          double &x = row[op.interleaved ? 2 * i : i], &y = row[op.interleaved ? 2 * i + 1 : i + half];
          const double c = read_double(cos, position * half + i), s = read_double(sin, position * half + i);
          const double turned = x * c - y * s;
          y = x * s + y * c;
          x = turned;
        }
      }
    }
  }
}

class Scores {
 public:
  Scores(const GroupQueryAttention& op, const EvalContext& context, const Step& step)
      : op_(op), step_(step), scale_(op.scale != 0 ? op.scale : 1 / std::sqrt(static_cast<double>(step.q.size))) {
    const Shape shape{step.q.batch, op.q_heads, step.q.length, step.total};
    if (context.has(kBias)) {
      bias_ = to_doubles(context.tensor(kBias));
      strides_ = broadcast_strides(context.tensor(kBias).shape(), shape);
    }
    if (context.has(kSink)) sinks_ = to_doubles(context.tensor(kSink));
    if (context.has(kSink) && static_cast<int64_t>(sinks_.size()) != op.q_heads) {
      fail(Code::kInvalidArgument, "{} sinks for {} heads", sinks_.size(), op.q_heads);
    }
    if (op.smooth && sinks_.empty()) sinks_.assign(static_cast<size_t>(op.q_heads), 0.0);
  }

  // Probabilities of the keys that query i sees: the first one seen, and one number each from there. `scores`, unless
  // null, keeps what goes into the softmax.
  int64_t probabilities(int64_t b, int64_t h, int64_t i, std::vector<double>& row, std::vector<double>* scores) const {
    const int64_t position = step_.past[static_cast<size_t>(b)] + i, length = step_.length[static_cast<size_t>(b)];
    const int64_t end = op_.causal ? std::min(position + 1, std::max(length, step_.total)) : length;
    const int64_t first = op_.window > 0 ? std::max<int64_t>(0, position + 1 - op_.window) : 0;
    const double* q = step_.q.row(b, h, i);
    row.clear();
    for (int64_t j = first; j < end; ++j) {
      const double* k = step_.all_k.row(b, h / (op_.q_heads / op_.kv_heads), j);
      double x = 0;
      for (int64_t d = 0; d < step_.q.size; ++d) x += q[d] * k[d];
      x *= scale_;
      if (op_.softcap > 0) x = op_.softcap * std::tanh(x / op_.softcap);
      if (!strides_.empty()) {
        x += bias_[static_cast<size_t>(b * strides_[0] + h * strides_[1] + i * strides_[2] + j * strides_[3])];
      }
      row.push_back(x);
    }
    if (scores != nullptr) *scores = row;
    softmax(row, sinks_.empty() ? -INFINITY : sinks_[static_cast<size_t>(h)]);
    return first;
  }

 private:
  static void softmax(std::vector<double>& row, double sink) {
    double largest = sink, sum = 0;
    for (const double x : row) largest = std::fmax(largest, x);
    for (double& x : row) sum += x = std::exp(x - largest);
    if (sink != -INFINITY) sum += std::exp(sink - largest);
    for (double& x : row) x /= sum;
  }
  const GroupQueryAttention& op_;
  const Step& step_;
  double scale_;
  std::vector<double> bias_, sinks_;
  Shape strides_;
};

}  // namespace

static void infer(const GroupQueryAttention& op, InferContext& context) {
  check_heads(op);
  const Fact& q = context.input(kQ);
  context.require(is_float(q.dtype()), "attention of {}", dtype_name(q.dtype()));
  context.require(context.has(kK) == context.has(kV) && context.has(kPastK) == context.has(kPastV),
                  "attention takes keys and values together");
  context.require(!op.rotary || (context.has(kCos) && context.has(kSin)), "rotation needs its angles");
  context.require(!q.has_rank() || q.rank() == 3, "queries are {}", q.text());
  Dim batch = q.has_rank() ? (*q.shape)[0] : context.fresh_dim(),
      length = q.has_rank() ? (*q.shape)[1] : context.fresh_dim();
  const int64_t heads = op.q_heads + (context.has(kK) ? 0 : 2 * op.kv_heads);
  Dim size = context.fresh_dim();
  if (q.has_rank()) {
    const Dim& width = (*q.shape)[2];
    context.require(!width.is_constant() || *width.constant() % heads == 0, "{} heads in {}", heads, width.text());
    size = Dim::floor_div(width, heads);
  }
  const auto total = context.elements(kTotal);
  const Dim all = total && total->size() == 1 ? (*total)[0] : context.fresh_dim();
  Dim cache = all;
  if (context.has(kPastK)) {
    const auto& past = context.shape(kPastK);
    context.require(!past || past->size() == 4, "past keys are {}", context.input(kPastK).text());
    cache = past ? Dim::max((*past)[2], all) : context.fresh_dim();
  }
  context.set_output(0, q.dtype(), DimShape{batch, length, size * Dim(op.q_heads)});
  for (size_t i = 1; i < 3; ++i) context.set_output(i, q.dtype(), DimShape{batch, op.kv_heads, cache, size});
  if (op.qk != QkOutput::kNone) context.set_output(3, q.dtype(), DimShape{batch, op.q_heads, length, all});
}

static Step prepare(const GroupQueryAttention& op, const EvalContext& context) {
  check_heads(op);
  Step step;
  read_operands(op, context, step);
  read_lengths(context, step);
  if (context.has(kQNorm)) normalize(step.q, context.tensor(kQNorm), op.q_epsilon);
  if (context.has(kKNorm)) normalize(step.k, context.tensor(kKNorm), op.k_epsilon);
  if (op.rotary) {
    rotate(op, context, step, step.q);
    rotate(op, context, step, step.k);
  }
  step.all_k = extended_cache(context, kPastK, step, step.k);
  step.all_v = extended_cache(context, kPastV, step, step.v);
  return step;
}

static void eval(const GroupQueryAttention& op, EvalContext& context) {
  const Step step = prepare(op, context);
  const Scores scores(op, context, step);
  const DType dtype = context.tensor(kQ).dtype();
  Heads y{step.q.batch, op.q_heads, step.q.length, step.v.size, {}};
  y.values.assign(static_cast<size_t>(element_count(y.shape())), 0.0);
  Tensor qk;
  if (op.qk != QkOutput::kNone) qk = Tensor(dtype, {y.batch, y.heads, y.length, step.total});
  std::vector<double> row, before;
  for (int64_t b = 0; b < y.batch; ++b) {
    for (int64_t h = 0; h < y.heads; ++h) {
      if (context.host().check_cancelled) context.host().check_cancelled();
      for (int64_t i = 0; i < y.length; ++i) {
        const int64_t first = scores.probabilities(b, h, i, row, op.qk == QkOutput::kScores ? &before : nullptr);
        double* out = y.row(b, h, i);
        for (size_t j = 0; j < row.size(); ++j) {
          const int64_t key = first + static_cast<int64_t>(j);
          const double* v = step.all_v.row(b, h / (op.q_heads / op.kv_heads), key);
          for (int64_t d = 0; d < y.size; ++d) out[d] += row[j] * v[d];
          if (op.qk == QkOutput::kNone) continue;
          write_double(qk, ((b * y.heads + h) * y.length + i) * step.total + key,
                       op.qk == QkOutput::kScores ? before[j] : row[j]);
        }
      }
    }
  }
  write_doubles(context.output(0, dtype, {y.batch, y.length, y.heads * y.size}), join_heads(y));
  write_doubles(context.output(1, dtype, step.all_k.shape()), step.all_k.values);
  write_doubles(context.output(2, dtype, step.all_v.shape()), step.all_v.values);
  if (op.qk != QkOutput::kNone) context.set_output(3, std::move(qk));
}

const OpDef GroupQueryAttention::def = define_op<GroupQueryAttention, infer, eval>(
    {"group_query_attention", "attention over a key-value cache that the step extends", 1, 14, -1});

}  // namespace ingot

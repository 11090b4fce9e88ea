#include "ops/attention.h"

#include <algorithm>
#include <cmath>

#include "ops/eval.h"
#include "ops/heads.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

enum Input : size_t { kQ, kK, kV, kMask, kPastK, kPastV, kLengths };

// `past` before `now` along the length.
Heads concatenated(const Heads& past, Heads now) {
  if (past.batch != now.batch || past.heads != now.heads || past.size != now.size) {
    fail(Code::kInvalidArgument, "attention with past {} and new keys or values {}", shape_text(past.shape()),
         shape_text(now.shape()));
  }
  Heads all{now.batch, now.heads, past.length + now.length, now.size, {}};
  all.values.resize(past.values.size() + now.values.size());
  for (int64_t b = 0; b < all.batch; ++b) {
    for (int64_t h = 0; h < all.heads; ++h) {
      std::copy(past.row(b, h, 0), past.row(b, h, past.length), all.row(b, h, 0));
      std::copy(now.row(b, h, 0), now.row(b, h, now.length), all.row(b, h, past.length));
    }
  }
  return all;
}

// What is added to the scores [b, hq, s, t]; -inf hides a key.
class Bias {
 public:
  Bias(const Attention& attention, EvalContext& context, const Shape& scores, int64_t past)
      : causal_(attention.causal), past_(past), seen_(scores[3]) {
    if (context.has(kLengths)) {
      lengths_ = to_ints(context.tensor(kLengths));
      if (static_cast<int64_t>(lengths_.size()) != scores[0]) {
        fail(Code::kInvalidArgument, "{} lengths for {} sequences", lengths_.size(), scores[0]);
      }
    }
    if (!context.has(kMask)) return;
    const Tensor& mask = context.tensor(kMask);
    const bool boolean = mask.dtype() == DType::kBool;
    values_ = to_doubles(mask);
    for (double& value : values_) {
      if (boolean) value = value != 0 ? 0 : -INFINITY;
    }
    Shape wanted = scores;
    if (mask.rank() > 0 && mask.dim(-1) < scores[3] && mask.dim(-1) != 1) seen_ = wanted[3] = mask.dim(-1);
    strides_ = broadcast_strides(mask.shape(), wanted);
  }

  double at(int64_t b, int64_t h, int64_t i, int64_t j) const {
    if (causal_ && j > i + past_) return -INFINITY;
    if (!lengths_.empty() && j >= lengths_[static_cast<size_t>(b)]) return -INFINITY;
    if (strides_.empty()) return 0;
    if (j >= seen_) return -INFINITY;
    return values_[static_cast<size_t>(b * strides_[0] + h * strides_[1] + i * strides_[2] + j * strides_[3])];
  }

 private:
  bool causal_;
  int64_t past_, seen_;
  std::vector<int64_t> lengths_;
  std::vector<double> values_;
  Shape strides_;
};

void softmax(std::span<double> row) {
  double largest = -INFINITY, sum = 0;
  for (const double x : row) largest = std::fmax(largest, x);
  for (double& x : row) sum += x = std::exp(x - largest);
  for (double& x : row) x /= sum;
}

struct Operands {
  Heads q, k, v;
  int64_t past = 0;
};

Operands operands_of(const Attention& attention, EvalContext& context) {
  Operands o{split_heads(context.tensor(kQ), attention.q_heads, "query"),
             split_heads(context.tensor(kK), attention.kv_heads, "key"),
             split_heads(context.tensor(kV), attention.kv_heads, "value")};
  if (context.has(kPastK) != context.has(kPastV)) fail(Code::kInvalidArgument, "attention with half a cache");
  if (context.has(kPastK)) {
    const Heads past_k = split_heads(context.tensor(kPastK), 0, "past key");
    o.past = past_k.length;
    o.k = concatenated(past_k, std::move(o.k));
    o.v = concatenated(split_heads(context.tensor(kPastV), 0, "past value"), std::move(o.v));
  }
  if (o.k.batch != o.q.batch || o.v.batch != o.q.batch || o.k.size != o.q.size || o.k.heads != o.v.heads ||
      o.k.length != o.v.length || o.k.heads == 0 || o.q.heads % o.k.heads != 0) {
    fail(Code::kInvalidArgument, "attention of queries {}, keys {} and values {}", shape_text(o.q.shape()),
         shape_text(o.k.shape()), shape_text(o.v.shape()));
  }
  return o;
}

// Scores of one query against all keys, kept in `kept` at the wanted stage, as probabilities in `row`.
void score_row(const Attention& attention, const Operands& o, const Bias& bias, double scale, int64_t b, int64_t h,
               int64_t i, std::span<double> row, double* kept) {
  const int64_t kv_head = h / (o.q.heads / o.k.heads);
  const double* q = o.q.row(b, h, i);
  const auto keep = [&](AttentionScores stage) {
    if (kept != nullptr && attention.scores == stage) std::copy(row.begin(), row.end(), kept);
  };
  for (size_t j = 0; j < row.size(); ++j) {
    const double* k = o.k.row(b, kv_head, static_cast<int64_t>(j));
    double sum = 0;
    for (int64_t d = 0; d < o.q.size; ++d) sum += q[d] * k[d];
    row[j] = sum * scale;
  }
  keep(AttentionScores::kRaw);
  for (double& x : row) {
    if (attention.softcap > 0) x = attention.softcap * std::tanh(x / attention.softcap);
  }
  keep(AttentionScores::kCapped);
  for (size_t j = 0; j < row.size(); ++j) row[j] += bias.at(b, h, i, static_cast<int64_t>(j));
  keep(AttentionScores::kMasked);
  if (attention.unseen_is_zero && std::all_of(row.begin(), row.end(), [](double x) { return x == -INFINITY; })) {
    std::fill(row.begin(), row.end(), 0.0);
  } else {
    softmax(row);
  }
  for (double& x : row) {
    if (attention.nan_is_zero && std::isnan(x)) x = 0;
  }
  keep(AttentionScores::kProbabilities);
}

struct HeadDims {
  Dim batch, heads, length, size;
};

// Sizes of an operand of rank 3 or 4; fresh where nothing is known.
HeadDims head_dims(InferContext& context, size_t index, int64_t heads) {
  HeadDims dims{context.fresh_dim(), context.fresh_dim(), context.fresh_dim(), context.fresh_dim()};
  if (heads > 0) dims.heads = heads;
  const auto& shape = context.shape(index);
  if (!shape) return dims;
  context.require(shape->size() == 3 || shape->size() == 4, "attention of {}", context.input(index).text());
  if (shape->size() == 4) return {(*shape)[0], (*shape)[1], (*shape)[2], (*shape)[3]};
  context.require(heads > 0, "attention of {} needs a number of heads", context.input(index).text());
  const auto width = (*shape)[2].constant();
  context.require(!width || *width % heads == 0, "attention of {} in {} heads", context.input(index).text(), heads);
  return {(*shape)[0], heads, (*shape)[1], Dim::floor_div((*shape)[2], heads)};
}

}  // namespace

static void infer(const Attention& attention, InferContext& context) {
  const DType dtype = context.dtype(kQ);
  context.require(is_float(dtype) && is_float(context.dtype(kK)) && is_float(context.dtype(kV)),
                  "attention takes floating-point elements, got {}", dtype_name(dtype));
  context.require(context.has(kPastK) == context.has(kPastV), "attention takes past keys and values together");
  const HeadDims q = head_dims(context, kQ, attention.q_heads), k = head_dims(context, kK, attention.kv_heads),
                 v = head_dims(context, kV, attention.kv_heads);
  unify(q.size, k.size, "head sizes of queries and keys");
  unify(k.heads, v.heads, "heads of keys and values");
  const auto q_heads = q.heads.constant(), kv_heads = k.heads.constant();
  context.require(!q_heads || !kv_heads || (*kv_heads > 0 && *q_heads % *kv_heads == 0),
                  "{} query heads share {} key heads", q_heads.value_or(0), kv_heads.value_or(0));
  Dim total = unify(k.length, v.length, "lengths of keys and values");
  if (context.has(kPastK)) {
    const auto& past = context.shape(kPastK);
    context.require(!past || past->size() == 4, "past keys {}", context.input(kPastK).text());
    total = (past ? (*past)[2] : context.fresh_dim()) + total;
  }
  const Dim batch = unify(q.batch, k.batch, "batches of queries and keys");
  if (!context.shape(kQ)) {
    context.set_output(0, dtype, std::nullopt);
  } else if (context.input(kQ).rank() == 4) {
    context.set_output(0, dtype, DimShape{batch, q.heads, q.length, v.size});
  } else {
    context.set_output(0, dtype, DimShape{batch, q.length, q.heads * v.size});
  }
  if (attention.output_count > 1) context.set_output(1, context.dtype(kK), DimShape{batch, k.heads, total, k.size});
  if (attention.output_count > 2) context.set_output(2, context.dtype(kV), DimShape{batch, v.heads, total, v.size});
  if (attention.output_count > 3) context.set_output(3, dtype, DimShape{batch, q.heads, q.length, total});
}

static void eval(const Attention& attention, EvalContext& context) {
  const Operands o = operands_of(attention, context);
  const Shape scores{o.q.batch, o.q.heads, o.q.length, o.k.length};
  const Bias bias(attention, context, scores, o.past);
  const double scale = attention.scale != 0 ? attention.scale : 1 / std::sqrt(static_cast<double>(o.q.size));
  Heads y{o.q.batch, o.q.heads, o.q.length, o.v.size, {}};
  y.values.assign(static_cast<size_t>(element_count(y.shape())), 0.0);
  std::vector<double> kept(attention.output_count > 3 ? static_cast<size_t>(element_count(scores)) : 0);
  std::vector<double> row(static_cast<size_t>(o.k.length));
  for (int64_t b = 0; b < o.q.batch; ++b) {
    for (int64_t h = 0; h < o.q.heads; ++h) {
      if (context.host().check_cancelled) context.host().check_cancelled();
      const int64_t kv_head = h / (o.q.heads / o.k.heads);
      for (int64_t i = 0; i < o.q.length; ++i) {
        score_row(attention, o, bias, scale, b, h, i, row,
                  kept.empty() ? nullptr : kept.data() + ((b * o.q.heads + h) * o.q.length + i) * o.k.length);
        double* out = y.row(b, h, i);
        for (size_t j = 0; j < row.size(); ++j) {
          const double* v = o.v.row(b, kv_head, static_cast<int64_t>(j));
          for (int64_t d = 0; row[j] != 0 && d < o.v.size; ++d) out[d] += row[j] * v[d];
        }
      }
    }
  }
  const DType dtype = context.tensor(kQ).dtype();
  if (context.tensor(kQ).rank() == 4) {
    write_doubles(context.output(0, dtype, y.shape()), y.values);
  } else {
    write_doubles(context.output(0, dtype, {y.batch, y.length, y.heads * y.size}), join_heads(y));
  }
  const int64_t outputs = attention.output_count;
  if (outputs > 1) write_doubles(context.output(1, context.tensor(kK).dtype(), o.k.shape()), o.k.values);
  if (outputs > 2) write_doubles(context.output(2, context.tensor(kV).dtype(), o.v.shape()), o.v.values);
  if (outputs > 3) write_doubles(context.output(3, dtype, scores), kept);
}

const OpDef Attention::def = define_op<Attention, infer, eval>(
    {"attention", "softmax(q k^T * scale + mask) v per head", 3, 7, -1, kNoTraits, {16, 4}});

}  // namespace ingot

#include "ops/score_transform.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ops/eval.h"
#include "ops/infer.h"

namespace ingot {
namespace {

// Winitzki's approximation of the inverse error function, which ONNX runtimes share.
float probit(float score) {
  const double x = 2 * static_cast<double>(score) - 1;
  const double log = std::log((1 - x) * (1 + x));
  const double v = 2 / (std::numbers::pi * 0.147) + 0.5 * log;
  const double root = std::sqrt(-v + std::sqrt(v * v - log / 0.147));
  return static_cast<float>(std::numbers::sqrt2 * (x < 0 ? -root : root));
}

float logistic(float score) {
  const float value = 1 / (1 + std::exp(-std::abs(score)));
  return score < 0 ? 1 - value : value;
}

void softmax(std::vector<float>& row, bool zeros_stay) {
  const float largest = *std::max_element(row.begin(), row.end());
  float sum = 0;
  for (float& score : row) {
    const bool zero = zeros_stay && std::abs(score) <= 1e-7f;
    score = zero ? score * std::exp(-largest) : std::exp(score - largest);
    sum += score;
  }
  for (float& score : row) score = sum == 0 ? (zeros_stay ? 0.5f : 0.0f) : score / sum;
}

void transform_all(PostTransform transform, std::vector<float>& row) {
  switch (transform) {
    case PostTransform::kNone: return;
    case PostTransform::kSoftmax: return softmax(row, false);
    case PostTransform::kSoftmaxZero: return softmax(row, true);
    case PostTransform::kLogistic: std::transform(row.begin(), row.end(), row.begin(), logistic); return;
    case PostTransform::kProbit: std::transform(row.begin(), row.end(), row.begin(), probit); return;
  }
}

}  // namespace

void apply_score_transform(const ScoreTransform& op, std::vector<float>& row) {
  if (row.empty()) return;
  if (row.size() > 1) return transform_all(op.transform, row);
  if (op.second == SecondClass::kNone) {
    if (op.transform == PostTransform::kProbit) row[0] = probit(row[0]);
    return;
  }
  // Softmax does not touch a pair made from one score; the logistic function makes the pair itself.
  const bool complement = op.second == SecondClass::kComplement && op.transform != PostTransform::kLogistic;
  row = {complement ? 1 - row[0] : -row[0], row[0]};
  if (op.transform == PostTransform::kLogistic || op.transform == PostTransform::kProbit)
    transform_all(op.transform, row);
}

static void infer(const ScoreTransform& op, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.dtype() == DType::kF32, "scores are {}", dtype_name(x.dtype()));
  if (!x.has_rank()) return context.set_output(0, DType::kF32, std::nullopt);
  context.require(x.rank() == 2, "scores are {}", x.text());
  DimShape shape = *x.shape;
  const bool grows = op.second != SecondClass::kNone;
  if (grows) shape[1] = !shape[1].is_constant() ? context.fresh_dim() : shape[1].is(1) ? Dim(2) : shape[1];
  context.set_output(0, DType::kF32, std::move(shape));
}

static void eval(const ScoreTransform& op, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (x.rank() != 2) fail(Code::kInvalidArgument, "scores are {}", x.type_text());
  const auto columns = static_cast<size_t>(x.dim(1));
  std::vector<float> result, row;
  for (int64_t n = 0; n < x.dim(0); ++n) {
    const float* first = x.data<float>() + n * x.dim(1);
    row.assign(first, first + columns);
    apply_score_transform(op, row);
    result.insert(result.end(), row.begin(), row.end());
  }
  std::vector<float> sample(columns);
  apply_score_transform(op, sample);
  Tensor& y = context.output(0, DType::kF32, {x.dim(0), static_cast<int64_t>(sample.size())});
  std::copy(result.begin(), result.end(), y.mutable_data<float>());
}

const OpDef ScoreTransform::def = define_op<ScoreTransform, infer, eval>(
    {"score_transform", "raw scores of a classical model to what it reports", 1, 1, 1});

}  // namespace ingot

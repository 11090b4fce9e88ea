#include "ops/svm.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

constexpr int64_t kMaxClasses = 1 << 12;

[[noreturn]] void broken(const char* what) {
  fail(Code::kInvalidModel, "the support vector machine is broken: {}", what);
}

int64_t pair_count(const Svm& svm) { return svm.classes * (svm.classes - 1) / 2; }
bool has_probabilities(const Svm& svm) { return svm.vector_count > 0 && !svm.prob_a.empty(); }

void check_classifier(const Svm& svm) {
  const auto count = [](const auto& list) { return static_cast<int64_t>(list.size()); };
  if (svm.vector_count == 0) {
    if (count(svm.coefficients) % svm.classes != 0) broken("the number of coefficients");
    return;
  }
  if (count(svm.vectors_per_class) != svm.classes) broken("vectors per class");
  int64_t total = 0;
  for (const int64_t each : svm.vectors_per_class) {
    if (each < 0 || each > svm.vector_count) broken("vectors per class");
    total += each;
  }
  if (total != svm.vector_count) broken("vectors per class");
  if (count(svm.coefficients) < (svm.classes - 1) * svm.vector_count) broken("the number of coefficients");
  if (count(svm.rho) < pair_count(svm)) broken("the number of offsets");
  if (has_probabilities(svm) && (count(svm.prob_a) < pair_count(svm) || count(svm.prob_b) < pair_count(svm))) {
    broken("the number of probability coefficients");
  }
}

void check_tables(const Svm& svm) {
  if (svm.rho.empty()) broken("no offset");
  if (svm.classes < 0 || svm.classes > kMaxClasses || svm.vector_count < 0) broken("the number of classes or vectors");
  if (svm.vector_count > 0 && svm.vectors.size() % static_cast<size_t>(svm.vector_count) != 0) {
    broken("vectors of different lengths");
  }
  if (svm.classes > 0) {
    check_classifier(svm);
  } else if (svm.vector_count > static_cast<int64_t>(svm.coefficients.size())) {
    broken("the number of coefficients");
  }
}

double kernel(const Svm& svm, std::span<const double> u, const double* v) {
  double dot = 0, distance = 0;
  for (size_t i = 0; i < u.size(); ++i) {
    dot += u[i] * v[i];
    distance += (u[i] - v[i]) * (u[i] - v[i]);
  }
  switch (svm.kernel) {
    case SvmKernel::kPoly: return std::pow(svm.gamma * dot + svm.coef0, svm.degree);
    case SvmKernel::kRbf: return std::exp(-svm.gamma * distance);
    case SvmKernel::kSigmoid: return std::tanh(svm.gamma * dot + svm.coef0);
    default: return dot;
  }
}

std::vector<double> kernels(const Svm& svm, std::span<const double> x) {
  std::vector<double> values;
  for (int64_t j = 0; j < svm.vector_count; ++j) {
    values.push_back(kernel(svm, x, svm.vectors.data() + static_cast<size_t>(j) * x.size()));
  }
  return values;
}

double regress(const Svm& svm, std::span<const double> x) {
  double sum = svm.rho[0];
  if (svm.vector_count > 0) {
    const auto values = kernels(svm, x);
    for (size_t j = 0; j < values.size(); ++j) sum += svm.coefficients[j] * values[j];
  } else {
    for (size_t i = 0; i < x.size(); ++i) sum += svm.coefficients[i] * x[i];
  }
  return svm.one_class ? (sum > 0 ? 1 : -1) : sum;
}

// One decision per pair of classes, and the votes that each class wins by them.
std::vector<double> decide_pairs(const Svm& svm, std::span<const double> x, std::vector<double>& votes) {
  const auto values = kernels(svm, x);
  std::vector<size_t> begins{0};
  for (const int64_t each : svm.vectors_per_class) begins.push_back(begins.back() + static_cast<size_t>(each));
  const auto weighted = [&](size_t row, size_t group) {
    const double* coefficients = svm.coefficients.data() + row * values.size();
    double sum = 0;
    for (size_t v = begins[group]; v < begins[group + 1]; ++v) sum += coefficients[v] * values[v];
    return sum;
  };
  const auto classes = static_cast<size_t>(svm.classes);
  votes.assign(classes, 0);
  std::vector<double> decisions;
  for (size_t i = 0; i < classes; ++i) {
    for (size_t j = i + 1; j < classes; ++j) {
      decisions.push_back(svm.rho[decisions.size()] + weighted(j - 1, i) + weighted(i, j));
      ++votes[decisions.back() > 0 ? i : j];
    }
  }
  return decisions;
}

// Class probabilities p from pairwise ones r: the minimum of sum over i != j of (r[j][i] p[i] - r[i][j] p[j])^2 with
// sum p = 1, by coordinate descent (Wu, Lin, Weng 2004, second method).
std::vector<double> couple(const std::vector<std::vector<double>>& r) {
  const size_t k = r.size();
  std::vector<std::vector<double>> q(k, std::vector<double>(k, 0));
  for (size_t t = 0; t < k; ++t) {
    for (size_t j = 0; j < k; ++j) {
      if (j == t) continue;
      q[t][t] += r[j][t] * r[j][t];
      q[t][j] = -r[j][t] * r[t][j];
    }
  }
  std::vector<double> p(k, 1 / static_cast<double>(k)), qp(k);
  for (size_t iteration = 0; iteration < std::max<size_t>(100, k); ++iteration) {
    double pqp = 0, error = 0;
    for (size_t t = 0; t < k; ++t) {
      qp[t] = std::inner_product(q[t].begin(), q[t].end(), p.begin(), 0.0);
      pqp += p[t] * qp[t];
    }
    for (size_t t = 0; t < k; ++t) error = std::max(error, std::abs(qp[t] - pqp));
    if (error < 0.005 / static_cast<double>(k)) break;
    for (size_t t = 0; t < k; ++t) {
      const double step = (pqp - qp[t]) / q[t][t];
      p[t] += step;
      pqp = (pqp + step * (step * q[t][t] + 2 * qp[t])) / ((1 + step) * (1 + step));
      for (size_t j = 0; j < k; ++j) {
        qp[j] = (qp[j] + step * q[t][j]) / (1 + step);
        p[j] /= 1 + step;
      }
    }
  }
  return p;
}

std::vector<double> probabilities(const Svm& svm, const std::vector<double>& decisions) {
  const auto classes = static_cast<size_t>(svm.classes);
  std::vector<std::vector<double>> pairwise(classes, std::vector<double>(classes, 0));
  size_t pair = 0;
  for (size_t i = 0; i < classes; ++i) {
    for (size_t j = i + 1; j < classes; ++j, ++pair) {
      const double value = 1 / (1 + std::exp(decisions[pair] * svm.prob_a[pair] + svm.prob_b[pair]));
      pairwise[i][j] = std::clamp(value, 1e-7, 1 - 1e-7);
      pairwise[j][i] = 1 - pairwise[i][j];
    }
  }
  return couple(pairwise);
}

// The class index; `row` becomes the scores.
int64_t classify(const Svm& svm, std::span<const double> x, std::vector<float>& row) {
  std::vector<double> scores, votes;
  if (svm.vector_count > 0) {
    scores = decide_pairs(svm, x, votes);
    if (has_probabilities(svm)) scores = probabilities(svm, scores);
  } else {
    for (size_t j = 0; j < static_cast<size_t>(svm.classes); ++j) {
      scores.push_back(std::inner_product(x.begin(), x.end(),
                                          svm.coefficients.begin() + static_cast<int64_t>(j * x.size()), svm.rho[0]));
    }
  }
  row.assign(scores.begin(), scores.end());
  const auto& ranking = votes.empty() ? scores : votes;
  if (ranking.empty()) broken("no class");
  const auto best = std::max_element(ranking.begin(), ranking.end());
  int64_t label = best - ranking.begin();
  SecondClass second = SecondClass::kNone;
  if (svm.rho.size() == 1 && svm.classes == 2) {
    second = SecondClass::kNegative;
    const bool positive =
        std::all_of(svm.coefficients.begin(), svm.coefficients.end(), [](double c) { return c >= 0; });
    if (!has_probabilities(svm) && positive && *best >= 0.5) label = 1;
  } else if (svm.classes == 1) {
    label = *best > 0 ? 1 : 0;
  }
  apply_score_transform({svm.transform, second}, row);
  return label;
}

int64_t score_columns(const Svm& svm) {
  if (svm.classes == 0) return 1;
  const int64_t columns = svm.vector_count == 0 || has_probabilities(svm) ? svm.classes : pair_count(svm);
  return svm.rho.size() == 1 && svm.classes == 2 && columns == 1 ? 2 : columns;
}

int64_t feature_count(const Svm& svm) {
  if (svm.vector_count > 0) return static_cast<int64_t>(svm.vectors.size()) / svm.vector_count;
  return static_cast<int64_t>(svm.coefficients.size()) / std::max<int64_t>(svm.classes, 1);
}

}  // namespace

static void infer(const Svm& svm, InferContext& context) {
  check_tables(svm);
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor() && (is_float(x.dtype()) || is_int(x.dtype())), "a support vector machine on {}",
                  x.text());
  context.require(!x.has_rank() || x.rank() == 2 || x.rank() == 1, "a support vector machine on {}", x.text());
  if (x.has_rank()) unify(x.shape->back(), feature_count(svm), "features of data and support vectors");
  const Dim rows = !x.has_rank() ? context.fresh_dim() : x.rank() == 2 ? (*x.shape)[0] : Dim(1);
  if (svm.classes > 0) context.set_output(0, DType::kI64, DimShape{rows});
  context.set_output(svm.classes > 0 ? 1 : 0, DType::kF32, DimShape{rows, score_columns(svm)});
}

static void eval(const Svm& svm, EvalContext& context) {
  check_tables(svm);
  const Tensor& x = context.tensor(0);
  if (x.rank() < 1 || x.rank() > 2 || x.dim(-1) != feature_count(svm)) {
    fail(Code::kInvalidArgument, "a support vector machine of {} features on {}", feature_count(svm), x.type_text());
  }
  const int64_t rows = x.rank() == 2 ? x.dim(0) : 1;
  const auto features = static_cast<size_t>(x.dim(-1));
  const std::vector<double> values = to_doubles(x);
  const bool classifier = svm.classes > 0;
  const auto columns = static_cast<size_t>(score_columns(svm));
  Tensor labels(DType::kI64, {classifier ? rows : 0});
  Tensor& scores = context.output(classifier ? 1 : 0, DType::kF32, {rows, static_cast<int64_t>(columns)});
  std::vector<float> row;
  for (size_t n = 0; n < static_cast<size_t>(rows); ++n) {
    if (context.host().check_cancelled) context.host().check_cancelled();
    const std::span<const double> point(values.data() + n * features, features);
    if (classifier) {
      labels.mutable_data<int64_t>()[n] = classify(svm, point, row);
    } else {
      row = {static_cast<float>(regress(svm, point))};
      apply_score_transform({svm.transform, SecondClass::kNone}, row);
    }
    row.resize(columns);
    std::copy(row.begin(), row.end(), scores.mutable_data<float>() + n * columns);
  }
  if (classifier) context.set_output(0, std::move(labels));
}

const OpDef Svm::def = define_op<Svm, infer, eval>(
    {"svm", "a support vector machine: regression, or classes by one against one", 1, 1, -1});

}  // namespace ingot

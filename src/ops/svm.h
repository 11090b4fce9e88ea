// Support vector machines.
#pragma once
#include "ops/op.h"
#include "ops/score_transform.h"

namespace ingot {

enum class SvmKernel : uint8_t { kLinear, kPoly, kRbf, kSigmoid };
template <> struct EnumNames<SvmKernel> {
  static constexpr const char* kNames[] = {"linear", "poly", "rbf", "sigmoid"};
};

// x: [n, f] or [f] (numbers). kernel: u.v, (gamma u.v + coef0)^degree, exp(-gamma |u-v|^2), tanh(gamma u.v + coef0).
// Regression (classes 0): sum coefficients[j] kernel(x, vectors[j]) + rho[0] as f32[n, 1], without vectors
// x.coefficients
// + rho[0]; `one_class`: its sign. Classification: outputs are the class index (i64[n]) and scores (f32[n, e]), one per
// pair of classes (one-against-one), or per class with probabilities (prob_a, prob_b), or without vectors.
struct Svm {
  SvmKernel kernel = SvmKernel::kLinear;
  double gamma = 0, coef0 = 0, degree = 0;
  std::vector<double> coefficients, vectors, rho, prob_a, prob_b;
  std::vector<int64_t> vectors_per_class;  // classification with vectors
  int64_t vector_count = 0, classes = 0;
  bool one_class = false;
  PostTransform transform = PostTransform::kNone;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("kernel", &Svm::kernel), field("gamma", &Svm::gamma), field("coef0", &Svm::coef0),
                           field("degree", &Svm::degree), field("coefficients", &Svm::coefficients),
                           field("vectors", &Svm::vectors), field("rho", &Svm::rho), field("prob_a", &Svm::prob_a),
                           field("prob_b", &Svm::prob_b), field("vectors_per_class", &Svm::vectors_per_class),
                           field("vector_count", &Svm::vector_count), field("classes", &Svm::classes),
                           field("one_class", &Svm::one_class), field("transform", &Svm::transform));
  }
};

}  // namespace ingot

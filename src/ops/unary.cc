#include "ops/unary.h"

#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

enum class Domain { kFloat, kNumber, kInt, kBool };

Domain domain_of(UnaryFn fn) {
  switch (fn) {
    case UnaryFn::kNot: return Domain::kBool;
    case UnaryFn::kBitwiseNot: return Domain::kInt;
    case UnaryFn::kAbs:
    case UnaryFn::kNeg:
    case UnaryFn::kSign:
    case UnaryFn::kRelu:
    case UnaryFn::kErf:
    case UnaryFn::kShrink: return Domain::kNumber;
    default: return Domain::kFloat;
  }
}

bool accepts(UnaryFn fn, DType dtype) {
  switch (domain_of(fn)) {
    case Domain::kBool: return dtype == DType::kBool;
    case Domain::kInt: return is_int(dtype);
    case Domain::kNumber: return is_int(dtype) || is_float(dtype);
    case Domain::kFloat: return is_float(dtype);
  }
  return false;
}

bool tests_float(UnaryFn fn) { return fn == UnaryFn::kIsNan || fn == UnaryFn::kIsInf; }

std::optional<DimShape> unary_elements(UnaryFn fn, const std::optional<DimShape>& x) {
  if (fn == UnaryFn::kFloor || fn == UnaryFn::kCeil || fn == UnaryFn::kRound) return x;  // they are whole
  if (!x || (fn != UnaryFn::kNeg && fn != UnaryFn::kAbs && fn != UnaryFn::kRelu)) return std::nullopt;
  DimShape result;
  for (const Dim& each : *x) {
    if (fn == UnaryFn::kNeg) {
      result.push_back(each * Dim(-1));
    } else if (each.known_non_negative()) {
      result.push_back(each);
    } else if (fn == UnaryFn::kRelu) {
      result.push_back(Dim::max(each, 0));
    } else if (each.is_constant()) {
      result.push_back(each * Dim(-1));
    } else {
      return std::nullopt;
    }
  }
  return result;
}

double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
// NaN stays NaN.
double clamp(double x, double low, double high) { return x < low ? low : x > high ? high : x; }
double silu(double x, double alpha) { return std::isinf(x) && x * alpha < 0 ? 0 : x * sigmoid(alpha * x); }

double apply_plain(UnaryFn fn, double x) {
  switch (fn) {
    case UnaryFn::kAbs: return std::fabs(x);
    case UnaryFn::kAcos: return std::acos(x);
    case UnaryFn::kAcosh: return std::acosh(x);
    case UnaryFn::kAsin: return std::asin(x);
    case UnaryFn::kAsinh: return std::asinh(x);
    case UnaryFn::kAtan: return std::atan(x);
    case UnaryFn::kAtanh: return std::atanh(x);
    case UnaryFn::kCeil: return std::ceil(x);
    case UnaryFn::kCos: return std::cos(x);
    case UnaryFn::kCosh: return std::cosh(x);
    case UnaryFn::kErf: return std::erf(x);
    case UnaryFn::kExp: return std::exp(x);
    case UnaryFn::kFloor: return std::floor(x);
    case UnaryFn::kNeg: return -x;
    case UnaryFn::kReciprocal: return 1 / x;
    case UnaryFn::kRound: return std::nearbyint(x);
    case UnaryFn::kSign: return x > 0 ? 1 : x < 0 ? -1 : x;
    case UnaryFn::kSin: return std::sin(x);
    case UnaryFn::kSinh: return std::sinh(x);
    case UnaryFn::kSqrt: return std::sqrt(x);
    case UnaryFn::kTan: return std::tan(x);
    case UnaryFn::kTanh: return std::tanh(x);
    case UnaryFn::kLog: return std::log(x);
    case UnaryFn::kRelu: return x < 0 ? 0 : x;
    case UnaryFn::kSigmoid: return sigmoid(x);
    case UnaryFn::kSoftplus: return softplus(x);
    case UnaryFn::kSoftsign: return x / (1 + std::fabs(x));
    case UnaryFn::kMish: return std::isinf(x) && x < 0 ? 0 : x * std::tanh(softplus(x));
    case UnaryFn::kHardSwish: return x * clamp(x / 6 + 0.5, 0, 1);
    case UnaryFn::kGelu: return x / 2 * std::erfc(-x / std::sqrt(2.0));
    case UnaryFn::kGeluTanh: return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    default: fail(Code::kInternal, "{} is no function of one number", enum_name(fn));
  }
}

}  // namespace

double apply_unary(const Unary& unary, double x) {
  const double alpha = unary.alpha, beta = unary.beta;
  switch (unary.fn) {
    case UnaryFn::kIsNan: return std::isnan(x);
    case UnaryFn::kIsInf: return std::isinf(x) && (x > 0 ? alpha != 0 : beta != 0);
    case UnaryFn::kSilu: return silu(x, alpha);
    case UnaryFn::kElu: return x < 0 ? alpha * std::expm1(x) : x;
    case UnaryFn::kCelu: return x < 0 ? alpha * std::expm1(x / alpha) : x;
    case UnaryFn::kSelu: return beta * (x < 0 ? alpha * std::expm1(x) : x);
    case UnaryFn::kLeakyRelu: return x < 0 ? alpha * x : x;
    case UnaryFn::kThresholdedRelu: return x > alpha ? x : 0;
    case UnaryFn::kHardSigmoid: return clamp(alpha * x + beta, 0, 1);
    case UnaryFn::kShrink: return x < -alpha ? x + beta : x > alpha ? x - beta : std::isnan(x) ? x : 0;
    default: return apply_plain(unary.fn, x);
  }
}

namespace {

// Exact on every integer type: results wrap to the type's width when stored.
int64_t apply_integer(UnaryFn fn, int64_t x, bool is_signed) {
  const auto negated = static_cast<int64_t>(-static_cast<uint64_t>(x));
  switch (fn) {
    case UnaryFn::kAbs: return is_signed && x < 0 ? negated : x;
    case UnaryFn::kNeg: return negated;
    case UnaryFn::kSign: return is_signed && x < 0 ? -1 : x != 0;
    case UnaryFn::kRelu: return is_signed && x < 0 ? 0 : x;
    case UnaryFn::kBitwiseNot: return ~x;
    case UnaryFn::kNot: return x == 0;
    default: fail(Code::kInternal, "{} is no integer function", enum_name(fn));
  }
}

}  // namespace

static void infer(const Unary& unary, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(accepts(unary.fn, x.dtype()), "{} does not take elements of type {}", enum_name(unary.fn),
                  x.type.text());
  const DType dtype = tests_float(unary.fn) ? DType::kBool : x.dtype();
  if (const auto elements = unary_elements(unary.fn, x.elements); elements && x.has_rank()) {
    context.set_output(0, elements_fact(dtype, *x.shape, elements));
    return;
  }
  context.set_output(0, dtype, x.shape);
}

static void eval(const Unary& unary, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (!accepts(unary.fn, x.dtype())) {
    fail(Code::kInvalidArgument, "{} does not take elements of type {}", enum_name(unary.fn), dtype_name(x.dtype()));
  }
  const bool computes_in_double = is_float(x.dtype()) || unary.fn == UnaryFn::kErf || unary.fn == UnaryFn::kShrink;
  const bool is_signed = is_signed_int(x.dtype());
  Tensor& y = context.output(0, tests_float(unary.fn) ? DType::kBool : x.dtype(), x.shape());
  for (int64_t i = 0; i < x.count(); ++i) {
    if (computes_in_double) {
      write_double(y, i, apply_unary(unary, read_double(x, i)));
    } else {
      write_int(y, i, apply_integer(unary.fn, read_int(x, i), is_signed));
    }
  }
}

const OpDef Unary::def =
    define_op<Unary, infer, eval>({"unary",
                                   "y = fn(x), element by element; alpha and beta are parameters of some functions",
                                   1,
                                   1,
                                   1,
                                   kElementwise,
                                   {4, 0}});

}  // namespace ingot

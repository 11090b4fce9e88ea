// y = fn(x), element by element.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class UnaryFn : uint8_t {
  kAbs,
  kAcos,
  kAcosh,
  kAsin,
  kAsinh,
  kAtan,
  kAtanh,
  kCeil,
  kCos,
  kCosh,
  kErf,
  kExp,
  kFloor,
  kNeg,
  kNot,
  kBitwiseNot,
  kReciprocal,
  kRound,
  kSign,
  kSin,
  kSinh,
  kSqrt,
  kTan,
  kTanh,
  kLog,
  kIsNan,
  kIsInf,
  kRelu,
  kSigmoid,
  kSoftplus,
  kSoftsign,
  kMish,
  kHardSwish,
  kSilu,             // x * sigmoid(alpha * x)
  kGelu,             // x/2 * (1 + erf(x / sqrt 2))
  kGeluTanh,         // x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))
  kElu,              // x < 0 ? alpha * (exp(x) - 1) : x
  kCelu,             // max(0, x) + min(0, alpha * (exp(x / alpha) - 1))
  kSelu,             // beta * (x < 0 ? alpha * (exp(x) - 1) : x)
  kLeakyRelu,        // x < 0 ? alpha * x : x
  kThresholdedRelu,  // x > alpha ? x : 0
  kHardSigmoid,      // max(0, min(1, alpha * x + beta))
  kShrink,           // x < -alpha ? x + beta : x > alpha ? x - beta : 0
};
template <> struct EnumNames<UnaryFn> {
  static constexpr const char* kNames[] = {"abs",
                                           "acos",
                                           "acosh",
                                           "asin",
                                           "asinh",
                                           "atan",
                                           "atanh",
                                           "ceil",
                                           "cos",
                                           "cosh",
                                           "erf",
                                           "exp",
                                           "floor",
                                           "neg",
                                           "not",
                                           "bitwise_not",
                                           "reciprocal",
                                           "round",
                                           "sign",
                                           "sin",
                                           "sinh",
                                           "sqrt",
                                           "tan",
                                           "tanh",
                                           "log",
                                           "is_nan",
                                           "is_inf",
                                           "relu",
                                           "sigmoid",
                                           "softplus",
                                           "softsign",
                                           "mish",
                                           "hard_swish",
                                           "silu",
                                           "gelu",
                                           "gelu_tanh",
                                           "elu",
                                           "celu",
                                           "selu",
                                           "leaky_relu",
                                           "thresholded_relu",
                                           "hard_sigmoid",
                                           "shrink"};
};
inline constexpr size_t kUnaryFnCount = std::size(EnumNames<UnaryFn>::kNames);

struct Unary {
  UnaryFn fn = UnaryFn::kAbs;
  double alpha = 0, beta = 0;  // meaning per function; is_inf: alpha/beta != 0 detect positive/negative infinity
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("fn", &Unary::fn), field("alpha", &Unary::alpha), field("beta", &Unary::beta));
  }
};

// The function on one number in double precision (not for not/bitwise_not).
double apply_unary(const Unary& unary, double x);

}  // namespace ingot

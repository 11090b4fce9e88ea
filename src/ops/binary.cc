#include "ops/binary.h"

#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"
#include "tensor/elements.h"

namespace ingot {

bool is_comparison(BinaryFn fn) { return fn >= BinaryFn::kEqual; }

bool is_commutative(BinaryFn fn) {
  switch (fn) {
    case BinaryFn::kAdd:
    case BinaryFn::kMul:
    case BinaryFn::kMin:
    case BinaryFn::kMax:
    case BinaryFn::kAnd:
    case BinaryFn::kOr:
    case BinaryFn::kXor:
    case BinaryFn::kBitwiseAnd:
    case BinaryFn::kBitwiseOr:
    case BinaryFn::kBitwiseXor:
    case BinaryFn::kEqual: return true;
    default: return false;
  }
}

double apply_binary(BinaryFn fn, double a, double b) {
  switch (fn) {
    case BinaryFn::kAdd: return a + b;
    case BinaryFn::kSub: return a - b;
    case BinaryFn::kMul: return a * b;
    case BinaryFn::kDiv: return a / b;
    case BinaryFn::kPow: return std::pow(a, b);
    case BinaryFn::kMin: return std::isnan(a) || a < b ? a : b;
    case BinaryFn::kMax: return std::isnan(a) || a > b ? a : b;
    case BinaryFn::kMod: {
      const double rest = std::fmod(a, b);
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }
    case BinaryFn::kFmod: return std::fmod(a, b);
    case BinaryFn::kPRelu: return a < 0 ? a * b : a;
    case BinaryFn::kSwiglu: return (std::isinf(a) && a < 0 ? 0 : a / (1 + std::exp(-a))) * b;
    case BinaryFn::kAnd: return a != 0 && b != 0;
    case BinaryFn::kOr: return a != 0 || b != 0;
    case BinaryFn::kXor: return (a != 0) != (b != 0);
    case BinaryFn::kEqual: return a == b;
    case BinaryFn::kLess: return a < b;
    case BinaryFn::kLessEqual: return a <= b;
    case BinaryFn::kGreater: return a > b;
    case BinaryFn::kGreaterEqual: return a >= b;
    default: fail(Code::kInternal, "{} is no function of real numbers", enum_name(fn));
  }
}

namespace {

bool is_logical(BinaryFn fn) { return fn == BinaryFn::kAnd || fn == BinaryFn::kOr || fn == BinaryFn::kXor; }
bool is_bitwise(BinaryFn fn) { return fn >= BinaryFn::kBitwiseAnd && fn <= BinaryFn::kShiftRight; }

bool accepts(BinaryFn fn, DType a, DType b) {
  const bool number = is_int(a) || is_float(a);
  if (fn == BinaryFn::kPow) return number && (is_int(b) || is_float(b));
  if (a != b) return false;
  if (is_logical(fn)) return a == DType::kBool;
  if (is_bitwise(fn)) return is_int(a);
  if (fn == BinaryFn::kSwiglu) return is_float(a);
  if (fn == BinaryFn::kEqual) return number || a == DType::kBool || a == DType::kString;
  return number || (is_comparison(fn) && a == DType::kBool);
}

// Wide is int64_t or uint64_t; results wrap to the type's width when stored.
template <class Wide> Wide integer_power(Wide base, Wide exponent) {
  if constexpr (std::is_signed_v<Wide>) {
    if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  }
  uint64_t result = 1, factor = static_cast<uint64_t>(base);
  for (auto left = static_cast<uint64_t>(exponent); left != 0; left >>= 1) {
    if (left & 1) result *= factor;
    factor *= factor;
  }
  return static_cast<Wide>(result);
}

template <class Wide> Wide integer_divide(Wide a, Wide b) {
  if (b == 0) return 0;
  if constexpr (std::is_signed_v<Wide>) {
    if (b == -1) return static_cast<Wide>(-static_cast<uint64_t>(a));
  }
  return a / b;
}

template <class Wide> Wide integer_remainder(BinaryFn fn, Wide a, Wide b) {
  if (b == 0) return 0;
  if constexpr (std::is_signed_v<Wide>) {
    if (b == -1) return 0;
    const Wide rest = a % b;
    return fn == BinaryFn::kMod && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
  return a % b;
}

template <class Wide> Wide apply_integer(BinaryFn fn, Wide a, Wide b) {
  const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  switch (fn) {
    case BinaryFn::kAdd: return static_cast<Wide>(x + y);
    case BinaryFn::kSub: return static_cast<Wide>(x - y);
    case BinaryFn::kMul: return static_cast<Wide>(x * y);
    case BinaryFn::kDiv: return integer_divide(a, b);
    case BinaryFn::kPow: return integer_power(a, b);
    case BinaryFn::kMin: return a < b ? a : b;
    case BinaryFn::kMax: return a > b ? a : b;
    case BinaryFn::kMod:
    case BinaryFn::kFmod: return integer_remainder(fn, a, b);
    case BinaryFn::kPRelu: return a < Wide{0} ? static_cast<Wide>(x * y) : a;
    case BinaryFn::kBitwiseAnd: return static_cast<Wide>(x & y);
    case BinaryFn::kBitwiseOr: return static_cast<Wide>(x | y);
    case BinaryFn::kBitwiseXor: return static_cast<Wide>(x ^ y);
    case BinaryFn::kShiftLeft: return y < 64 ? static_cast<Wide>(x << y) : 0;
    case BinaryFn::kShiftRight: return y < 64 ? static_cast<Wide>(a >> y) : a < Wide{0} ? static_cast<Wide>(-1) : 0;
    case BinaryFn::kAnd: return a != 0 && b != 0;
    case BinaryFn::kOr: return a != 0 || b != 0;
    case BinaryFn::kXor: return (a != 0) != (b != 0);
    case BinaryFn::kEqual: return a == b;
    case BinaryFn::kLess: return a < b;
    case BinaryFn::kLessEqual: return a <= b;
    case BinaryFn::kGreater: return a > b;
    case BinaryFn::kGreaterEqual: return a >= b;
    default: fail(Code::kInternal, "{} is no integer function", enum_name(fn));
  }
}

// The result as an expression, when it is one; `whole`: of integers, which divide without a rest.
std::optional<Dim> combine(BinaryFn fn, const Dim& a, const Dim& b, bool whole) {
  switch (fn) {
    case BinaryFn::kAdd: return a + b;
    case BinaryFn::kSub: return a - b;
    case BinaryFn::kMul:
      // A float's product of two unknown sizes may be rounded.
      return whole || a.is_constant() || b.is_constant() ? std::optional(a * b) : std::nullopt;
    case BinaryFn::kMin: return Dim::min(a, b);
    case BinaryFn::kMax: return Dim::max(a, b);
    default: break;
  }
  if (whole && a.is_constant() && b.is_constant() && !is_comparison(fn)) {
    return Dim(apply_integer<int64_t>(fn, *a.constant(), *b.constant()));
  }
  const bool positive = b.is_constant() ? *b.constant() > 0 : b.known_non_negative();
  if (fn == BinaryFn::kDiv && positive) {
    // Division truncates; floor and truncation agree where nothing is negative or the division is exact.
    const Dim quotient = Dim::floor_div(a, b);
    if ((whole && a.known_non_negative()) || quotient * b == a) return quotient;
  }
  if (fn == BinaryFn::kMod && whole && positive) return a - b * Dim::floor_div(a, b);
  return std::nullopt;
}

// A comparison's outcome, when it is the same for all sizes.
std::optional<bool> decide(BinaryFn fn, const Dim& a, const Dim& b) {
  const Dim difference = a - b;
  int64_t sign;
  if (difference.is_constant()) {
    sign = *difference.constant();
  } else if ((difference - Dim(1)).known_non_negative()) {
    sign = 1;
  } else if ((difference * Dim(-1) - Dim(1)).known_non_negative()) {
    sign = -1;
  } else {
    return std::nullopt;
  }
  return apply_integer<int64_t>(fn, sign, 0) != 0;
}

std::optional<Fact> symbolic_result(BinaryFn fn, const Fact& a, const Fact& b, const DimShape& shape) {
  if (!a.elements || !b.elements || shape.size() > 1 || !constant_shape(shape)) return std::nullopt;
  const auto at = [](const DimShape& elements, size_t i) { return elements[elements.size() == 1 ? 0 : i]; };
  const auto count = static_cast<size_t>(*product(shape).constant());
  if (count > 64) return std::nullopt;
  DimShape elements;
  Tensor decided(DType::kBool, *constant_shape(shape));
  for (size_t i = 0; i < count; ++i) {
    if (is_comparison(fn)) {
      const auto outcome = decide(fn, at(*a.elements, i), at(*b.elements, i));
      if (!outcome) return std::nullopt;
      decided.mutable_data<bool>()[i] = *outcome;
    } else {
      auto element = combine(fn, at(*a.elements, i), at(*b.elements, i), !is_float(a.dtype()));
      if (!element) return std::nullopt;
      elements.push_back(std::move(*element));
    }
  }
  return is_comparison(fn) ? Fact::of(std::move(decided)) : elements_fact(a.dtype(), shape, std::move(elements));
}

void check_types(BinaryFn fn, DType a, DType b) {
  if (!accepts(fn, a, b)) {
    fail(Code::kInvalidArgument, "{} does not take elements of types {} and {}", enum_name(fn), dtype_name(a),
         dtype_name(b));
  }
}

void eval_strings(const Tensor& a, const Tensor& b, Tensor& y) {
  StridedWalk<2> walk(y.shape(), {broadcast_strides(a.shape(), y.shape()), broadcast_strides(b.shape(), y.shape())});
  for (int64_t i = 0; i < y.count(); ++i, walk.next()) {
    y.mutable_data<bool>()[i] = a.data<std::string>()[walk.offset(0)] == b.data<std::string>()[walk.offset(1)];
  }
}

}  // namespace

void apply_binary_element(BinaryFn fn, const Tensor& a, int64_t j, const Tensor& b, int64_t k, Tensor& y, int64_t i) {
  if (is_float(a.dtype()) || is_float(b.dtype())) {
    return write_double(y, i, apply_binary(fn, read_double(a, j), read_double(b, k)));
  }
  const int64_t x = read_int(a, j), z = read_int(b, k);
  // A negative exponent of an unsigned base still is negative.
  const bool negative_power = fn == BinaryFn::kPow && is_signed_int(b.dtype()) && z < 0;
  if (is_signed_int(a.dtype()) || negative_power) return write_int(y, i, apply_integer(fn, x, z));
  write_int(y, i, static_cast<int64_t>(apply_integer(fn, static_cast<uint64_t>(x), static_cast<uint64_t>(z))));
}

static void infer(const Binary& binary, InferContext& context) {
  const Fact &a = context.input(0), &b = context.input(1);
  context.require(a.type.is_tensor() && b.type.is_tensor(), "{} takes tensors", enum_name(binary.fn));
  check_types(binary.fn, a.dtype(), b.dtype());
  auto shape = broadcast_dims(a.shape, b.shape);
  if (shape) {
    if (auto fact = symbolic_result(binary.fn, a, b, *shape)) {
      context.set_output(0, std::move(*fact));
      return;
    }
  }
  context.set_output(0, is_comparison(binary.fn) ? DType::kBool : a.dtype(), std::move(shape));
}

static void eval(const Binary& binary, EvalContext& context) {
  const Tensor &a = context.tensor(0), &b = context.tensor(1);
  const BinaryFn fn = binary.fn;
  check_types(fn, a.dtype(), b.dtype());
  Tensor& y = context.output(0, is_comparison(fn) ? DType::kBool : a.dtype(), broadcast_shapes(a.shape(), b.shape()));
  if (a.dtype() == DType::kString) return eval_strings(a, b, y);
  StridedWalk<2> walk(y.shape(), {broadcast_strides(a.shape(), y.shape()), broadcast_strides(b.shape(), y.shape())});
  for (int64_t i = 0; i < y.count(); ++i, walk.next()) {
    apply_binary_element(fn, a, walk.offset(0), b, walk.offset(1), y, i);
  }
}

const OpDef Binary::def = define_op<Binary, infer, eval>(
    {"binary",
     "y = fn(a, b), element by element with NumPy broadcasting; integers wrap, division by an integer zero gives 0",
     2,
     2,
     1,
     kElementwise,
     {4, 0}});

}  // namespace ingot

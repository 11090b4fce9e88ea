// One plain loop per function and type: compilers turn most into vector code.
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/pointwise/typed.h"
#include "ops/cast.h"
#include "ops/where.h"
#include "tensor/float_types.h"

namespace ingot::kernels {
namespace {

template <class T>
using Wide =
    std::conditional_t<std::is_floating_point_v<T>, T, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>>;

template <class T, class U> T wrapped(U value) { return static_cast<T>(static_cast<uint64_t>(value)); }

int64_t integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  uint64_t result = 1, factor = static_cast<uint64_t>(base);
  for (auto left = static_cast<uint64_t>(exponent); left != 0; left >>= 1) {
    if (left & 1) result *= factor;
    factor *= factor;
  }
  return static_cast<int64_t>(result);
}

template <BinaryFn fn, class T> T integer_result(T a, T b) {
  const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
  if constexpr (fn == BinaryFn::kAdd) return wrapped<T>(x + y);
  if constexpr (fn == BinaryFn::kSub) return wrapped<T>(x - y);
  if constexpr (fn == BinaryFn::kMul) return wrapped<T>(x * y);
  if constexpr (fn == BinaryFn::kDiv) {
    if (b == 0) return 0;
    if (std::is_signed_v<T> && b == static_cast<T>(-1)) return wrapped<T>(-x);
    return static_cast<T>(a / b);
  }
  if constexpr (fn == BinaryFn::kMod || fn == BinaryFn::kFmod) {
    if (b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1))) return 0;
    const auto rest = static_cast<T>(a % b);
    return fn == BinaryFn::kMod && rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
  }
  if constexpr (fn == BinaryFn::kPow)
    return wrapped<T>(integer_power(static_cast<int64_t>(a), static_cast<int64_t>(b)));
  if constexpr (fn == BinaryFn::kMin) return a < b ? a : b;
  if constexpr (fn == BinaryFn::kMax) return a > b ? a : b;
  if constexpr (fn == BinaryFn::kPRelu) return a < T{0} ? wrapped<T>(x * y) : a;
  if constexpr (fn == BinaryFn::kBitwiseAnd) return wrapped<T>(x & y);
  if constexpr (fn == BinaryFn::kBitwiseOr) return wrapped<T>(x | y);
  if constexpr (fn == BinaryFn::kBitwiseXor) return wrapped<T>(x ^ y);
  if constexpr (fn == BinaryFn::kShiftLeft) return y < 64 ? wrapped<T>(x << y) : T{0};
  if constexpr (fn == BinaryFn::kShiftRight) {
    return y < 64 ? static_cast<T>(static_cast<Wide<T>>(a) >> y) : a < T{0} ? static_cast<T>(-1) : T{0};
  }
  return 0;
}

template <BinaryFn fn, class T> auto result_of(T a, T b) {
  if constexpr (fn == BinaryFn::kEqual) {
    return a == b;
  } else if constexpr (fn == BinaryFn::kLess) {
    return a < b;
  } else if constexpr (fn == BinaryFn::kLessEqual) {
    return a <= b;
  } else if constexpr (fn == BinaryFn::kGreater) {
    return a > b;
  } else if constexpr (fn == BinaryFn::kGreaterEqual) {
    return a >= b;
  } else if constexpr (std::is_integral_v<T>) {
    return integer_result<fn, T>(a, b);
  } else if constexpr (fn == BinaryFn::kAdd) {
    return a + b;
  } else if constexpr (fn == BinaryFn::kSub) {
    return a - b;
  } else if constexpr (fn == BinaryFn::kMul) {
    return a * b;
  } else if constexpr (fn == BinaryFn::kDiv) {
    return a / b;
  } else {
    return static_cast<T>(apply_binary(fn, a, b));
  }
}

template <BinaryFn fn, class T> void binary_loop(const TypedArgs& args) {
  using R = decltype(result_of<fn, T>(T{}, T{}));
  const T* a = static_cast<const T*>(args.operands[0]);
  const T* b = static_cast<const T*>(args.operands[1]);
  R* y = static_cast<R*>(args.result);
  for (int64_t i = 0; i < args.count; ++i) y[i] = result_of<fn, T>(a[i], b[i]);
}

// The functions from kBitwiseAnd to kShiftRight are integers' own; and, or, xor those of truth values.
template <class T, BinaryFn fn> constexpr TypedFunction binary_of() {
  constexpr bool kIsBitwise = fn >= BinaryFn::kBitwiseAnd && fn <= BinaryFn::kShiftRight;
  if constexpr (fn == BinaryFn::kAnd || fn == BinaryFn::kOr || fn == BinaryFn::kXor ||
                (fn == BinaryFn::kSwiglu && std::is_integral_v<T>) || (kIsBitwise && std::is_floating_point_v<T>)) {
    return nullptr;
  } else {
    return binary_loop<fn, T>;
  }
}
template <class T, size_t... fns> TypedFunction binary_of_type(size_t fn, std::index_sequence<fns...>) {
  static constexpr TypedFunction kTable[] = {binary_of<T, static_cast<BinaryFn>(fns)>()...};
  return kTable[fn];
}

// Truth values are bytes of 0 and 1, so that bitwise functions and comparisons of u8 serve.
TypedFunction binary_of_bool(BinaryFn fn) {
  switch (fn) {
    case BinaryFn::kAnd: return binary_loop<BinaryFn::kBitwiseAnd, uint8_t>;
    case BinaryFn::kOr: return binary_loop<BinaryFn::kBitwiseOr, uint8_t>;
    case BinaryFn::kXor: return binary_loop<BinaryFn::kBitwiseXor, uint8_t>;
    default: return nullptr;
  }
}

TypedFunction find_binary(BinaryFn fn, DType a, DType b) {
  constexpr std::make_index_sequence<kBinaryFnCount> kAll;
  if (a != b) return nullptr;
  const auto index = static_cast<size_t>(fn);
  switch (a) {
    case DType::kBool: return is_comparison(fn) ? binary_of_type<uint8_t>(index, kAll) : binary_of_bool(fn);
    case DType::kU8: return binary_of_type<uint8_t>(index, kAll);
    case DType::kI32: return binary_of_type<int32_t>(index, kAll);
    case DType::kI64: return binary_of_type<int64_t>(index, kAll);
    case DType::kF32: return binary_of_type<float>(index, kAll);
    case DType::kF64: return binary_of_type<double>(index, kAll);
    default: return nullptr;
  }
}

template <UnaryFn fn, class T> void unary_loop(const TypedArgs& args) {
  const T* x = static_cast<const T*>(args.operands[0]);
  T* y = static_cast<T*>(args.result);
  for (int64_t i = 0; i < args.count; ++i) {
    const T v = x[i];
    if constexpr (fn == UnaryFn::kAbs) y[i] = v < 0 ? wrapped<T>(-static_cast<uint64_t>(v)) : v;
    if constexpr (fn == UnaryFn::kNeg) y[i] = wrapped<T>(-static_cast<uint64_t>(v));
    if constexpr (fn == UnaryFn::kSign) y[i] = static_cast<T>((v > 0) - (v < 0));
    if constexpr (fn == UnaryFn::kRelu) y[i] = v < 0 ? T{0} : v;
    if constexpr (fn == UnaryFn::kNot) y[i] = v == 0;
    if constexpr (fn == UnaryFn::kBitwiseNot) y[i] = static_cast<T>(~v);
  }
}

template <class T> TypedFunction unary_of_type(UnaryFn fn) {
  switch (fn) {
    case UnaryFn::kAbs: return unary_loop<UnaryFn::kAbs, T>;
    case UnaryFn::kNeg: return unary_loop<UnaryFn::kNeg, T>;
    case UnaryFn::kSign: return unary_loop<UnaryFn::kSign, T>;
    case UnaryFn::kRelu: return unary_loop<UnaryFn::kRelu, T>;
    case UnaryFn::kBitwiseNot: return unary_loop<UnaryFn::kBitwiseNot, T>;
    default: return nullptr;
  }
}

template <class T, class R, UnaryFn fn> void double_loop(const TypedArgs& args) {
  const T* x = static_cast<const T*>(args.operands[0]);
  R* y = static_cast<R*>(args.result);
  const Unary unary{fn, args.alpha, args.beta};
  for (int64_t i = 0; i < args.count; ++i) y[i] = static_cast<R>(apply_unary(unary, x[i]));
}
template <class T, UnaryFn fn> constexpr TypedFunction float_unary_of() {
  if (fn == UnaryFn::kNot || fn == UnaryFn::kBitwiseNot) return nullptr;
  return fn == UnaryFn::kIsNan || fn == UnaryFn::kIsInf ? double_loop<T, bool, fn> : double_loop<T, T, fn>;
}
template <class T, size_t... fns> TypedFunction unary_of_floats(size_t fn, std::index_sequence<fns...>) {
  static constexpr TypedFunction kTable[] = {float_unary_of<T, static_cast<UnaryFn>(fns)>()...};
  return kTable[fn];
}

TypedFunction find_unary(UnaryFn fn, DType dtype) {
  constexpr std::make_index_sequence<kUnaryFnCount> kAll;
  switch (dtype) {
    case DType::kBool: return fn == UnaryFn::kNot ? unary_loop<UnaryFn::kNot, uint8_t> : nullptr;
    case DType::kU8: return unary_of_type<uint8_t>(fn);
    case DType::kI8: return unary_of_type<int8_t>(fn);
    case DType::kI32: return unary_of_type<int32_t>(fn);
    case DType::kI64: return unary_of_type<int64_t>(fn);
    case DType::kF32: return unary_of_floats<float>(static_cast<size_t>(fn), kAll);
    case DType::kF64: return unary_of_floats<double>(static_cast<size_t>(fn), kAll);
    default: return nullptr;
  }
}

// Out-of-range values wrap through 64 bits, as tensor/elements.h converts.
template <class To> To from_number(double value) {
  if (std::isnan(value) || value >= 18446744073709551616.0 || value < -9223372036854775808.0) {
    return static_cast<To>(std::numeric_limits<int64_t>::min());
  }
  if (value >= 9223372036854775808.0) return static_cast<To>(static_cast<uint64_t>(value));
  return static_cast<To>(static_cast<int64_t>(value));
}

template <class From, class To> void cast_loop(const TypedArgs& args) {
  const From* x = static_cast<const From*>(args.operands[0]);
  To* y = static_cast<To*>(args.result);
  constexpr bool from_float = !std::is_integral_v<From>;
  for (int64_t i = 0; i < args.count; ++i) {
    if constexpr (std::is_same_v<To, bool>) {
      if constexpr (from_float) {
        y[i] = static_cast<double>(x[i]) != 0;
      } else {
        y[i] = x[i] != 0;
      }
    } else if constexpr (std::is_integral_v<To> && from_float) {
      y[i] = from_number<To>(static_cast<double>(x[i]));
    } else if constexpr (std::is_integral_v<To> || std::is_floating_point_v<To>) {
      y[i] = static_cast<To>(x[i]);
    } else {
      y[i] = To(static_cast<float>(x[i]));
    }
  }
}
template <class From> TypedFunction cast_from(DType to) {
  switch (to) {
    case DType::kBool: return cast_loop<From, bool>;
    case DType::kU8: return cast_loop<From, uint8_t>;
    case DType::kI8: return cast_loop<From, int8_t>;
    case DType::kI32: return cast_loop<From, int32_t>;
    case DType::kI64: return cast_loop<From, int64_t>;
    case DType::kF32: return cast_loop<From, float>;
    case DType::kF64: return cast_loop<From, double>;
    case DType::kF16: return cast_loop<From, F16>;
    case DType::kBF16: return cast_loop<From, BF16>;
    default: return nullptr;
  }
}
TypedFunction find_cast(DType from, DType to) {
  // Two roundings on the way from f64 or i64 to 16 bits would differ from one.
  if ((to == DType::kF16 || to == DType::kBF16) &&
      (from == DType::kF64 || from == DType::kI64 || from == DType::kI32)) {
    return nullptr;
  }
  switch (from) {
    case DType::kBool: return cast_from<bool>(to);
    case DType::kU8: return cast_from<uint8_t>(to);
    case DType::kI8: return cast_from<int8_t>(to);
    case DType::kI32: return cast_from<int32_t>(to);
    case DType::kI64: return cast_from<int64_t>(to);
    case DType::kF32: return cast_from<float>(to);
    case DType::kF64: return cast_from<double>(to);
    case DType::kF16: return cast_from<F16>(to);
    case DType::kBF16: return cast_from<BF16>(to);
    default: return nullptr;
  }
}

template <class T> void where_loop(const TypedArgs& args) {
  const uint8_t* condition = static_cast<const uint8_t*>(args.operands[0]);
  const T* a = static_cast<const T*>(args.operands[1]);
  const T* b = static_cast<const T*>(args.operands[2]);
  T* y = static_cast<T*>(args.result);
  for (int64_t i = 0; i < args.count; ++i) y[i] = condition[i] != 0 ? a[i] : b[i];
}
TypedFunction find_where(DType dtype) {
  if (dtype == DType::kString) return nullptr;
  switch (dtype_bits(dtype)) {
    case 8: return where_loop<uint8_t>;
    case 16: return where_loop<uint16_t>;
    case 32: return where_loop<uint32_t>;
    case 64: return where_loop<uint64_t>;
    default: return nullptr;
  }
}

}  // namespace

TypedFunction find_typed(const Op& op, std::span<const DType> operands) {
  if (const auto* unary = op.as<Unary>()) return find_unary(unary->fn, operands[0]);
  if (const auto* binary = op.as<Binary>()) return find_binary(binary->fn, operands[0], operands[1]);
  if (const auto* cast = op.as<Cast>()) return find_cast(operands[0], cast->to);
  const bool fits = op.is<Where>() && operands[0] == DType::kBool && operands[1] == operands[2];
  return fits ? find_where(operands[1]) : nullptr;
}

DType typed_result(const Op& op, std::span<const DType> operands) {
  if (const auto* cast = op.as<Cast>()) return cast->to;
  if (const auto* binary = op.as<Binary>()) return is_comparison(binary->fn) ? DType::kBool : operands[0];
  if (const auto* unary = op.as<Unary>()) {
    return unary->fn == UnaryFn::kIsNan || unary->fn == UnaryFn::kIsInf ? DType::kBool : operands[0];
  }
  return operands[op.is<Where>() ? 1 : 0];
}

}  // namespace ingot::kernels

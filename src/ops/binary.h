// y = fn(a, b), element by element with NumPy broadcasting.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class BinaryFn : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kPow,
  kMin,
  kMax,
  kMod,     // sign of the divisor (Python)
  kFmod,    // sign of the dividend (C)
  kPRelu,   // a < 0 ? a * b : a
  kSwiglu,  // a * sigmoid(a) * b
  kAnd,
  kOr,
  kXor,
  kBitwiseAnd,
  kBitwiseOr,
  kBitwiseXor,
  kShiftLeft,
  kShiftRight,
  kEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,  // bool results
};
template <> struct EnumNames<BinaryFn> {
  static constexpr const char* kNames[] = {
      "add",         "sub",        "mul",         "div",   "pow",  "min",        "max",         "mod",
      "fmod",        "prelu",      "swiglu",      "and",   "or",   "xor",        "bitwise_and", "bitwise_or",
      "bitwise_xor", "shift_left", "shift_right", "equal", "less", "less_equal", "greater",     "greater_equal"};
};
inline constexpr size_t kBinaryFnCount = std::size(EnumNames<BinaryFn>::kNames);

struct Binary {
  BinaryFn fn = BinaryFn::kAdd;
  static const OpDef def;
  static constexpr auto fields() { return std::make_tuple(field("fn", &Binary::fn)); }
};

bool is_comparison(BinaryFn fn);
bool is_commutative(BinaryFn fn);
// The function on two numbers in double precision (not for bitwise and shift functions).
double apply_binary(BinaryFn fn, double a, double b);
// y[i] = fn(a[j], b[k]) for tensors of numbers (y may be a); integers exactly, bool as 0 and 1.
void apply_binary_element(BinaryFn fn, const Tensor& a, int64_t j, const Tensor& b, int64_t k, Tensor& y, int64_t i);

}  // namespace ingot

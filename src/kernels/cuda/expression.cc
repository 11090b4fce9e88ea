// Elementwise operators as C++ expressions, in f32.
#include "base/error.h"
#include "kernels/cuda/strided.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/unary.h"
#include "ops/where.h"

namespace ingot::kernels::cuda {
namespace {

std::string number(double value) { return fmt::format("{:.9e}f", value); }

// Null where there is none.
const char* unary_format(UnaryFn fn) {
  switch (fn) {
    case UnaryFn::kAbs: return "fabsf({0})";
    case UnaryFn::kAcos: return "acosf({0})";
    case UnaryFn::kAcosh: return "acoshf({0})";
    case UnaryFn::kAsin: return "asinf({0})";
    case UnaryFn::kAsinh: return "asinhf({0})";
    case UnaryFn::kAtan: return "atanf({0})";
    case UnaryFn::kAtanh: return "atanhf({0})";
    case UnaryFn::kCeil: return "ceilf({0})";
    case UnaryFn::kCos: return "cosf({0})";
    case UnaryFn::kCosh: return "coshf({0})";
    case UnaryFn::kErf: return "erff({0})";
    case UnaryFn::kExp: return "expf({0})";
    case UnaryFn::kFloor: return "floorf({0})";
    case UnaryFn::kNeg: return "(-{0})";
    case UnaryFn::kReciprocal: return "(1.0f / {0})";
    case UnaryFn::kRound: return "rintf({0})";
    case UnaryFn::kSin: return "sinf({0})";
    case UnaryFn::kSinh: return "sinhf({0})";
    case UnaryFn::kSqrt: return "sqrtf({0})";
    case UnaryFn::kTan: return "tanf({0})";
    case UnaryFn::kTanh: return "tanhf({0})";
    case UnaryFn::kLog: return "logf({0})";
    case UnaryFn::kRelu: return "({0} < 0.0f ? 0.0f : {0})";
    case UnaryFn::kSigmoid: return "sigmoid({0})";
    case UnaryFn::kSoftplus: return "({0} > 20.0f ? {0} : log1pf(expf({0})))";
    case UnaryFn::kSoftsign: return "({0} / (1.0f + fabsf({0})))";
    case UnaryFn::kHardSwish: return "({0} * from_0_to_1({0} / 6.0f + 0.5f))";
    case UnaryFn::kSilu: return "({0} * sigmoid({1} * {0}))";
    case UnaryFn::kGelu: return "(0.5f * {0} * (1.0f + erff({0} * 0.70710678f)))";
    case UnaryFn::kGeluTanh: return "(0.5f * {0} * (1.0f + tanhf(0.79788456f * ({0} + 0.044715f * {0} * {0} * {0}))))";
    case UnaryFn::kElu: return "({0} < 0.0f ? {1} * expm1f({0}) : {0})";
    case UnaryFn::kLeakyRelu: return "({0} < 0.0f ? {1} * {0} : {0})";
    case UnaryFn::kThresholdedRelu: return "({0} > {1} ? {0} : 0.0f)";
    case UnaryFn::kSign: return "(float)(({0} > 0.0f) - ({0} < 0.0f)) + ({0} != {0} ? {0} : 0.0f)";
    case UnaryFn::kIsNan: return "({0} != {0})";
    case UnaryFn::kIsInf: return "(fabsf({0}) == INFINITY_F && ({0} > 0.0f ? {1} : {2}) != 0.0f)";
    case UnaryFn::kMish: return "({0} == -INFINITY_F ? 0.0f : {0} * tanhf({0} > 20.0f ? {0} : log1pf(expf({0}))))";
    case UnaryFn::kCelu: return "({0} < 0.0f ? {1} * expm1f({0} / {1}) : {0})";
    case UnaryFn::kSelu: return "({2} * ({0} < 0.0f ? {1} * expm1f({0}) : {0}))";
    case UnaryFn::kShrink: return "({0} < -{1} ? {0} + {2} : {0} > {1} ? {0} - {2} : {0} != {0} ? {0} : 0.0f)";
    case UnaryFn::kHardSigmoid: return "from_0_to_1({1} * {0} + {2})";
    default: return nullptr;
  }
}

// Of integers, as long long; null where there is none.
const char* integer_format(UnaryFn fn) {
  switch (fn) {
    case UnaryFn::kAbs: return "({0} < 0 ? -{0} : {0})";
    case UnaryFn::kNeg: return "(-{0})";
    case UnaryFn::kSign: return "(long long)(({0} > 0) - ({0} < 0))";
    case UnaryFn::kRelu: return "({0} < 0 ? 0 : {0})";
    case UnaryFn::kBitwiseNot: return "(~{0})";
    default: return nullptr;
  }
}

const char* binary_format(BinaryFn fn, bool real) {
  switch (fn) {
    case BinaryFn::kAdd: return "({0} + {1})";
    case BinaryFn::kSub: return "({0} - {1})";
    case BinaryFn::kMul: return "({0} * {1})";
    case BinaryFn::kDiv: return real ? "({0} / {1})" : "({1} == 0 ? 0 : {1} == -1 ? -{0} : {0} / {1})";
    case BinaryFn::kPow: return real ? "({1} == 2.0f ? {0} * {0} : powf({0}, {1}))" : nullptr;
    case BinaryFn::kMin: return "({0} < {1} || {0} != {0} ? {0} : {1})";
    case BinaryFn::kMax: return "({0} > {1} || {0} != {0} ? {0} : {1})";
    case BinaryFn::kMod: return "modulo({0}, {1})";
    case BinaryFn::kFmod: return real ? "fmodf({0}, {1})" : "({1} == 0 || {1} == -1 ? 0 : {0} % {1})";
    case BinaryFn::kXor: return "({0} != {1})";
    case BinaryFn::kBitwiseAnd: return real ? nullptr : "({0} & {1})";
    case BinaryFn::kBitwiseOr: return real ? nullptr : "({0} | {1})";
    case BinaryFn::kBitwiseXor: return real ? nullptr : "({0} ^ {1})";
    case BinaryFn::kPRelu: return real ? "({0} < 0.0f ? {0} * {1} : {0})" : nullptr;
    case BinaryFn::kSwiglu: return real ? "({0} * sigmoid({0}) * {1})" : nullptr;
    case BinaryFn::kAnd: return "({0} && {1})";
    case BinaryFn::kOr: return "({0} || {1})";
    case BinaryFn::kEqual: return "({0} == {1})";
    case BinaryFn::kLess: return "({0} < {1})";
    case BinaryFn::kLessEqual: return "({0} <= {1})";
    case BinaryFn::kGreater: return "({0} > {1})";
    case BinaryFn::kGreaterEqual: return "({0} >= {1})";
    default: return nullptr;
  }
}

DType compute_type(DType dtype) {
  if (dtype == DType::kBool) return DType::kBool;
  return is_int(dtype) ? DType::kI64 : DType::kF32;
}

const char* value_type(DType type) { return type == DType::kBool ? "bool" : is_int(type) ? "long long" : "float"; }

}  // namespace

const char* refuse_body(std::span<const TileInstruction> body) {
  for (const TileInstruction& instruction : body) {
    const Op& op = instruction.op;
    if (const auto* unary = op.as<Unary>()) {
      if (unary->fn != UnaryFn::kNot && unary_format(unary->fn) == nullptr && integer_format(unary->fn) == nullptr) {
        return "a function has no device kernel";
      }
    } else if (const auto* binary = op.as<Binary>()) {
      if (binary_format(binary->fn, true) == nullptr && binary_format(binary->fn, false) == nullptr) {
        return "a function has no device kernel";
      }
    } else if (const auto* cast = op.as<Cast>()) {
      if (!is_device_type(cast->to)) return "a cast to a type without device kernels";
    } else if (!op.is<Where>()) {
      return "an operator has no device kernel";
    }
  }
  return nullptr;
}

bool takes_integers(const Op& op) {
  if (const auto* unary = op.as<Unary>()) return integer_format(unary->fn) != nullptr;
  if (const auto* binary = op.as<Binary>()) return binary_format(binary->fn, false) != nullptr;
  return true;
}

std::string expression(const Op& op, std::span<const std::string> operands, std::span<const DType> types, DType& type) {
  type = compute_type(types[0]);
  if (const auto* unary = op.as<Unary>()) {
    if (unary->fn == UnaryFn::kNot) return "(!" + operands[0] + ")";
    const char* format = type == DType::kI64 ? integer_format(unary->fn) : unary_format(unary->fn);
    if (format == nullptr) fail(Code::kUnsupported, "{} of integers has no device kernel", op.text());
    if (unary->fn == UnaryFn::kIsNan || unary->fn == UnaryFn::kIsInf) type = DType::kBool;
    return fmt::format(fmt::runtime(format), operands[0], number(unary->alpha), number(unary->beta));
  }
  if (const auto* binary = op.as<Binary>()) {
    const char* format = binary_format(binary->fn, type == DType::kF32);
    if (format == nullptr) fail(Code::kUnsupported, "{} of integers has no device kernel", op.text());
    if (is_comparison(binary->fn)) type = DType::kBool;
    return fmt::format(fmt::runtime(format), operands[0], operands[1]);
  }
  if (const auto* cast = op.as<Cast>()) {
    type = compute_type(cast->to);
    const std::string& x = operands[0];
    if (type == DType::kBool) return "(" + x + " != 0)";
    return (type == DType::kI64 ? "(long long)" : "(float)") + x;
  }
  type = compute_type(types[1]);
  return "(" + operands[0] + " ? " + operands[1] + " : " + operands[2] + ")";
}

std::string body_lines(std::span<const TileInstruction> body, const char* indent, std::vector<std::string>& names,
                       std::vector<DType>& types) {
  std::string lines;
  for (const TileInstruction& instruction : body) {
    std::vector<std::string> arguments;
    std::vector<DType> argument_types;
    for (const int64_t operand : instruction.operands) {
      arguments.push_back(names[static_cast<size_t>(operand)]);
      argument_types.push_back(types[static_cast<size_t>(operand)]);
    }
    DType type{};
    const std::string value = expression(instruction.op, arguments, argument_types, type);
    names.push_back(fmt::format("v{}", names.size()));
    lines += fmt::format("{}const {} {} = {};\n", indent, value_type(type), names.back(), value);
    types.push_back(type);
  }
  return lines;
}

}  // namespace ingot::kernels::cuda

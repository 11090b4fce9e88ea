#include <cfloat>

#include "onnx/convert/converters.h"
#include "onnx/convert/emit_movement.h"
#include "ops/binary.h"
#include "ops/bitcast.h"
#include "ops/cast.h"
#include "ops/expand.h"
#include "ops/random.h"
#include "ops/reshape.h"
#include "ops/unary.h"
#include "ops/where.h"
#include "tensor/elements.h"

namespace ingot::onnx {
namespace {

template <UnaryFn fn> void unary(Conversion& c) { c.set_output(0, c.add(Unary{fn}, {c.input(0)})); }

void with_parameters(Conversion& c, UnaryFn fn, double alpha, double beta = 0) {
  c.set_output(0, c.add(Unary{fn, alpha, beta}, {c.input(0)}));
}

void celu(Conversion& c) { with_parameters(c, UnaryFn::kCelu, c.get_float("alpha", 1)); }
void elu(Conversion& c) { with_parameters(c, UnaryFn::kElu, c.get_float("alpha", 1)); }
void leaky_relu(Conversion& c) { with_parameters(c, UnaryFn::kLeakyRelu, c.get_float("alpha", 0.01f)); }
void thresholded_relu(Conversion& c) { with_parameters(c, UnaryFn::kThresholdedRelu, c.get_float("alpha", 1)); }
void swish(Conversion& c) { with_parameters(c, UnaryFn::kSilu, c.get_float("alpha", 1)); }
void shrink(Conversion& c) { with_parameters(c, UnaryFn::kShrink, c.get_float("lambd", 0.5), c.get_float("bias", 0)); }
void hard_sigmoid(Conversion& c) {
  with_parameters(c, UnaryFn::kHardSigmoid, c.get_float("alpha", 0.2f), c.get_float("beta", 0.5));
}
void selu(Conversion& c) {
  with_parameters(c, UnaryFn::kSelu, c.get_float("alpha", c.opset() < 6 ? 1.6732f : 1.67326319217681884765625f),
                  c.get_float("gamma", c.opset() < 6 ? 1.0507f : 1.05070102214813232421875f));
}
void is_inf(Conversion& c) {
  with_parameters(c, UnaryFn::kIsInf, c.get_int("detect_positive", 1) != 0, c.get_int("detect_negative", 1) != 0);
}

void gelu(Conversion& c) {
  const std::string approximate = c.get_string("approximate", "none");
  if (approximate != "none" && approximate != "tanh") {
    fail(Code::kInvalidModel, "Gelu has no approximation '{}'", approximate);
  }
  with_parameters(c, approximate == "tanh" ? UnaryFn::kGeluTanh : UnaryFn::kGelu, 0);
}

template <BinaryFn fn> void binary(Conversion& c) { c.set_output(0, c.add(Binary{fn}, {c.input(0), c.input(1)})); }

// Before opset 7 the second operand is stretched only when `broadcast` says so, its axes standing from `axis` on.
template <BinaryFn fn> void binary_with_axis(Conversion& c) {
  ir::ValueId b = c.input(1);
  if (c.get_int("broadcast", 0) != 0 && c.has_attribute("axis")) {
    const int64_t rank = c.rank(0, "broadcasting from an axis"), own = c.rank(1, "broadcasting from an axis");
    const int64_t axis = normalize_axis(c.get_int("axis", 0), rank);
    std::vector<int64_t> added;
    for (int64_t i = axis + own; i < rank; ++i) added.push_back(i - axis);
    if (!added.empty()) b = emit_unsqueeze(c, b, added);
  }
  c.set_output(0, c.add(Binary{fn}, {c.input(0), b}));
}

void mod(Conversion& c) {
  const BinaryFn fn = c.get_int("fmod", 0) != 0 ? BinaryFn::kFmod : BinaryFn::kMod;
  c.set_output(0, c.add(Binary{fn}, {c.input(0), c.input(1)}));
}

void bit_shift(Conversion& c) {
  const std::string direction = c.get_string("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    fail(Code::kInvalidModel, "BitShift has no direction '{}'", direction);
  const BinaryFn fn = direction == "LEFT" ? BinaryFn::kShiftLeft : BinaryFn::kShiftRight;
  c.set_output(0, c.add(Binary{fn}, {c.input(0), c.input(1)}));
}

void prelu(Conversion& c) {
  ir::ValueId slope = c.input(1);
  // Before opset 7 a vector has one slope per channel.
  if (c.opset() < 7 && c.rank(1, "slopes per channel") == 1 && !(*c.input_fact(1).shape)[0].is(1)) {
    const int64_t rank = c.rank(0, "slopes per channel");
    std::vector<int64_t> added;
    for (int64_t i = 1; i < rank - 1; ++i) added.push_back(i);
    if (!added.empty()) slope = emit_unsqueeze(c, slope, added);
  }
  c.set_output(0, c.add(Binary{BinaryFn::kPRelu}, {c.input(0), slope}));
}

ir::ValueId chain(Conversion& c, BinaryFn fn) {
  ir::ValueId result = c.input(0);
  for (size_t i = 1; i < c.input_count(); ++i) result = c.add(Binary{fn}, {result, c.input(i)});
  return result;
}

template <BinaryFn fn> void variadic(Conversion& c) { c.set_output(0, chain(c, fn)); }

void mean(Conversion& c) {
  const ir::ValueId sum = chain(c, BinaryFn::kAdd);
  const auto count = static_cast<double>(c.input_count());
  c.set_output(0, count == 1 ? sum : c.add(Binary{BinaryFn::kDiv}, {sum, c.scalar(count, c.fact(sum).dtype())}));
}

void clip(Conversion& c) {
  ir::ValueId x = c.input(0);
  if (c.has(1)) x = c.add(Binary{BinaryFn::kMax}, {x, c.input(1)});
  if (c.has(2)) x = c.add(Binary{BinaryFn::kMin}, {x, c.input(2)});
  c.set_output(0, x);
}

void clip_with_attributes(Conversion& c) {
  ir::ValueId x = c.input(0);
  const DType dtype = c.fact(x).dtype();
  const double low = c.get_float("min", -FLT_MAX), high = c.get_float("max", FLT_MAX);
  if (low > -FLT_MAX) x = c.add(Binary{BinaryFn::kMax}, {x, c.scalar(low, dtype)});
  if (high < FLT_MAX) x = c.add(Binary{BinaryFn::kMin}, {x, c.scalar(high, dtype)});
  c.set_output(0, x);
}

void where(Conversion& c) { c.set_output(0, c.add(Where{}, {c.input(0), c.input(1), c.input(2)})); }
void identity(Conversion& c) { c.set_output(0, c.input(0)); }

DType dtype_of_onnx_name(std::string name) {
  for (char& letter : name) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  for (int i = 1; i < kDTypeCount; ++i) {
    if (onnx_name(static_cast<DType>(i)) == name) return static_cast<DType>(i);
  }
  fail(Code::kInvalidModel, "Cast to '{}', which is no element type", name);
}

void cast_to(Conversion& c, DType to) {
  if (to == DType::kUndefined) fail(Code::kInvalidModel, "{} needs an element type to convert to", c.node().op_type);
  const std::string mode = c.get_string("round_mode", "up");
  const RoundMode round_mode = mode == "down"      ? RoundMode::kDown
                               : mode == "nearest" ? RoundMode::kNearest
                                                   : RoundMode::kUp;
  if (mode != enum_name(round_mode)) fail(Code::kInvalidModel, "{} has no round_mode '{}'", c.node().op_type, mode);
  const bool same = c.input_fact(0).type == Type::tensor(to);
  c.set_output(0, same ? c.input(0) : c.add(Cast{to, c.get_int("saturate", 1) != 0, round_mode}, {c.input(0)}));
}

void cast(Conversion& c) { cast_to(c, c.get_dtype("to", DType::kUndefined)); }
void cast_to_name(Conversion& c) { cast_to(c, dtype_of_onnx_name(c.get_string("to", ""))); }
void cast_like(Conversion& c) { cast_to(c, c.input_fact(1).dtype()); }
void bit_cast(Conversion& c) { c.set_output(0, c.add(Bitcast{c.get_dtype("to", DType::kUndefined)}, {c.input(0)})); }

// A mask that drops nothing.
void keep_all(Conversion& c) {
  c.set_output(0, c.input(0));
  if (!c.has_output(1)) return;
  const DType dtype = c.opset() < 10 ? c.input_fact(0).dtype() : DType::kBool;
  c.set_output(1, emit_expand_to(c, c.scalar(1, dtype), emit_shape_of(c, c.input(0))));
}

bool is_constant_zero(Conversion& c, size_t input) {
  const Tensor* constant = c.constant(input);
  return constant != nullptr && constant->count() == 1 && to_doubles(*constant)[0] == 0;
}

// y = mask * x / (1 - ratio) while training, x otherwise. Exporters leave `training` on where the ratio is 0.
void dropout(Conversion& c) {
  if (!c.has(2) || is_constant_zero(c, 2) || is_constant_zero(c, 1)) return keep_all(c);
  const ir::ValueId x = c.input(0);
  const DType dtype = c.fact(x).dtype();
  const auto in_type = [&](ir::ValueId value) {
    return c.fact(value).dtype() == dtype ? value : c.add(Cast{dtype}, {value});
  };
  const ir::ValueId ratio = in_type(c.has(1) ? c.input(1) : c.scalar(0.5, DType::kF32));
  Random random;
  random.b = 1;
  random.dtype = dtype;
  random.seeded = c.has_attribute("seed");
  random.seed = static_cast<double>(c.get_int("seed", 0));
  const ir::ValueId drawn = c.add(random, {emit_shape_of(c, x)});
  const ir::ValueId idle = c.add(Unary{UnaryFn::kNot}, {c.input(2)});
  const ir::ValueId kept = c.add(Binary{BinaryFn::kGreaterEqual}, {drawn, ratio});
  const ir::ValueId mask = c.add(Binary{BinaryFn::kOr}, {kept, idle});
  const ir::ValueId scaled =
      c.add(Binary{BinaryFn::kDiv}, {x, c.add(Binary{BinaryFn::kSub}, {c.scalar(1, dtype), ratio})});
  const ir::ValueId trained = c.add(Where{}, {kept, scaled, c.scalar(0, dtype)});
  c.set_output(0, c.add(Where{}, {idle, x, trained}));
  c.set_output(1, mask);
}

}  // namespace

std::span<const Converter> pointwise_converters() {
  static const Converter kTable[] = {
      {"", "Abs", unary<UnaryFn::kAbs>},
      {"", "Acos", unary<UnaryFn::kAcos>},
      {"", "Acosh", unary<UnaryFn::kAcosh>},
      {"", "Add", binary_with_axis<BinaryFn::kAdd>},
      {"", "And", binary_with_axis<BinaryFn::kAnd>},
      {"", "Asin", unary<UnaryFn::kAsin>},
      {"", "Asinh", unary<UnaryFn::kAsinh>},
      {"", "Atan", unary<UnaryFn::kAtan>},
      {"", "Atanh", unary<UnaryFn::kAtanh>},
      {"", "BitCast", bit_cast},
      {"", "BitShift", bit_shift},
      {"", "BitwiseAnd", binary<BinaryFn::kBitwiseAnd>},
      {"", "BitwiseNot", unary<UnaryFn::kBitwiseNot>},
      {"", "BitwiseOr", binary<BinaryFn::kBitwiseOr>},
      {"", "BitwiseXor", binary<BinaryFn::kBitwiseXor>},
      {"", "Cast", cast_to_name, 1, 5},
      {"", "Cast", cast, 6},
      {"", "CastLike", cast_like},
      {"", "Ceil", unary<UnaryFn::kCeil>},
      {"", "Celu", celu},
      {"", "Clip", clip_with_attributes, 1, 10},
      {"", "Clip", clip, 11},
      {"", "Cos", unary<UnaryFn::kCos>},
      {"", "Cosh", unary<UnaryFn::kCosh>},
      {"", "Div", binary_with_axis<BinaryFn::kDiv>},
      {"", "Dropout", keep_all, 1, 11},
      {"", "Dropout", dropout, 12},
      {"", "Elu", elu},
      {"", "Equal", binary_with_axis<BinaryFn::kEqual>},
      {"", "Erf", unary<UnaryFn::kErf>},
      {"", "Exp", unary<UnaryFn::kExp>},
      {"", "Floor", unary<UnaryFn::kFloor>},
      {"", "Gelu", gelu},
      {"", "Greater", binary_with_axis<BinaryFn::kGreater>},
      {"", "GreaterOrEqual", binary<BinaryFn::kGreaterEqual>},
      {"", "HardSigmoid", hard_sigmoid},
      {"", "HardSwish", unary<UnaryFn::kHardSwish>},
      {"", "Identity", identity},
      {"", "IsInf", is_inf},
      {"", "IsNaN", unary<UnaryFn::kIsNan>},
      {"", "LeakyRelu", leaky_relu},
      {"", "Less", binary_with_axis<BinaryFn::kLess>},
      {"", "LessOrEqual", binary<BinaryFn::kLessEqual>},
      {"", "Log", unary<UnaryFn::kLog>},
      {"", "Max", variadic<BinaryFn::kMax>},
      {"", "Mean", mean},
      {"", "Min", variadic<BinaryFn::kMin>},
      {"", "Mish", unary<UnaryFn::kMish>},
      {"", "Mod", mod},
      {"", "Mul", binary_with_axis<BinaryFn::kMul>},
      {"", "Neg", unary<UnaryFn::kNeg>},
      {"", "Not", unary<UnaryFn::kNot>},
      {"", "Or", binary_with_axis<BinaryFn::kOr>},
      {"", "PRelu", prelu},
      {"", "Pow", binary_with_axis<BinaryFn::kPow>},
      {"", "Reciprocal", unary<UnaryFn::kReciprocal>},
      {"", "Relu", unary<UnaryFn::kRelu>},
      {"", "Round", unary<UnaryFn::kRound>},
      {"", "Selu", selu},
      {"", "Shrink", shrink},
      {"", "Sigmoid", unary<UnaryFn::kSigmoid>},
      {"", "Sign", unary<UnaryFn::kSign>},
      {"", "Sin", unary<UnaryFn::kSin>},
      {"", "Sinh", unary<UnaryFn::kSinh>},
      {"", "Softplus", unary<UnaryFn::kSoftplus>},
      {"", "Softsign", unary<UnaryFn::kSoftsign>},
      {"", "Sqrt", unary<UnaryFn::kSqrt>},
      {"", "Sub", binary_with_axis<BinaryFn::kSub>},
      {"", "Sum", variadic<BinaryFn::kAdd>},
      {"", "Swish", swish},
      {"", "Tan", unary<UnaryFn::kTan>},
      {"", "Tanh", unary<UnaryFn::kTanh>},
      {"", "ThresholdedRelu", thresholded_relu},
      {"", "Where", where},
      {"", "Xor", binary_with_axis<BinaryFn::kXor>},
  };
  return kTable;
}

}  // namespace ingot::onnx

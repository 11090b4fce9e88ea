#include <cmath>

#include "onnx/convert/converters.h"
#include "onnx/convert/emit_movement.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/eye_like.h"
#include "ops/mel_weight_matrix.h"
#include "ops/random.h"
#include "ops/range.h"
#include "ops/unary.h"

namespace ingot::onnx {
namespace {

using ir::ValueId;

Tensor floats(const std::vector<double>& values, Shape shape) {
  return Tensor::of<float>(std::move(shape), std::vector<float>(values.begin(), values.end()));
}

Tensor constant_content(const Conversion& c) {
  if (c.has_attribute("value")) return c.get_tensor("value");
  if (const Attribute* sparse = c.node().attribute("sparse_value")) {
    if (sparse->sparse_tensors.size() != 1) fail(Code::kInvalidModel, "sparse_value holds no sparse tensor");
    return to_tensor(sparse->sparse_tensors[0], {});
  }
  if (c.has_attribute("value_int")) return Tensor::scalar<int64_t>(c.get_int("value_int", 0));
  if (c.has_attribute("value_float")) return floats({c.get_float("value_float", 0)}, {});
  if (c.has_attribute("value_string")) return Tensor::scalar<std::string>(c.get_string("value_string", ""));
  if (c.has_attribute("value_ints")) {
    const auto values = c.get_ints("value_ints");
    return Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, values);
  }
  if (c.has_attribute("value_floats")) {
    const auto values = c.get_floats("value_floats");
    return floats(values, {static_cast<int64_t>(values.size())});
  }
  if (c.has_attribute("value_strings")) {
    const auto values = c.get_strings("value_strings");
    return Tensor::of<std::string>({static_cast<int64_t>(values.size())}, values);
  }
  fail(Code::kInvalidModel, "Constant has no value");
}

void constant(Conversion& c) { c.set_output(0, c.constant_value(constant_content(c))); }

void constant_of_shape(Conversion& c) {
  Tensor value = c.get_tensor("value");
  if (!value.defined()) value = Tensor::scalar(0.0f);
  if (value.count() != 1) fail(Code::kInvalidModel, "ConstantOfShape of {} values", value.count());
  c.set_output(0, emit_expand_to(c, c.constant_value(value.reshaped({})), c.input(0)));
}

void range(Conversion& c) { c.set_output(0, c.add(Range{}, {c.input(0), c.input(1), c.input(2)})); }

void eye_like(Conversion& c) {
  c.set_output(0, c.add(EyeLike{c.get_dtype("dtype", c.input_fact(0).dtype()), c.get_int("k", 0)}, {c.input(0)}));
}

// The attributes of a random operator; a and b by their names.
Random random_of(const Conversion& c, Distribution distribution, DType dtype) {
  Random random;
  random.distribution = distribution;
  const bool uniform = distribution == Distribution::kUniform;
  random.a = c.get_float(uniform ? "low" : "mean", 0);
  random.b = c.get_float(uniform ? "high" : "scale", 1);
  random.dtype = c.get_dtype("dtype", dtype);
  random.seeded = c.has_attribute("seed");
  random.seed = c.get_float("seed", 0);
  return random;
}

template <Distribution distribution> void random(Conversion& c) {
  c.set_output(0, c.add(random_of(c, distribution, DType::kF32), {c.ints(c.get_ints("shape"))}));
}

template <Distribution distribution> void random_like(Conversion& c) {
  const DType like = c.input_fact(0).dtype();
  const Random random = random_of(c, distribution, is_float(like) ? like : DType::kF32);
  c.set_output(0, c.add(random, {emit_shape_of(c, c.input(0))}));
}

void bernoulli(Conversion& c) {
  const DType dtype = c.input_fact(0).dtype();
  Random random;
  random.dtype = dtype;
  random.seeded = c.has_attribute("seed");
  random.seed = c.get_float("seed", 0);
  const ValueId drawn = c.add(random, {emit_shape_of(c, c.input(0))});
  const ValueId hit = c.add(Binary{BinaryFn::kLess}, {drawn, c.input(0)});
  const DType wanted = c.get_dtype("dtype", dtype);
  c.set_output(0, wanted == DType::kBool ? hit : c.add(Cast{wanted}, {hit}));
}

void multinomial(Conversion& c) {
  c.set_output(0, c.add(Multinomial{c.get_int("sample_size", 1), c.get_dtype("dtype", DType::kI32),
                                    c.has_attribute("seed"), c.get_float("seed", 0)},
                        {c.input(0)}));
}

// A window: sum over k of weights[k] * cos(2 pi k n / N), n = 0, 1, ...; N is the size, one less when not periodic.
void cosine_window(Conversion& c, const std::vector<double>& weights) {
  const DType wanted = c.get_dtype("output_datatype", DType::kF32);
  const DType dtype = wanted == DType::kF64 ? DType::kF64 : DType::kF32;
  const auto number = [&](BinaryFn fn, ValueId a, ValueId b) { return c.add(Binary{fn}, {a, b}); };
  const DType counted = c.input_fact(0).dtype();
  const ValueId steps = c.add(Range{}, {c.scalar(0, counted), c.input(0), c.scalar(1, counted)});
  ValueId length = c.add(Cast{dtype}, {c.input(0)});
  if (c.get_int("periodic", 1) == 0) length = number(BinaryFn::kSub, length, c.scalar(1, dtype));
  const ValueId turn = number(BinaryFn::kDiv, c.scalar(2 * M_PI, dtype), length);
  const ValueId angle = number(BinaryFn::kMul, c.add(Cast{dtype}, {steps}), turn);
  ValueId sum = c.scalar(weights[0], dtype);
  for (size_t k = 1; k < weights.size(); ++k) {
    const ValueId multiple = k == 1 ? angle : number(BinaryFn::kMul, angle, c.scalar(static_cast<double>(k), dtype));
    const ValueId wave = c.add(Unary{UnaryFn::kCos}, {multiple});
    sum = number(BinaryFn::kAdd, number(BinaryFn::kMul, wave, c.scalar(weights[k], dtype)), sum);
  }
  c.set_output(0, wanted == dtype ? sum : c.add(Cast{wanted}, {sum}));
}

void hann_window(Conversion& c) { cosine_window(c, {0.5, -0.5}); }
void hamming_window(Conversion& c) { cosine_window(c, {25.0 / 46, -21.0 / 46}); }
void blackman_window(Conversion& c) { cosine_window(c, {0.42, -0.5, 0.08}); }

void mel_weight_matrix(Conversion& c) {
  const DType dtype = c.get_dtype("output_datatype", DType::kF32);
  c.set_output(0, c.add(MelWeightMatrix{dtype}, {c.input(0), c.input(1), c.input(2), c.input(3), c.input(4)}));
}

}  // namespace

std::span<const Converter> generator_converters() {
  static const Converter kTable[] = {
      {"", "Bernoulli", bernoulli},
      {"", "BlackmanWindow", blackman_window},
      {"", "Constant", constant},
      {"", "ConstantOfShape", constant_of_shape},
      {"", "EyeLike", eye_like},
      {"", "HammingWindow", hamming_window},
      {"", "HannWindow", hann_window},
      {"", "MelWeightMatrix", mel_weight_matrix},
      {"", "Multinomial", multinomial},
      {"", "RandomNormal", random<Distribution::kNormal>},
      {"", "RandomNormalLike", random_like<Distribution::kNormal>},
      {"", "RandomUniform", random<Distribution::kUniform>},
      {"", "RandomUniformLike", random_like<Distribution::kUniform>},
      {"", "Range", range},
  };
  return kTable;
}

}  // namespace ingot::onnx

// ai.onnx.ml: classical models but for trees (ml_trees.cc).
#include <algorithm>
#include <cmath>

#include "onnx/convert/converters.h"
#include "onnx/convert/emit.h"
#include "onnx/convert/emit_movement.h"
#include "onnx/convert/ml.h"
#include "ops/arg_reduce.h"
#include "ops/fused.h"
#include "ops/gather.h"
#include "ops/label_encoder.h"
#include "ops/maps.h"
#include "ops/matmul.h"
#include "ops/normalizer.h"
#include "ops/score_transform.h"
#include "ops/svm.h"
#include "ops/where.h"
#include "tensor/elements.h"

namespace ingot::onnx {

PostTransform post_transform(const Conversion& c) {
  const std::string name = c.get_string("post_transform", "NONE");
  if (name == "NONE") return PostTransform::kNone;
  if (name == "SOFTMAX") return PostTransform::kSoftmax;
  if (name == "LOGISTIC") return PostTransform::kLogistic;
  if (name == "SOFTMAX_ZERO") return PostTransform::kSoftmaxZero;
  if (name == "PROBIT") return PostTransform::kProbit;
  fail(Code::kInvalidModel, "post_transform '{}' is unknown", name);
}

static Tensor vector_of(const std::vector<int64_t>& values) {
  return Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, values);
}
static Tensor vector_of(const std::vector<std::string>& values) {
  return Tensor::of<std::string>({static_cast<int64_t>(values.size())}, values);
}
static Tensor vector_of(const std::vector<double>& values) {
  Tensor tensor(DType::kF32, {static_cast<int64_t>(values.size())});
  write_doubles(tensor, values);
  return tensor;
}

Tensor class_labels(const Conversion& c, const char* ints) {
  if (c.has_attribute("classlabels_strings") && !c.get_strings("classlabels_strings").empty()) {
    return vector_of(c.get_strings("classlabels_strings"));
  }
  return vector_of(c.get_ints(ints));
}

ir::ValueId emit_labels(Conversion& c, ir::ValueId index, Tensor labels) {
  std::vector<int64_t> counting(static_cast<size_t>(labels.count()));
  for (size_t i = 0; i < counting.size(); ++i) counting[i] = static_cast<int64_t>(i);
  if (labels.dtype() == DType::kI64 && to_ints(labels) == counting) return index;
  return c.add(Gather{0}, {c.constant_value(std::move(labels)), index});
}

namespace {

void convert_array_feature_extractor(Conversion& c) {
  const int64_t rank = c.rank(0, "the result has it");
  const ir::ValueId indices = emit_reshape_to(c, c.input(1), c.ints({-1}));
  const ir::ValueId y = c.add(Gather{rank - 1}, {c.input(0), indices});
  c.set_output(0, rank == 1 ? emit_unsqueeze(c, y, {0}) : y);
}

void convert_binarizer(Conversion& c) {
  const DType type = c.input_fact(0).dtype();
  const ir::ValueId x = is_float(type) ? c.input(0) : emit_cast(c, c.input(0), DType::kF32);
  c.set_output(0, emit_cast(c, emit_scalar(c, BinaryFn::kGreater, x, c.get_float("threshold", 0)), type));
}

void convert_cast_map(Conversion& c) {
  CastMap op;
  const std::string to = c.get_string("cast_to", "TO_FLOAT"), form = c.get_string("map_form", "DENSE");
  if (to != "TO_FLOAT" && to != "TO_STRING" && to != "TO_INT64")
    fail(Code::kInvalidModel, "cast_to '{}' is unknown", to);
  if (form != "DENSE" && form != "SPARSE") fail(Code::kInvalidModel, "map_form '{}' is unknown", form);
  op.to = to == "TO_FLOAT" ? DType::kF32 : to == "TO_INT64" ? DType::kI64 : DType::kString;
  if (form == "SPARSE") op.size = std::max<int64_t>(c.get_int("max_map", 1), 1);
  c.set_output(0, c.add(op, {c.input(0)}));
}

void convert_category_mapper(Conversion& c) {
  LabelEncoder op;
  const Tensor ints = vector_of(c.get_ints("cats_int64s")), strings = vector_of(c.get_strings("cats_strings"));
  const bool from_strings = c.input_fact(0).dtype() == DType::kString;
  op.keys = from_strings ? strings : ints;
  op.values = from_strings ? ints : strings;
  op.missing = from_strings ? Tensor::scalar<int64_t>(c.get_int("default_int64", -1))
                            : Tensor::scalar<std::string>(c.get_string("default_string", "_Unused"));
  c.set_output(0, c.add(std::move(op), {c.input(0)}));
}

void convert_dict_vectorizer(Conversion& c) {
  const auto words = c.get_strings("string_vocabulary");
  c.set_output(0, c.add(DictVectorizer{words.empty() ? vector_of(c.get_ints("int64_vocabulary")) : vector_of(words)},
                        {c.input(0)}));
}

void convert_feature_vectorizer(Conversion& c) {
  const auto sizes = c.get_ints("inputdimensions");
  std::vector<ir::ValueId> parts;
  for (size_t i = 0; i < c.input_count(); ++i) {
    ir::ValueId x = emit_cast(c, c.input(i), DType::kF32);
    const int64_t rank = c.rank(i, "features are in the second axis");
    if (rank == 1) x = emit_unsqueeze(c, x, {0});
    if (rank > 2) x = emit_reshape_to(c, x, c.ints({0, -1}));
    const Dim columns = (*c.fact(x).shape)[1];
    if (i < sizes.size() && columns.is_constant() && !columns.is(sizes[i])) {
      fail(Code::kInvalidModel, "input {} of FeatureVectorizer has {} columns instead of {}", i, columns.text(),
           sizes[i]);
    }
    parts.push_back(x);
  }
  c.set_output(0, emit_concat(c, std::move(parts), 1));
}

void convert_imputer(Conversion& c) {
  const DType type = c.input_fact(0).dtype();
  const bool floats = is_float(type);
  const std::vector<double> values = floats ? c.get_floats("imputed_value_floats") : std::vector<double>();
  const std::vector<int64_t> ints = floats ? std::vector<int64_t>() : c.get_ints("imputed_value_int64s");
  if (values.empty() && ints.empty()) fail(Code::kInvalidModel, "Imputer has no values for elements of its input");
  const ir::ValueId x = c.input(0);
  const double replaced = c.get_float("replaced_value_float", 0);
  ir::ValueId missing;
  if (floats && std::isnan(replaced)) {
    missing = emit_unary(c, UnaryFn::kIsNan, x);
  } else if (floats) {
    missing = emit_scalar(c, BinaryFn::kEqual, x, replaced);
  } else {
    const Tensor wanted = convert(Tensor::scalar<int64_t>(c.get_int("replaced_value_int64", 0)), type);
    missing = emit_binary(c, BinaryFn::kEqual, x, c.constant_value(wanted));
  }
  const ir::ValueId imputed = c.constant_value(convert(floats ? vector_of(values) : vector_of(ints), type));
  c.set_output(0, c.add(Where{}, {missing, imputed, x}));
}

void convert_label_encoder_1(Conversion& c) {
  LabelEncoder op;
  const auto classes = c.get_strings("classes_strings");
  std::vector<int64_t> positions;
  for (size_t i = 0; i < classes.size(); ++i) positions.push_back(static_cast<int64_t>(i));
  const bool from_strings = c.input_fact(0).dtype() == DType::kString;
  op.keys = from_strings ? vector_of(classes) : vector_of(positions);
  op.values = from_strings ? vector_of(positions) : vector_of(classes);
  op.missing = from_strings ? Tensor::scalar<int64_t>(c.get_int("default_int64", -1))
                            : Tensor::scalar<std::string>(c.get_string("default_string", "_Unused"));
  c.set_output(0, c.add(std::move(op), {c.input(0)}));
}

// keys_* or values_*, whichever form is there.
Tensor table_column(const Conversion& c, const std::string& prefix) {
  if (c.has_attribute(prefix + "_tensor")) return c.get_tensor(prefix + "_tensor");
  if (c.has_attribute(prefix + "_strings")) return vector_of(c.get_strings(prefix + "_strings"));
  if (c.has_attribute(prefix + "_int64s")) return vector_of(c.get_ints(prefix + "_int64s"));
  if (c.has_attribute(prefix + "_floats")) return vector_of(c.get_floats(prefix + "_floats"));
  fail(Code::kInvalidModel, "LabelEncoder has no {}", prefix);
}

void convert_label_encoder(Conversion& c) {
  LabelEncoder op;
  op.keys = table_column(c, "keys");
  op.values = table_column(c, "values");
  if (c.has_attribute("default_tensor")) {
    op.missing = c.get_tensor("default_tensor");
  } else if (op.values.dtype() == DType::kString) {
    op.missing = Tensor::scalar<std::string>(c.get_string("default_string", "_Unused"));
  } else if (is_float(op.values.dtype())) {
    op.missing = convert(Tensor::scalar<double>(c.get_float("default_float", -0.0)), op.values.dtype());
  } else {
    op.missing = convert(Tensor::scalar<int64_t>(c.get_int("default_int64", -1)), op.values.dtype());
  }
  c.set_output(0, c.add(std::move(op), {c.input(0)}));
}

// x [n, f] as f32 times the transposed coefficients [targets, f], plus intercepts.
ir::ValueId emit_linear(Conversion& c, int64_t targets) {
  ir::ValueId x = emit_cast(c, c.input(0), DType::kF32);
  if (c.rank(0, "one point or many") == 1) x = emit_unsqueeze(c, x, {0});
  const auto coefficients = vector_of(c.get_floats("coefficients"));
  if (targets < 1 || coefficients.count() % targets != 0) {
    fail(Code::kInvalidModel, "{} coefficients for {} targets", coefficients.count(), targets);
  }
  const ir::ValueId weights = c.constant_value(coefficients.reshaped({targets, coefficients.count() / targets}));
  MatMul op;
  op.trans_b = true;
  std::vector<ir::ValueId> inputs{x, weights};
  const auto intercepts = c.get_floats("intercepts");
  if (!intercepts.empty()) {
    if (static_cast<int64_t>(intercepts.size()) != targets) {
      fail(Code::kInvalidModel, "{} intercepts for {} targets", intercepts.size(), targets);
    }
    inputs.push_back(c.constant_value(vector_of(intercepts)));
  }
  return c.add(std::move(op), std::move(inputs));
}

void convert_linear_regressor(Conversion& c) {
  ir::ValueId y = emit_linear(c, c.get_int("targets", 1));
  const PostTransform transform = post_transform(c);
  if (transform != PostTransform::kNone) y = c.add(ScoreTransform{transform, SecondClass::kNone}, {y});
  c.set_output(0, y);
}

void convert_linear_classifier(Conversion& c) {
  Tensor labels = class_labels(c, "classlabels_ints");
  const auto intercepts = static_cast<int64_t>(c.get_floats("intercepts").size());
  const int64_t targets = intercepts > 0 ? intercepts : std::max<int64_t>(labels.count(), 1);
  const ir::ValueId scores = emit_linear(c, targets);
  ScoreTransform op{post_transform(c), SecondClass::kNone};
  if (targets == 1) {
    const ir::ValueId positive = emit_cast(c, emit_scalar(c, BinaryFn::kGreater, scores, 0.0), DType::kI64);
    if (labels.count() == 2) {
      op.second = SecondClass::kComplement;
    } else {
      labels = labels.dtype() == DType::kString ? vector_of(std::vector<std::string>{"0", "1"})
                                                : vector_of(std::vector<int64_t>{0, 1});
    }
    c.set_output(0, emit_labels(c, emit_squeeze(c, positive, {1}), labels));
  } else {
    if (labels.count() != targets) fail(Code::kInvalidModel, "{} labels for {} classes", labels.count(), targets);
    c.set_output(0, emit_labels(c, c.add(ArgReduce{ArgFn::kMax, 1, false, false}, {scores}), labels));
  }
  const bool same = op.transform == PostTransform::kNone && op.second == SecondClass::kNone;
  c.set_output(1, same ? scores : c.add(op, {scores}));
}

void convert_normalizer(Conversion& c) {
  const std::string norm = c.get_string("norm", "MAX");
  if (norm != "MAX" && norm != "L1" && norm != "L2") fail(Code::kInvalidModel, "norm '{}' is unknown", norm);
  const RowNorm kind = norm == "MAX" ? RowNorm::kMax : norm == "L1" ? RowNorm::kL1 : RowNorm::kL2;
  c.set_output(0, c.add(Normalizer{kind}, {c.input(0)}));
}

void convert_one_hot_encoder(Conversion& c) {
  const auto words = c.get_strings("cats_strings");
  OneHotEncoder op{words.empty() ? vector_of(c.get_ints("cats_int64s")) : vector_of(words), c.get_int("zeros", 1) != 0};
  c.set_output(0, c.add(std::move(op), {c.input(0)}));
}

void convert_scaler(Conversion& c) {
  ir::ValueId x = emit_cast(c, c.input(0), DType::kF32);
  const auto offset = c.get_floats("offset"), scale = c.get_floats("scale");
  if (!offset.empty()) x = emit_binary(c, BinaryFn::kSub, x, c.constant_value(vector_of(offset)));
  if (!scale.empty()) x = emit_binary(c, BinaryFn::kMul, x, c.constant_value(vector_of(scale)));
  c.set_output(0, x);
}

Svm read_svm(const Conversion& c) {
  Svm svm;
  const std::string kernel = c.get_string("kernel_type", "LINEAR");
  if (kernel != "LINEAR" && kernel != "POLY" && kernel != "RBF" && kernel != "SIGMOID") {
    fail(Code::kInvalidModel, "kernel_type '{}' is unknown", kernel);
  }
  svm.kernel = kernel == "POLY"      ? SvmKernel::kPoly
               : kernel == "RBF"     ? SvmKernel::kRbf
               : kernel == "SIGMOID" ? SvmKernel::kSigmoid
                                     : SvmKernel::kLinear;
  const auto parameters = c.get_floats("kernel_params");
  if (parameters.size() >= 3) svm.gamma = parameters[0], svm.coef0 = parameters[1], svm.degree = parameters[2];
  svm.coefficients = c.get_floats("coefficients");
  svm.vectors = c.get_floats("support_vectors");
  svm.rho = c.get_floats("rho");
  svm.transform = post_transform(c);
  return svm;
}

void convert_svm_regressor(Conversion& c) {
  Svm svm = read_svm(c);
  svm.vector_count = c.get_int("n_supports", 0);
  if (svm.vector_count == 0) svm.kernel = SvmKernel::kLinear;
  svm.one_class = c.get_int("one_class", 0) != 0;
  c.set_output(0, c.add(std::move(svm), {c.input(0)}));
}

void convert_svm_classifier(Conversion& c) {
  Svm svm = read_svm(c);
  Tensor labels = class_labels(c, "classlabels_ints");
  svm.classes = std::max<int64_t>(labels.count(), 1);
  svm.prob_a = c.get_floats("prob_a");
  svm.prob_b = c.get_floats("prob_b");
  svm.vectors_per_class = c.get_ints("vectors_per_class");
  for (const int64_t each : svm.vectors_per_class) {
    if (each < 0 || each > static_cast<int64_t>(svm.vectors.size()))
      fail(Code::kInvalidModel, "vectors_per_class is wrong");
    svm.vector_count += each;
  }
  if (svm.vector_count == 0) svm.kernel = SvmKernel::kLinear;
  if (labels.count() < 2) {
    labels = labels.dtype() == DType::kString ? vector_of(std::vector<std::string>{"0", "1"})
                                              : vector_of(std::vector<int64_t>{0, 1});
  }
  const auto results = c.add_node(std::move(svm), {c.input(0)});
  c.set_output(0, emit_labels(c, results[0], std::move(labels)));
  c.set_output(1, results[1]);
}

void convert_zip_map(Conversion& c) {
  c.set_output(0, c.add(ZipMap{class_labels(c, "classlabels_int64s")}, {c.input(0)}));
}

constexpr const char* kMl = "ai.onnx.ml";

constexpr Converter kTable[] = {
    {kMl, "ArrayFeatureExtractor", convert_array_feature_extractor},
    {kMl, "Binarizer", convert_binarizer},
    {kMl, "CastMap", convert_cast_map},
    {kMl, "CategoryMapper", convert_category_mapper},
    {kMl, "DictVectorizer", convert_dict_vectorizer},
    {kMl, "FeatureVectorizer", convert_feature_vectorizer},
    {kMl, "Imputer", convert_imputer},
    {kMl, "LabelEncoder", convert_label_encoder_1, 1, 1},
    {kMl, "LabelEncoder", convert_label_encoder, 2},
    {kMl, "LinearClassifier", convert_linear_classifier},
    {kMl, "LinearRegressor", convert_linear_regressor},
    {kMl, "Normalizer", convert_normalizer},
    {kMl, "OneHotEncoder", convert_one_hot_encoder},
    {kMl, "Scaler", convert_scaler},
    {kMl, "SVMClassifier", convert_svm_classifier},
    {kMl, "SVMRegressor", convert_svm_regressor},
    {kMl, "TreeEnsemble", convert_tree_ensemble},
    {kMl, "TreeEnsembleClassifier", convert_tree_classifier},
    {kMl, "TreeEnsembleRegressor", convert_tree_regressor},
    {kMl, "ZipMap", convert_zip_map},
};

}  // namespace

std::span<const Converter> ml_converters() { return kTable; }

}  // namespace ingot::onnx

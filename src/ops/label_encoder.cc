#include "ops/label_encoder.h"

#include <bit>
#include <cmath>
#include <unordered_map>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {

// Numbers by their bits: integers as they are, floating-point ones as doubles with one NaN and one zero.
struct KeyTable::Maps {
  std::unordered_map<std::string, int64_t> texts;
  std::unordered_map<int64_t, int64_t> numbers;
};

static int64_t number_key(const Tensor& tensor, int64_t index) {
  if (!is_float(tensor.dtype())) return read_int(tensor, index);
  const double value = read_double(tensor, index);
  return std::bit_cast<int64_t>(std::isnan(value) ? std::nan("") : value + 0.0);
}

KeyTable::KeyTable(const Tensor& keys) : maps_(std::make_unique<Maps>()) {
  for (int64_t i = 0; i < keys.count(); ++i) {
    if (keys.dtype() == DType::kString) {
      maps_->texts.emplace(keys.data<std::string>()[i], i);
    } else {
      maps_->numbers.emplace(number_key(keys, i), i);
    }
  }
}

KeyTable::~KeyTable() = default;

int64_t KeyTable::find(const Tensor& tensor, int64_t index) const {
  if (tensor.dtype() == DType::kString) {
    const auto found = maps_->texts.find(tensor.data<std::string>()[index]);
    return found != maps_->texts.end() ? found->second : -1;
  }
  const auto found = maps_->numbers.find(number_key(tensor, index));
  return found != maps_->numbers.end() ? found->second : -1;
}

static void check_table(const LabelEncoder& op) {
  if (op.keys.count() != op.values.count() || op.missing.count() != 1 || op.missing.dtype() != op.values.dtype()) {
    fail(Code::kInvalidModel, "a label encoder of {} keys, {} values and {} for the rest", op.keys.count(),
         op.values.count(), op.missing.defined() ? op.missing.type_text() : "nothing");
  }
}

static void infer(const LabelEncoder& op, InferContext& context) {
  check_table(op);
  context.require(context.dtype(0) == op.keys.dtype(), "labels are {} and keys {}", dtype_name(context.dtype(0)),
                  dtype_name(op.keys.dtype()));
  context.set_output(0, op.values.dtype(), context.shape(0));
}

static void eval(const LabelEncoder& op, EvalContext& context) {
  check_table(op);
  const Tensor& x = context.tensor(0);
  if (x.dtype() != op.keys.dtype()) fail(Code::kInvalidArgument, "labels are {}", x.type_text());
  const KeyTable table(op.keys);
  Tensor& y = context.output(0, op.values.dtype(), x.shape());
  for (int64_t i = 0; i < x.count(); ++i) {
    const int64_t at = table.find(x, i);
    at < 0 ? copy_element(op.missing, 0, y, i) : copy_element(op.values, at, y, i);
  }
}

const OpDef LabelEncoder::def =
    define_op<LabelEncoder, infer, eval>({"label_encoder", "values[i] where x = keys[i]", 1, 1, 1});

static void infer(const OneHotEncoder& op, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(op.categories.defined() && op.categories.rank() == 1, "a one-hot encoder without categories");
  context.require((x.dtype() == DType::kString) == (op.categories.dtype() == DType::kString),
                  "{} encoded by categories of type {}", dtype_name(x.dtype()), dtype_name(op.categories.dtype()));
  std::optional<DimShape> shape = x.shape;
  if (shape) shape->push_back(op.categories.count());
  context.set_output(0, DType::kF32, std::move(shape));
}

static void eval(const OneHotEncoder& op, EvalContext& context) {
  const Tensor& given = context.tensor(0);
  if ((given.dtype() == DType::kString) != (op.categories.dtype() == DType::kString)) {
    fail(Code::kInvalidArgument, "{} encoded by categories of another type", given.type_text());
  }
  const Tensor x = given.dtype() == DType::kString ? given : convert(given, DType::kI64);
  const KeyTable table(op.categories);
  const int64_t size = op.categories.count();
  Shape shape = x.shape();
  shape.push_back(size);
  Tensor& y = context.output(0, DType::kF32, shape);
  float* row = y.mutable_data<float>();
  for (int64_t i = 0; i < x.count(); ++i, row += size) {
    std::fill(row, row + size, 0.0f);
    const int64_t at = table.find(x, i);
    if (at < 0 && !op.zeros) fail(Code::kInvalidArgument, "element {} is of no category", i);
    if (at >= 0) row[at] = 1;
  }
}

const OpDef OneHotEncoder::def =
    define_op<OneHotEncoder, infer, eval>({"one_hot_encoder", "1 at the category that x is, 0 elsewhere", 1, 1, 1});

}  // namespace ingot

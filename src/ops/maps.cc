#include "ops/maps.h"

#include <algorithm>
#include <numeric>

#include "ops/cast.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/label_encoder.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

constexpr int64_t kMaxSize = int64_t{1} << 32;

void check_keys(const Tensor& keys) {
  if (keys.rank() != 1 || (keys.dtype() != DType::kI64 && keys.dtype() != DType::kString)) {
    fail(Code::kInvalidModel, "keys of a map are {}", keys.defined() ? keys.type_text() : "missing");
  }
}

const Type& map_type(const InferContext& context) {
  const Type& type = context.input(0).type;
  context.require(type.kind == Type::Kind::kMap, "expected a map, got {}", type.text());
  return type;
}

const Value& map_input(const EvalContext& context) {
  const Value& map = context.input(0);
  if (map.kind() != Value::Kind::kMap) fail(Code::kInvalidArgument, "expected a map");
  return map;
}

}  // namespace

static void infer(const ZipMap& op, InferContext& context) {
  check_keys(op.keys);
  const Fact& x = context.input(0);
  context.require(x.dtype() == DType::kF32, "values of a map are {}", dtype_name(x.dtype()));
  context.require(!x.has_rank() || x.rank() == 1 || x.rank() == 2, "a map of {}", x.text());
  if (x.has_rank()) unify(x.shape->back(), op.keys.count(), "keys and columns of a map");
  context.set_output(0, Fact(Type::sequence(Type::map(op.keys.dtype(), DType::kF32))));
}

static void eval(const ZipMap& op, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  const int64_t count = op.keys.count();
  if (x.rank() < 1 || x.rank() > 2 || x.dim(-1) != count) {
    fail(Code::kInvalidArgument, "a map of {} keys and {}", count, x.type_text());
  }
  std::vector<Value> maps;
  for (int64_t first = 0; first < x.count(); first += count) {
    Tensor values(DType::kF32, {count});
    std::copy_n(x.data<float>() + first, count, values.mutable_data<float>());
    maps.push_back(Value::map(op.keys, std::move(values)));
  }
  context.set_output(0, Value::sequence(std::move(maps)));
}

const OpDef ZipMap::def =
    define_op<ZipMap, infer, eval>({"zip_map", "a sequence of one map from the keys to each row", 1, 1, 1});

static void infer(const DictVectorizer& op, InferContext& context) {
  check_keys(op.vocabulary);
  const Type& type = map_type(context);
  context.require(type.key == op.vocabulary.dtype(), "a map from {} and words of {}", dtype_name(type.key),
                  dtype_name(op.vocabulary.dtype()));
  context.set_output(0, type.dtype, DimShape{1, op.vocabulary.count()});
}

static void eval(const DictVectorizer& op, EvalContext& context) {
  const Value& map = map_input(context);
  const Tensor &keys = map.map_keys(), &values = map.map_values();
  if (keys.dtype() != op.vocabulary.dtype()) fail(Code::kInvalidArgument, "a map from {}", dtype_name(keys.dtype()));
  const KeyTable table(keys);
  Tensor result(values.dtype(), {1, op.vocabulary.count()});
  for (int64_t i = 0; i < op.vocabulary.count(); ++i) {
    const int64_t at = table.find(op.vocabulary, i);
    if (at >= 0) copy_element(values, at, result, i);
  }
  context.set_output(0, std::move(result));
}

const OpDef DictVectorizer::def =
    define_op<DictVectorizer, infer, eval>({"dict_vectorizer", "the map's value for each word", 1, 1, 1});

static void infer(const CastMap& op, InferContext& context) {
  const Type& type = map_type(context);
  context.require(type.key == DType::kI64, "a map from {} as a tensor", dtype_name(type.key));
  context.require(op.size >= 0 && op.size < kMaxSize, "a map as a tensor of {} elements", op.size);
  context.set_output(0, op.to, DimShape{1, op.size > 0 ? Dim(op.size) : context.fresh_dim()});
}

static void eval(const CastMap& op, EvalContext& context) {
  const Value& map = map_input(context);
  const std::vector<int64_t> keys = to_ints(map.map_keys());
  const Value values = map.map_values();
  const Value* inputs[] = {&values};
  const Tensor converted = evaluate(Cast{op.to}, inputs, {}).at(0).tensor();
  std::vector<size_t> order(keys.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return keys[a] < keys[b]; });
  const auto count = static_cast<int64_t>(keys.size());
  Tensor& y = context.output(0, op.to, {1, op.size > 0 ? op.size : count});
  y = Tensor(op.to, y.shape());
  for (size_t i = 0; i < order.size(); ++i) {
    const int64_t at = op.size > 0 ? keys[order[i]] : static_cast<int64_t>(i);
    if (at < 0 || at >= y.count()) fail(Code::kInvalidArgument, "key {} of a map of {} elements", at, y.count());
    copy_element(converted, static_cast<int64_t>(order[i]), y, at);
  }
}

const OpDef CastMap::def = define_op<CastMap, infer, eval>({"cast_map", "the map's values by ascending key", 1, 1, 1});

}  // namespace ingot

#include "tensor/value.h"

namespace ingot {
namespace {

const char* kind_name(Value::Kind kind) {
  constexpr const char* kNames[] = {"nothing", "a tensor", "a sequence", "a map"};
  return kNames[static_cast<int>(kind)];
}

}  // namespace

Value Value::sequence(std::vector<Value> items) {
  Value value;
  value.kind_ = Kind::kSequence;
  value.items_ = std::make_shared<const std::vector<Value>>(std::move(items));
  return value;
}

Value Value::map(Tensor keys, Tensor values) {
  if (keys.count() != values.count()) {
    fail(Code::kInvalidArgument, "a map of {} keys and {} values", keys.count(), values.count());
  }
  Value value;
  value.kind_ = Kind::kMap;
  value.items_ = std::make_shared<const std::vector<Value>>(std::vector<Value>{std::move(keys), std::move(values)});
  return value;
}

const Tensor& Value::tensor() const {
  if (kind_ != Kind::kTensor) fail(Code::kInvalidArgument, "expected a tensor, got {}", kind_name(kind_));
  return tensor_;
}

Tensor& Value::mutable_tensor() {
  if (kind_ != Kind::kTensor) fail(Code::kInvalidArgument, "expected a tensor, got {}", kind_name(kind_));
  return tensor_;
}

const std::vector<Value>& Value::items() const {
  if (kind_ != Kind::kSequence && kind_ != Kind::kMap) {
    fail(Code::kInvalidArgument, "expected a sequence or map, got {}", kind_name(kind_));
  }
  return *items_;
}

}  // namespace ingot

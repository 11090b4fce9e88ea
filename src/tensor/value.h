// What flows along an edge at run time: a tensor, a sequence, a map, or nothing (an omitted or empty optional).
#pragma once
#include <memory>
#include <vector>

#include "tensor/tensor.h"

namespace ingot {

// A handle like Tensor. An optional that holds something is that something; an empty one is kNone.
class Value {
 public:
  enum class Kind { kNone, kTensor, kSequence, kMap };
  Value() = default;
  Value(Tensor tensor) : kind_(Kind::kTensor), tensor_(std::move(tensor)) {}
  static Value sequence(std::vector<Value> items);
  // Keys (i64 or string, rank 1) and as many values (rank 1).
  static Value map(Tensor keys, Tensor values);

  Kind kind() const { return kind_; }
  bool is_none() const { return kind_ == Kind::kNone; }
  bool is_tensor() const { return kind_ == Kind::kTensor; }
  // Each throws kInvalidArgument when the value is of another kind.
  const Tensor& tensor() const;
  Tensor& mutable_tensor();
  const std::vector<Value>& items() const;
  const Tensor& map_keys() const { return items()[0].tensor(); }
  const Tensor& map_values() const { return items()[1].tensor(); }

 private:
  Kind kind_ = Kind::kNone;
  Tensor tensor_;
  std::shared_ptr<const std::vector<Value>> items_;
};

}  // namespace ingot

// What an operator's `eval` sees: the specification of the operator, run slowly and obviously.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "base/error.h"
#include "tensor/dim.h"
#include "tensor/value.h"

namespace ingot {

// What an evaluation borrows from whoever runs it (interpreter, constant folding, a plan's fallback step).
struct EvalHost {
  // Runs body `index` of the node. Empty for operators without bodies.
  std::function<std::vector<Value>(size_t index, std::vector<Value> inputs)> run_body;
  // Memory for output `index`; empty: a new uninitialised tensor. May return memory planned by the caller.
  std::function<Tensor(size_t index, DType dtype, const Shape& shape)> allocate;
  // Bytes one evaluation may allocate for outputs before it fails with kOutOfMemory.
  int64_t memory_budget = int64_t{1} << 40;
  // Throws kCancelled when the caller wants to stop; called by long loops. May be empty.
  std::function<void()> check_cancelled;
  // Sizes of the symbols of this run, for fields that are expressions. May be null: only constants are known then.
  const SymbolValues* symbols = nullptr;
  // Seed of operators that draw random numbers without a seed of their own.
  uint64_t seed = 0;
};

class EvalContext {
 public:
  // `inputs`: null where an optional input is absent.
  EvalContext(std::span<const Value* const> inputs, const EvalHost& host) : inputs_(inputs), host_(host) {}

  size_t input_count() const { return inputs_.size(); }
  bool has(size_t index) const { return index < inputs_.size() && inputs_[index] != nullptr; }
  // Throws kInvalidArgument when absent; tensor() also when it holds no tensor.
  const Value& input(size_t index) const;
  const Tensor& tensor(size_t index) const { return input(index).tensor(); }

  // A new uninitialised output to be written in full (strings: empty strings). The reference stays valid until the
  // evaluation ends.
  Tensor& output(size_t index, DType dtype, const Shape& shape);
  void set_output(size_t index, Value value);
  // Output `index` holds the elements of `tensor` under `shape`: shared, or copied when the host plans memory.
  void share_output(size_t index, const Tensor& tensor, const Shape& shape);
  // The expressions' values in this run; throws kInvalidArgument naming the first that has none.
  std::vector<int64_t> sizes(const DimShape& dims) const;
  const EvalHost& host() const { return host_; }
  std::vector<Value> take_outputs();

 private:
  void reserve(size_t index);
  std::span<const Value* const> inputs_;
  const EvalHost& host_;
  std::vector<std::unique_ptr<Value>> outputs_;
  int64_t allocated_ = 0;
};

class Op;
// Evaluates one operator on values; the single entry used by folding, interpreter and fallback steps.
std::vector<Value> evaluate(const Op& op, std::span<const Value* const> inputs, const EvalHost& host);

}  // namespace ingot

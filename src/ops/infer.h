// What an operator's `infer` sees: facts of the inputs in, facts of the outputs out.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "base/error.h"
#include "tensor/type.h"

namespace ingot {

// Makes names of sizes that only a run decides (NonZero's count): "?0", "?1", ...
using FreshDim = std::function<Dim()>;

class InferContext {
 public:
  // `inputs`: null where an optional input is absent. `body_outputs`: facts of each body's outputs, by body index.
  InferContext(std::span<const Fact* const> inputs, FreshDim fresh,
               std::span<const std::vector<Fact>> body_outputs = {})
      : inputs_(inputs), fresh_(std::move(fresh)), body_outputs_(body_outputs) {}

  size_t input_count() const { return inputs_.size(); }
  bool has(size_t index) const { return index < inputs_.size() && inputs_[index] != nullptr; }
  // Throws kInvalidArgument when input `index` is absent.
  const Fact& input(size_t index) const;
  DType dtype(size_t index) const { return input(index).dtype(); }
  // Empty when the rank is unknown.
  const std::optional<DimShape>& shape(size_t index) const { return input(index).shape; }
  // Content known now, or null (also when the input is absent).
  const Tensor* value(size_t index) const;
  // Content of a shape-like input as expressions (from a value or tracked elements); empty when unknown.
  std::optional<DimShape> elements(size_t index) const;
  std::span<const Fact> body_outputs(size_t body) const;

  Dim fresh_dim() const { return fresh_(); }
  DimShape fresh_shape(size_t rank) const;

  void set_output(size_t index, Fact fact);
  void set_output(size_t index, DType dtype, std::optional<DimShape> shape) {
    set_output(index, Fact(dtype, std::move(shape)));
  }
  std::vector<Fact>& outputs() { return outputs_; }

  // Throws kInvalidArgument with the formatted reason when `condition` is false.
  template <class... Args> void require(bool condition, fmt::format_string<Args...> text, Args&&... args) const {
    if (!condition) fail(Code::kInvalidArgument, text, std::forward<Args>(args)...);
  }
  // `axis` in [-rank, rank) made non-negative against the known rank of input `index`.
  int64_t axis(int64_t axis, size_t index) const;

 private:
  std::span<const Fact* const> inputs_;
  FreshDim fresh_;
  std::span<const std::vector<Fact>> body_outputs_;
  std::vector<Fact> outputs_;
};

// NumPy broadcasting of symbolic shapes; empty when either rank is unknown.
std::optional<DimShape> broadcast_dims(const std::optional<DimShape>& a, const std::optional<DimShape>& b);
// A tensor of this shape with tracked content: `elements` (rank 0 or 1; dropped when there are too many, or `dtype`
// is not tracked or too narrow for a constant), and `value` as well when every element is constant.
Fact elements_fact(DType dtype, DimShape shape, std::optional<DimShape> elements);
// max(size, 0), simplified where `size` is known to be non-negative.
Dim non_negative(const Dim& size);
// Throws kInvalidArgument when both are constant and differ; otherwise the more precise of the two.
Dim unify(const Dim& a, const Dim& b, const char* what);

}  // namespace ingot

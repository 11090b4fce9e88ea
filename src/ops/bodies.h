// What the control-flow operators share: facts of values that leave a body, running one, and stacking what it gives.
#pragma once
#include <set>
#include <string>

#include "ops/eval.h"
#include "ops/infer.h"

namespace ingot {

// A body sees outer values only through the node's inputs, so its facts may name the symbols of these; all others are
// its own and mean nothing outside.
std::set<std::string> input_symbols(const InferContext& context);
// `fact` as seen from outside the body: content dropped, each dim with a foreign symbol replaced by a fresh one.
Fact leave_body(const InferContext& context, Fact fact, const std::set<std::string>& known);
// The most precise fact that covers both; `fresh` names dims that differ. Throws kInvalidModel for types that don't
// fit.
Fact join_facts(const Fact& a, const Fact& b, const FreshDim& fresh);

// Shapes of the slices of stacked outputs, one after another; needed when a loop runs zero times.
struct SliceShapes {
  const std::vector<int64_t>& dtypes;  // one per output
  const std::vector<int64_t>& ranks;   // one per output
  const std::vector<int64_t>& sizes;   // all sizes, 0 where unknown
};
// Throws kInvalidArgument unless the lists fit each other and `outputs`.
void check_slice_shapes(const SliceShapes& shapes, int64_t outputs);

// Runs body `index`; throws kInvalidArgument when it does not give `outputs` values.
std::vector<Value> run_body(EvalContext& context, int64_t index, std::vector<Value> inputs, size_t outputs);
void check_cancelled(const EvalContext& context);

// Collects one slice per iteration for each of several outputs, within the memory budget.
class SliceCollector {
 public:
  SliceCollector(const EvalContext& context, size_t outputs)
      : budget_(context.host().memory_budget), slices_(outputs) {}
  // Throws kOutOfMemory past the budget, kInvalidArgument when type or shape differ from the first slice.
  void add(size_t output, const Tensor& slice);
  size_t count(size_t output) const { return slices_[output].size(); }
  // The slices along a new axis, in order or reversed; zero slices: as `shapes` says.
  Tensor stack(size_t output, int64_t axis, bool reversed, const SliceShapes& shapes) const;

 private:
  int64_t budget_;
  std::vector<std::vector<Tensor>> slices_;
};

// The tensor without `axis`, at `index` of it.
Tensor select_slice(const Tensor& tensor, int64_t axis, int64_t index);
// Writes `slice` at `index` of `axis`, where `to` has that axis more than `slice`.
void store_slice(const Tensor& slice, Tensor& to, int64_t axis, int64_t index);

}  // namespace ingot

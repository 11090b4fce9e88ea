#include "ops/bodies.h"

#include <algorithm>

#include "base/checked.h"
#include "tensor/elements.h"

namespace ingot {

std::set<std::string> input_symbols(const InferContext& context) {
  std::set<std::string> symbols;
  const auto collect = [&](const std::optional<DimShape>& dims) {
    if (!dims) return;
    for (const Dim& dim : *dims) dim.collect_symbols(symbols);
  };
  for (size_t i = 0; i < context.input_count(); ++i) {
    if (!context.has(i)) continue;
    collect(context.input(i).shape);
    collect(context.input(i).elements);
  }
  return symbols;
}

Fact leave_body(const InferContext& context, Fact fact, const std::set<std::string>& known) {
  fact.value.reset();
  fact.elements.reset();
  if (!fact.shape) return fact;
  for (Dim& dim : *fact.shape) {
    std::set<std::string> used;
    dim.collect_symbols(used);
    if (!std::includes(known.begin(), known.end(), used.begin(), used.end())) dim = context.fresh_dim();
  }
  return fact;
}

static Type join_types(const Type& a, const Type& b) {
  if (a == b) return a;
  if (a.kind == Type::Kind::kOptional && *a.element == b) return a;
  if (b.kind == Type::Kind::kOptional && *b.element == a) return b;
  fail(Code::kInvalidModel, "the types {} and {} of one value do not fit", a.text(), b.text());
}

Fact join_facts(const Fact& a, const Fact& b, const FreshDim& fresh) {
  Fact joined(join_types(a.type, b.type));
  if (!joined.type.is_tensor() || !a.has_rank() || !b.has_rank() || a.rank() != b.rank()) return joined;
  joined.shape = a.shape;
  for (size_t i = 0; i < joined.shape->size(); ++i) {
    Dim& dim = (*joined.shape)[i];
    if (!(dim == (*b.shape)[i])) dim = fresh();
  }
  return joined;
}

void check_slice_shapes(const SliceShapes& shapes, int64_t outputs) {
  bool valid = static_cast<int64_t>(shapes.dtypes.size()) == outputs && shapes.ranks.size() == shapes.dtypes.size();
  int64_t sizes = 0;
  for (size_t i = 0; valid && i < shapes.ranks.size(); ++i) {
    valid = is_valid_dtype(shapes.dtypes[i]) && shapes.ranks[i] >= 0 && shapes.ranks[i] < 1024;
    sizes += shapes.ranks[i];
  }
  valid = valid && sizes == static_cast<int64_t>(shapes.sizes.size()) &&
          std::all_of(shapes.sizes.begin(), shapes.sizes.end(), [](int64_t size) { return size >= 0; });
  if (!valid) fail(Code::kInvalidArgument, "the slice shapes do not describe {} stacked outputs", outputs);
}

std::vector<Value> run_body(EvalContext& context, int64_t index, std::vector<Value> inputs, size_t outputs) {
  if (!context.host().run_body) fail(Code::kUnsupported, "this evaluation cannot run bodies");
  auto results = context.host().run_body(static_cast<size_t>(index), std::move(inputs));
  if (results.size() != outputs) {
    fail(Code::kInvalidArgument, "body {} gives {} values instead of {}", index, results.size(), outputs);
  }
  return results;
}

void check_cancelled(const EvalContext& context) {
  if (context.host().check_cancelled) context.host().check_cancelled();
}

void SliceCollector::add(size_t output, const Tensor& slice) {
  constexpr int64_t kHandleBytes = 128;
  auto& slices = slices_[output];
  if (!slices.empty() && (slices[0].dtype() != slice.dtype() || slices[0].shape() != slice.shape())) {
    fail(Code::kInvalidArgument, "a stacked output is {} in one iteration and {} in another", slices[0].type_text(),
         slice.type_text());
  }
  budget_ -= checked_add(slice.byte_size(), kHandleBytes);
  if (budget_ < 0) fail(Code::kOutOfMemory, "the stacked outputs of a loop exceed the memory budget");
  slices.push_back(slice);
}

Tensor SliceCollector::stack(size_t output, int64_t axis, bool reversed, const SliceShapes& shapes) const {
  const auto& slices = slices_[output];
  Shape shape;
  if (slices.empty()) {
    auto first = shapes.sizes.begin();
    for (size_t i = 0; i < output; ++i) first += shapes.ranks[i];
    shape.assign(first, first + shapes.ranks[output]);
  } else {
    shape = slices[0].shape();
  }
  axis = normalize_axis(axis, static_cast<int64_t>(shape.size()) + 1);
  shape.insert(shape.begin() + axis, static_cast<int64_t>(slices.size()));
  Tensor result(slices.empty() ? static_cast<DType>(shapes.dtypes[output]) : slices[0].dtype(), shape);
  for (size_t i = 0; i < slices.size(); ++i) {
    store_slice(slices[reversed ? slices.size() - 1 - i : i], result, axis, static_cast<int64_t>(i));
  }
  return result;
}

// Calls copy(position within the larger tensor, position within the slice) for every element of the slice.
template <class Copy> static void for_each_of_slice(const Shape& whole, int64_t axis, int64_t index, const Copy& copy) {
  const auto split = whole.begin() + axis;
  const int64_t outer = element_count({whole.begin(), split}), inner = element_count({split + 1, whole.end()});
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) copy((o * *split + index) * inner + i, o * inner + i);
  }
}

Tensor select_slice(const Tensor& tensor, int64_t axis, int64_t index) {
  axis = normalize_axis(axis, tensor.rank());
  if (index < 0 || index >= tensor.dim(axis)) {
    fail(Code::kInvalidArgument, "slice {} of axis {} of {} does not exist", index, axis, tensor.type_text());
  }
  Shape shape = tensor.shape();
  shape.erase(shape.begin() + axis);
  Tensor slice(tensor.dtype(), std::move(shape));
  for_each_of_slice(tensor.shape(), axis, index,
                    [&](int64_t from, int64_t to) { copy_element(tensor, from, slice, to); });
  return slice;
}

void store_slice(const Tensor& slice, Tensor& to, int64_t axis, int64_t index) {
  for_each_of_slice(to.shape(), axis, index, [&](int64_t at, int64_t from) { copy_element(slice, from, to, at); });
}

}  // namespace ingot

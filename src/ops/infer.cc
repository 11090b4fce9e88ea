#include "ops/infer.h"

#include <algorithm>

#include "tensor/elements.h"

namespace ingot {

const Fact& InferContext::input(size_t index) const {
  if (!has(index)) fail(Code::kInvalidArgument, "input {} is missing", index);
  return *inputs_[index];
}

const Tensor* InferContext::value(size_t index) const {
  return has(index) && inputs_[index]->value ? &*inputs_[index]->value : nullptr;
}

std::optional<DimShape> InferContext::elements(size_t index) const {
  return has(index) ? inputs_[index]->elements : std::nullopt;
}

std::span<const Fact> InferContext::body_outputs(size_t body) const {
  if (body >= body_outputs_.size()) fail(Code::kInvalidArgument, "body {} does not exist", body);
  return body_outputs_[body];
}

DimShape InferContext::fresh_shape(size_t rank) const {
  DimShape shape;
  for (size_t i = 0; i < rank; ++i) shape.push_back(fresh_dim());
  return shape;
}

void InferContext::set_output(size_t index, Fact fact) {
  if (fact.shape) {
    for (const Dim& dim : *fact.shape) {
      if (dim.is_constant() && *dim.constant() < 0) {
        fail(Code::kInvalidArgument, "output {} would have the shape {}", index, dims_text(*fact.shape));
      }
    }
  }
  if (outputs_.size() <= index) outputs_.resize(index + 1);
  outputs_[index] = std::move(fact);
}

int64_t InferContext::axis(int64_t axis, size_t index) const {
  const Fact& fact = input(index);
  if (!fact.has_rank()) fail(Code::kInternal, "the rank of input {} is unknown", index);
  return normalize_axis(axis, fact.rank());
}

std::optional<DimShape> broadcast_dims(const std::optional<DimShape>& a, const std::optional<DimShape>& b) {
  if (!a || !b) return std::nullopt;
  DimShape result(std::max(a->size(), b->size()));
  for (size_t i = 0; i < result.size(); ++i) {
    const Dim x = i < a->size() ? (*a)[a->size() - 1 - i] : Dim(1),
              y = i < b->size() ? (*b)[b->size() - 1 - i] : Dim(1);
    try {
      result[result.size() - 1 - i] = Dim::broadcast(x, y);
    } catch (const Error&) {
      fail(Code::kInvalidArgument, "shapes {} and {} do not broadcast", dims_text(*a), dims_text(*b));
    }
  }
  return result;
}

Fact elements_fact(DType dtype, DimShape shape, std::optional<DimShape> elements) {
  constexpr size_t kMaxTracked = 64;
  Fact fact(dtype, std::move(shape));
  if (!elements || elements->size() > kMaxTracked || !tracks_elements(dtype)) return fact;
  if (fact.shape->size() > 1 || !(product(*fact.shape) == Dim(static_cast<int64_t>(elements->size())))) return fact;
  bool constant = true;
  for (const Dim& each : *elements) {
    constant = constant && each.is_constant();
    if (each.is_constant() && !holds_exactly(dtype, *each.constant())) return fact;
  }
  if (constant) {
    Tensor value(dtype, *constant_shape(*fact.shape));
    for (size_t i = 0; i < elements->size(); ++i) write_int(value, static_cast<int64_t>(i), *(*elements)[i].constant());
    fact.value = std::move(value);
  }
  fact.elements = std::move(elements);
  return fact;
}

Dim non_negative(const Dim& size) { return size.known_non_negative() ? size : Dim::max(size, Dim(0)); }

Dim unify(const Dim& a, const Dim& b, const char* what) {
  if (a.is_constant() && b.is_constant() && !(a == b)) {
    fail(Code::kInvalidArgument, "{} must be equal: {} and {}", what, a.text(), b.text());
  }
  return b.is_constant() ? b : a;
}

}  // namespace ingot

#include "ops/reshape.h"

#include <algorithm>

#include "ops/eval.h"
#include "ops/indices.h"
#include "ops/infer.h"

namespace ingot {
namespace {

// count(x) / count(of the other sizes), with equal sizes on both sides cancelled first.
Dim remaining_size(DimShape x, const DimShape& others) {
  DimShape left;
  for (const Dim& other : others) {
    const auto found = std::find(x.begin(), x.end(), other);
    if (found != x.end()) {
      x.erase(found);
    } else {
      left.push_back(other);
    }
  }
  const Dim whole = product(x), divisor = product(left);
  if (divisor.is(0)) fail(Code::kInvalidArgument, "-1 cannot be inferred beside a size of 0");
  if (whole.is_constant() && divisor.is_constant() && *whole.constant() % *divisor.constant() != 0) {
    fail(Code::kInvalidArgument, "{} elements do not divide by {}", whole.text(), divisor.text());
  }
  return Dim::floor_div(whole, divisor);
}

void require_equal_counts(const DimShape& x, const DimShape& y) {
  const Dim before = product(x), after = product(y);
  if (before.is_constant() && after.is_constant() && !(before == after)) {
    fail(Code::kInvalidArgument, "cannot reshape {} to {}", dims_text(x), dims_text(y));
  }
}

// The target of ONNX's rules; unknown sizes come from `unknown`.
template <class Unknown>
DimShape resolve_target(const std::optional<DimShape>& x, const DimShape& target, bool allow_zero, Unknown&& unknown) {
  DimShape shape, others;
  std::optional<size_t> inferred;
  for (size_t i = 0; i < target.size(); ++i) {
    const auto size = target[i].constant();
    if (size && *size < -1) fail(Code::kInvalidArgument, "{} is no size", *size);
    if (size && *size == -1) {
      if (inferred) fail(Code::kInvalidArgument, "at most one size of {} may be -1", dims_text(target));
      inferred = i;
      shape.push_back(0);
      continue;
    }
    if (size && *size == 0 && !allow_zero) {
      if (x && i >= x->size()) {
        fail(Code::kInvalidArgument, "size {} of {} copies an axis that {} does not have", i, dims_text(target),
             dims_text(*x));
      }
      shape.push_back(x ? (*x)[i] : unknown());
    } else {
      shape.push_back(target[i]);
    }
    others.push_back(shape.back());
  }
  if (inferred) shape[*inferred] = x ? remaining_size(*x, others) : unknown();
  return shape;
}

Fact reshaped_fact(const Fact& x, DimShape shape) {
  if (x.value) {
    if (const auto sizes = constant_shape(shape)) return Fact::of(x.value->reshaped(*sizes));
  }
  return elements_fact(x.dtype(), std::move(shape), x.elements);
}

// The field's shape; one size that this run does not know follows from the others.
Shape run_time_shape(const DimShape& dims, const Tensor& x, const EvalContext& context) {
  DimShape target = dims;
  size_t unknown = 0;
  for (Dim& dim : target) {
    static const SymbolValues kNone;
    const auto* symbols = context.host().symbols;
    const auto size = dim.eval(symbols != nullptr ? *symbols : kNone);
    unknown += !size;
    dim = size.value_or(-1);
  }
  if (unknown > 1) return context.sizes(dims);
  target = resolve_target(to_dims(x.shape()), target, true, [] { return Dim(0); });
  return *constant_shape(target);
}

}  // namespace

static void infer(const Reshape& reshape, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor(), "reshape takes a tensor, got {}", x.type.text());
  const bool has_input = context.has(1);
  if (has_input) {
    require_index_type(context.dtype(1));
    const auto& rank = context.shape(1);
    context.require(!rank || rank->size() == 1, "the shape must be of rank 1, got {}", context.input(1).text());
    if (!context.elements(1)) {
      const auto count = rank ? (*rank)[0].constant() : std::nullopt;
      context.require(!count || *count <= 1024, "a shape of {} axes", count.value_or(0));
      context.set_output(
          0, x.dtype(),
          count ? std::optional(context.fresh_shape(static_cast<size_t>(*count))) : std::optional<DimShape>());
      return;
    }
  }
  DimShape shape =
      has_input ? resolve_target(x.shape, *context.elements(1), reshape.allow_zero, [&] { return context.fresh_dim(); })
                : reshape.shape;
  if (x.shape) require_equal_counts(*x.shape, shape);
  context.set_output(0, reshaped_fact(x, std::move(shape)));
}

static void eval(const Reshape& reshape, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (!context.has(1)) return context.share_output(0, x, run_time_shape(reshape.shape, x, context));
  require_index_type(context.tensor(1).dtype());
  const DimShape shape = resolve_target(to_dims(x.shape()), to_dims(to_ints(context.tensor(1))), reshape.allow_zero,
                                        [] { return Dim(0); });
  context.share_output(0, x, *constant_shape(shape));
}

const OpDef Reshape::def = define_op<Reshape, infer, eval>(
    {"reshape", "the same elements in row-major order under another shape", 1, 2, 1, kMovesData});

}  // namespace ingot

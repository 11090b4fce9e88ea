#include "ops/pad.h"

#include <algorithm>

#include "base/checked.h"
#include "ops/eval.h"
#include "ops/indices.h"
#include "ops/infer.h"

namespace ingot {
namespace {

// Pads of the named axes spread over all `rank` axes: begins, then ends.
template <class Size>
std::vector<Size> all_pads(const std::vector<Size>& pads, std::vector<int64_t> axes, bool has_axes, int64_t rank) {
  if (!has_axes) {
    for (int64_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
  }
  if (pads.size() != 2 * axes.size()) {
    fail(Code::kInvalidArgument, "{} pads for {} axes", pads.size(), axes.size());
  }
  std::vector<Size> all(static_cast<size_t>(2 * rank), Size(0));
  std::vector<bool> seen(static_cast<size_t>(rank), false);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(normalize_axis(axes[i], rank));
    if (seen[axis]) fail(Code::kInvalidArgument, "axis {} is padded twice", axis);
    seen[axis] = true;
    all[axis] = pads[i];
    all[axis + static_cast<size_t>(rank)] = pads[i + axes.size()];
  }
  return all;
}

// Position on an axis of `size` that fills position `at` (which may lie outside); -1: the constant.
int64_t source_position(PadMode mode, int64_t at, int64_t size) {
  if (at >= 0 && at < size) return at;
  switch (mode) {
    case PadMode::kConstant: return -1;
    case PadMode::kEdge: return at < 0 ? 0 : size - 1;
    case PadMode::kWrap: return (at % size + size) % size;
    case PadMode::kReflect: {
      if (size == 1) return 0;
      const int64_t period = 2 * (size - 1), phase = (at % period + period) % period;
      return phase < size ? phase : period - phase;
    }
  }
  return -1;
}

DimShape padded(const DimShape& shape, const DimShape& pads) {
  DimShape sizes;
  for (size_t i = 0; i < shape.size(); ++i) sizes.push_back(shape[i] + pads[i] + pads[i + shape.size()]);
  return sizes;
}

}  // namespace

static void infer(const Pad& pad, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor(), "pad takes a tensor, got {}", x.type.text());
  context.require(!context.has(2) || context.dtype(2) == x.dtype(), "a pad value of {} for elements of {}",
                  context.has(2) ? context.input(2).type.text() : "", x.type.text());
  if (context.has(1)) require_index_type(context.dtype(1));
  if (context.has(3)) require_index_type(context.dtype(3));
  if (!x.has_rank()) {
    context.set_output(0, x.dtype(), std::nullopt);
    return;
  }
  const auto pads = context.has(1) ? context.elements(1) : pad.pads;
  const auto axes_elements = context.elements(3);
  const auto axes = axes_elements ? constant_shape(*axes_elements) : std::nullopt;
  if (context.has(3) && !axes) {
    context.set_output(0, x.dtype(), context.fresh_shape(x.shape->size()));
    return;
  }
  if (pads) {
    const DimShape all = all_pads(*pads, axes.value_or(std::vector<int64_t>()), context.has(3), x.rank());
    context.set_output(0, x.dtype(), padded(*x.shape, all));
    return;
  }
  DimShape shape = *x.shape;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool kept = axes && std::none_of(axes->begin(), axes->end(), [&](int64_t axis) {
                        return normalize_axis(axis, x.rank()) == static_cast<int64_t>(i);
                      });
    if (!kept) shape[i] = context.fresh_dim();
  }
  context.set_output(0, x.dtype(), std::move(shape));
}

static void eval(const Pad& pad, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  const int64_t rank = x.rank();
  std::vector<int64_t> pads, axes;
  if (context.has(3)) {
    require_index_type(context.tensor(3).dtype());
    axes = to_ints(context.tensor(3));
  }
  if (context.has(1)) {
    require_index_type(context.tensor(1).dtype());
    pads = to_ints(context.tensor(1));
  } else {
    pads = context.sizes(pad.pads);
  }
  pads = all_pads(pads, axes, context.has(3), rank);
  Shape shape;
  for (size_t i = 0; i < x.shape().size(); ++i) {
    shape.push_back(checked_add(checked_add(x.shape()[i], pads[i]), pads[i + x.shape().size()]));
    if (shape.back() > 0 && x.shape()[i] == 0 && pad.mode != PadMode::kConstant) {
      fail(Code::kInvalidArgument, "{} padding of an empty axis", enum_name(pad.mode));
    }
  }
  Tensor value(x.dtype(), {1});
  if (context.has(2)) {
    if (context.tensor(2).dtype() != x.dtype() || context.tensor(2).count() != 1) {
      fail(Code::kInvalidArgument, "a pad value of {} for {}", context.tensor(2).type_text(), x.type_text());
    }
    value = context.tensor(2);
  }
  Tensor& y = context.output(0, x.dtype(), shape);
  const Shape strides = row_major_strides(x.shape());
  Shape index(shape.size(), 0);
  for (int64_t i = 0; i < y.count(); ++i) {
    int64_t source = 0;
    for (size_t axis = 0; axis < index.size() && source >= 0; ++axis) {
      const int64_t at = source_position(pad.mode, index[axis] - pads[axis], x.shape()[axis]);
      source = at < 0 ? -1 : source + at * strides[axis];
    }
    copy_element(source < 0 ? value : x, std::max<int64_t>(source, 0), y, i);
    for (size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

const OpDef Pad::def = define_op<Pad, infer, eval>(
    {"pad", "elements added around every axis: a constant, mirrored, repeated at the edge, or wrapped round", 1, 4, 1,
     kMovesData});

}  // namespace ingot

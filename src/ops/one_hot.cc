#include "ops/one_hot.h"

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

bool is_number(DType dtype) { return is_int(dtype) || is_float(dtype); }

int64_t checked_depth(const Tensor& depth) {
  if (!is_number(depth.dtype()) || depth.count() != 1 || read_int(depth, 0) < 0) {
    fail(Code::kInvalidArgument, "the depth must be one number >= 0, got {}", depth.type_text());
  }
  return read_int(depth, 0);
}

}  // namespace

static void infer(const OneHot& one_hot, InferContext& context) {
  const Fact &indices = context.input(0), &values = context.input(2);
  context.require(is_number(indices.dtype()) && is_number(context.dtype(1)), "indices and depth must be numbers");
  context.require(values.type.is_tensor() && (!values.has_rank() || values.rank() == 1),
                  "values must be a pair, got {}", values.text());
  if (!indices.has_rank()) {
    context.set_output(0, values.dtype(), std::nullopt);
    return;
  }
  Dim depth;
  const auto elements = context.elements(1);
  if (const Tensor* value = context.value(1)) {
    depth = checked_depth(*value);
  } else {
    depth = elements && elements->size() == 1 ? elements->front() : context.fresh_dim();
  }
  DimShape shape = *indices.shape;
  shape.insert(shape.begin() + normalize_axis(one_hot.axis, indices.rank() + 1), depth);
  context.set_output(0, values.dtype(), std::move(shape));
}

static void eval(const OneHot& one_hot, EvalContext& context) {
  const Tensor &indices = context.tensor(0), &values = context.tensor(2);
  const int64_t depth = checked_depth(context.tensor(1));
  if (values.shape() != Shape{2} || !is_number(indices.dtype())) {
    fail(Code::kInvalidArgument, "one_hot of {} with values {}", indices.type_text(), values.type_text());
  }
  const int64_t axis = normalize_axis(one_hot.axis, indices.rank() + 1);
  Shape shape = indices.shape();
  const int64_t inner = element_count(std::span(shape).subspan(static_cast<size_t>(axis)));
  shape.insert(shape.begin() + axis, depth);
  Tensor& y = context.output(0, values.dtype(), shape);
  for (int64_t i = 0; i < y.count(); ++i) copy_element(values, 0, y, i);
  for (int64_t i = 0; i < indices.count() && depth > 0; ++i) {
    int64_t index = read_int(indices, i);
    if (index < 0) index += depth;
    if (index >= 0 && index < depth) copy_element(values, 1, y, (i / inner * depth + index) * inner + i % inner);
  }
}

const OpDef OneHot::def = define_op<OneHot, infer, eval>(
    {"one_hot", "a new axis of depth that is values[1] at the index and values[0] elsewhere", 3, 3, 1});

}  // namespace ingot

#include "ops/non_zero.h"

#include "ops/axis_split.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {

static bool is_zero(const Tensor& x, int64_t i) {
  if (x.dtype() == DType::kString) return x.data<std::string>()[i].empty();
  if (x.dtype() == DType::kC64) return x.data<std::complex<float>>()[i] == std::complex<float>();
  if (x.dtype() == DType::kC128) return x.data<std::complex<double>>()[i] == std::complex<double>();
  return is_float(x.dtype()) ? read_double(x, i) == 0 : read_int(x, i) == 0;
}

static void infer_non_zero(const NonZero&, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor(), "non_zero takes a tensor, got {}", x.type.text());
  context.set_output(0, DType::kI64, DimShape{x.has_rank() ? Dim(x.rank()) : context.fresh_dim(), context.fresh_dim()});
}

static void eval_non_zero(const NonZero&, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  std::vector<int64_t> found;
  for (int64_t i = 0; i < x.count(); ++i) {
    if (x.dtype() == DType::kBool ? x.data<bool>()[i] : !is_zero(x, i)) found.push_back(i);
  }
  const auto count = static_cast<int64_t>(found.size());
  const Shape strides = row_major_strides(x.shape());
  int64_t* indices = context.output(0, DType::kI64, {x.rank(), count}).mutable_data<int64_t>();
  for (size_t axis = 0; axis < strides.size(); ++axis) {
    const int64_t stride = strides[axis], size = x.shape()[axis];
    for (const int64_t i : found) *indices++ = axis == 0 ? i / stride : i / stride % size;
  }
}

static void infer_compress(const Compress& compress, InferContext& context) {
  const Fact &x = context.input(0), &condition = context.input(1);
  context.require(x.type.is_tensor() && condition.dtype() == DType::kBool, "the condition must be bool, got {}",
                  condition.type.text());
  context.require(!condition.has_rank() || condition.rank() == 1, "the condition must be a vector, got {}",
                  condition.text());
  Dim count;
  if (const Tensor* value = context.value(1)) {
    int64_t chosen = 0;
    for (int64_t i = 0; i < value->count(); ++i) chosen += value->data<bool>()[i];
    count = chosen;
  } else {
    count = context.fresh_dim();
  }
  if (compress.flatten || !x.has_rank()) {
    context.set_output(0, x.dtype(), compress.flatten ? std::optional(DimShape{count}) : std::nullopt);
    return;
  }
  DimShape shape = *x.shape;
  shape[static_cast<size_t>(context.axis(compress.axis, 0))] = count;
  context.set_output(0, x.dtype(), std::move(shape));
}

static void eval_compress(const Compress& compress, EvalContext& context) {
  const Tensor &x = context.tensor(0), &condition = context.tensor(1);
  if (condition.dtype() != DType::kBool || condition.rank() != 1) {
    fail(Code::kInvalidArgument, "the condition must be a bool vector, got {}", condition.type_text());
  }
  const AxisSplit split = compress.flatten ? AxisSplit{1, x.count(), 1} : split_at(x.shape(), compress.axis);
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < condition.count(); ++i) {
    if (!condition.data<bool>()[i]) continue;
    if (i >= split.size) fail(Code::kInvalidArgument, "the condition chooses {} of {} slices", i, split.size);
    chosen.push_back(i);
  }
  const auto count = static_cast<int64_t>(chosen.size());
  Shape shape = compress.flatten ? Shape{count} : x.shape();
  if (!compress.flatten) shape[static_cast<size_t>(normalize_axis(compress.axis, x.rank()))] = count;
  Tensor& y = context.output(0, x.dtype(), shape);
  for (int64_t o = 0; o < split.outer; ++o) {
    for (int64_t i = 0; i < count; ++i) {
      copy_elements(x, (o * split.size + chosen[static_cast<size_t>(i)]) * split.inner, y,
                    (o * count + i) * split.inner, split.inner);
    }
  }
}

const OpDef NonZero::def = define_op<NonZero, infer_non_zero, eval_non_zero>(
    {"non_zero", "the coordinates of the elements that are not zero, in row-major order", 1, 1, 1});
const OpDef Compress::def = define_op<Compress, infer_compress, eval_compress>(
    {"compress", "the slices along axis, or the elements, where the condition holds", 2, 2, 1, kMovesData});

}  // namespace ingot

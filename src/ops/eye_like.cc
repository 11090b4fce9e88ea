#include "ops/eye_like.h"

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {

static void check_type(DType dtype) {
  if (!is_int(dtype) && !is_float(dtype) && dtype != DType::kBool) {
    fail(Code::kInvalidArgument, "no ones and zeros of {}", dtype_name(dtype));
  }
}

static void infer(const EyeLike& eye, InferContext& context) {
  const Fact& x = context.input(0);
  check_type(eye.dtype);
  context.require(!x.has_rank() || x.rank() == 2, "eye_like takes a matrix, got {}", x.text());
  context.set_output(0, eye.dtype, x.has_rank() ? *x.shape : context.fresh_shape(2));
}

static void eval(const EyeLike& eye, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  check_type(eye.dtype);
  if (x.rank() != 2) fail(Code::kInvalidArgument, "eye_like takes a matrix, got {}", x.type_text());
  Tensor& y = context.output(0, eye.dtype, x.shape());
  for (int64_t i = 0; i < y.count(); ++i) write_int(y, i, i % x.dim(1) - i / x.dim(1) == eye.k);
}

const OpDef EyeLike::def = define_op<EyeLike, infer, eval>(
    {"eye_like", "ones where column - row = k, zeros elsewhere, in the shape of x", 1, 1, 1, kShapeOnly});

}  // namespace ingot

#include "ops/bitcast.h"

#include "ops/eval.h"
#include "ops/infer.h"

namespace ingot {

static void check_widths(DType from, DType to) {
  if (from == DType::kString || to == DType::kString || to == DType::kUndefined || dtype_bits(from) != dtype_bits(to)) {
    fail(Code::kInvalidArgument, "the bits of {} cannot be read as {}", dtype_name(from), dtype_name(to));
  }
}

static void infer(const Bitcast& bitcast, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor(), "bitcast takes a tensor, got {}", x.type.text());
  check_widths(x.dtype(), bitcast.to);
  context.set_output(0, bitcast.to, x.shape);
}

static void eval(const Bitcast& bitcast, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  check_widths(x.dtype(), bitcast.to);
  Tensor& y = context.output(0, bitcast.to, x.shape());
  if (bitcast.to == DType::kBool) {  // only 0 and 1 are bools
    for (int64_t i = 0; i < x.count(); ++i) {
      y.mutable_data<bool>()[i] = static_cast<const uint8_t*>(x.raw())[i] != 0;
    }
  } else if (x.count() > 0) {
    std::memcpy(y.mutable_raw(), x.raw(), static_cast<size_t>(x.byte_size()));
  }
}

const OpDef Bitcast::def = define_op<Bitcast, infer, eval>(
    {"bitcast", "the same bits read as another type of the same width", 1, 1, 1, kElementwise});

}  // namespace ingot

#include "ops/top_k.h"

#include <algorithm>
#include <numeric>

#include "ops/axis_split.h"
#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/sort_key.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const TopK& top, InferContext& context) {
  const Fact& x = context.input(0);
  Dim k = top.k;
  if (context.has(1)) {
    const Fact& count = context.input(1);
    context.require(is_int(count.dtype()) && (!count.has_rank() || count.rank() <= 1), "k of top_k is {}",
                    count.text());
    const auto elements = context.elements(1);
    context.require(!elements || elements->size() == 1, "k of top_k is one number");
    k = elements ? (*elements)[0] : context.fresh_dim();
  }
  std::optional<DimShape> shape = x.shape;
  if (shape) {
    Dim& size = (*shape)[static_cast<size_t>(context.axis(top.axis, 0))];
    context.require(!size.is_constant() || !k.is_constant() || *k.constant() <= *size.constant(),
                    "top_k of {} elements along an axis of {}", k.text(), size.text());
    size = k;
  }
  context.set_output(0, x.dtype(), shape);
  context.set_output(1, DType::kI64, shape);
}

static void eval(const TopK& top, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  int64_t k = top.k;
  if (context.has(1)) {
    if (context.tensor(1).count() != 1) fail(Code::kInvalidArgument, "k of top_k is one number");
    k = read_int(context.tensor(1), 0);
  }
  const int64_t axis = normalize_axis(top.axis, x.rank());
  const AxisSplit split = split_at(x.shape(), axis);
  if (k < 0 || k > split.size) {
    fail(Code::kInvalidArgument, "top_k of {} elements along an axis of {}", k, split.size);
  }
  Shape shape = x.shape();
  shape[static_cast<size_t>(axis)] = k;
  const AxisSplit out = split_at(shape, axis);
  Tensor& values = context.output(0, x.dtype(), shape);
  int64_t* indices = context.output(1, DType::kI64, shape).mutable_data<int64_t>();
  const std::vector<int64_t> keys = sort_keys(x);
  std::vector<int64_t> order(static_cast<size_t>(split.size));
  for (int64_t line = 0; line < split.lines(); ++line) {
    std::iota(order.begin(), order.end(), 0);
    const auto before = [&](int64_t a, int64_t b) {
      const int64_t key_a = keys[static_cast<size_t>(split.offset(line, a))];
      const int64_t key_b = keys[static_cast<size_t>(split.offset(line, b))];
      if (key_a != key_b) return top.largest ? key_a > key_b : key_a < key_b;
      return a < b;
    };
    std::partial_sort(order.begin(), order.begin() + k, order.end(), before);
    for (int64_t i = 0; i < k; ++i) {
      const int64_t index = order[static_cast<size_t>(i)];
      copy_element(x, split.offset(line, index), values, out.offset(line, i));
      indices[out.offset(line, i)] = index;
    }
  }
}

const OpDef TopK::def =
    define_op<TopK, infer, eval>({"top_k", "the k largest (smallest) elements along axis, and their indices", 1, 2, 2});

}  // namespace ingot

#include "ops/trilu.h"

#include "ops/eval.h"
#include "ops/indices.h"
#include "ops/infer.h"

namespace ingot {

static void infer(const Trilu&, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(!x.has_rank() || x.rank() >= 2, "trilu takes matrices, got {}", x.text());
  if (context.has(1)) require_index_type(context.dtype(1));
  context.set_output(0, x.dtype(), x.shape);
}

static void eval(const Trilu& trilu, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (x.rank() < 2) fail(Code::kInvalidArgument, "trilu takes matrices, got {}", x.type_text());
  int64_t k = 0;
  if (context.has(1)) {
    require_index_type(context.tensor(1).dtype());
    if (context.tensor(1).count() != 1) fail(Code::kInvalidArgument, "k is {}", context.tensor(1).type_text());
    k = read_int(context.tensor(1), 0);
  }
  const Tensor zero(x.dtype(), {1});
  Tensor& y = context.output(0, x.dtype(), x.shape());
  const int64_t rows = x.dim(-2), columns = x.dim(-1);
  for (int64_t i = 0; i < y.count(); ++i) {
    const int64_t diagonal = i % columns - i / columns % rows;
    const bool kept = trilu.upper ? diagonal >= k : diagonal <= k;
    copy_element(kept ? x : zero, kept ? i : 0, y, i);
  }
}

const OpDef Trilu::def = define_op<Trilu, infer, eval>(
    {"trilu", "x where column - row >= k (upper) or <= k, zero elsewhere, over the last two axes", 1, 2, 1,
     kMovesData});

}  // namespace ingot

#include "ops/normalizer.h"

#include <algorithm>
#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const Normalizer&, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor() && (is_float(x.dtype()) || is_int(x.dtype())), "normalized rows of {}", x.text());
  context.require(!x.has_rank() || x.rank() >= 1, "normalized rows of {}", x.text());
  context.set_output(0, DType::kF32, x.shape);
}

static void eval(const Normalizer& op, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (x.rank() < 1) fail(Code::kInvalidArgument, "normalized rows of {}", x.type_text());
  const auto size = static_cast<size_t>(x.dim(-1));
  std::vector<double> values = to_doubles(x);
  for (size_t first = 0; first < values.size(); first += size) {
    const std::span<double> row(values.data() + first, size);
    double norm = op.norm == RowNorm::kMax ? *std::max_element(row.begin(), row.end()) : 0;
    for (const double value : row) {
      if (op.norm == RowNorm::kL1) norm += std::abs(value);
      if (op.norm == RowNorm::kL2) norm += value * value;
    }
    if (op.norm == RowNorm::kL2) norm = std::sqrt(norm);
    if (norm == 0) continue;
    for (double& value : row) value /= norm;
  }
  write_doubles(context.output(0, DType::kF32, x.shape()), values);
}

const OpDef Normalizer::def = define_op<Normalizer, infer, eval>({"normalizer", "rows divided by their norm", 1, 1, 1});

}  // namespace ingot

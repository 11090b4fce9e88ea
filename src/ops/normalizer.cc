#include "ops/normalizer.h"

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

// NaN when an element is. The largest element, not the largest magnitude, as the standard's text and ONNX Runtime say.
static double norm_of(RowNorm kind, std::span<const double> row) {
  double norm = kind == RowNorm::kMax ? row.front() : 0;
  for (const double value : row) {
    switch (kind) {
      case RowNorm::kMax: norm = std::isnan(value) || value > norm ? value : norm; break;
      case RowNorm::kL1: norm += std::abs(value); break;
      case RowNorm::kL2: norm += value * value; break;
    }
  }
  return kind == RowNorm::kL2 ? std::sqrt(norm) : norm;
}

static void eval(const Normalizer& op, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  if (x.rank() < 1) fail(Code::kInvalidArgument, "normalized rows of {}", x.type_text());
  const auto size = static_cast<size_t>(x.dim(-1));
  std::vector<double> values = to_doubles(x);
  for (size_t first = 0; first < values.size(); first += size) {
    const std::span<double> row(values.data() + first, size);
    const double norm = norm_of(op.norm, row);
    if (norm == 0) continue;
    for (double& value : row) value /= norm;
  }
  write_doubles(context.output(0, DType::kF32, x.shape()), values);
}

const OpDef Normalizer::def = define_op<Normalizer, infer, eval>({"normalizer", "rows divided by their norm", 1, 1, 1});

}  // namespace ingot

#include "ops/rotary_embedding.h"

#include "ops/eval.h"
#include "ops/heads.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// Row of the tables that position (b, t) uses.
std::vector<int64_t> table_rows(EvalContext& context, const Heads& x, const Tensor& table) {
  std::vector<int64_t> rows;
  if (!context.has(3)) {
    if (table.rank() != 3 || table.dim(0) != x.batch || table.dim(1) != x.length) {
      fail(Code::kInvalidArgument, "rotary_embedding of {} with tables {}", shape_text(x.shape()), table.type_text());
    }
    for (int64_t i = 0; i < x.batch * x.length; ++i) rows.push_back(i);
    return rows;
  }
  const Tensor& positions = context.tensor(3);
  if (table.rank() != 2 || positions.shape() != Shape{x.batch, x.length}) {
    fail(Code::kInvalidArgument, "rotary_embedding with tables {} at positions {}", table.type_text(),
         positions.type_text());
  }
  rows = to_ints(positions);
  for (int64_t& row : rows) {
    if (row < -table.dim(0) || row >= table.dim(0)) {
      fail(Code::kInvalidArgument, "position {} of {}", row, table.dim(0));
    }
    if (row < 0) row += table.dim(0);
  }
  return rows;
}

}  // namespace

static void infer(const RotaryEmbedding& rotary, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(is_float(x.dtype()), "rotary_embedding takes floating-point elements, got {}", dtype_name(x.dtype()));
  context.require(rotary.rotary_size >= 0 && rotary.rotary_size % 2 == 0, "rotary size {}", rotary.rotary_size);
  context.require(!x.has_rank() || x.rank() == 4 || (x.rank() == 3 && rotary.heads > 0),
                  "rotary_embedding of {} in {} heads", x.text(), rotary.heads);
  const int64_t table_rank = context.has(3) ? 2 : 3;
  for (const size_t i : {1, 2}) {
    const Fact& table = context.input(i);
    context.require(!table.has_rank() || table.rank() == table_rank, "rotary_embedding with table {}", table.text());
  }
  context.set_output(0, x.dtype(), x.shape);
}

static void eval(const RotaryEmbedding& rotary, EvalContext& context) {
  const Tensor &tensor = context.tensor(0), &cosines = context.tensor(1);
  Heads x = split_heads(tensor, rotary.heads, "input");
  const int64_t size = rotary.rotary_size == 0 ? x.size : rotary.rotary_size, half = size / 2;
  if (size > x.size || size % 2 != 0 || cosines.shape() != context.tensor(2).shape() || cosines.rank() < 2 ||
      cosines.dim(-1) != half) {
    fail(Code::kInvalidArgument, "rotary_embedding of {} elements of {} with tables {} and {}", size, x.size,
         cosines.type_text(), context.tensor(2).type_text());
  }
  const auto rows = table_rows(context, x, cosines);
  const auto cosine = to_doubles(cosines), sine = to_doubles(context.tensor(2));
  for (int64_t b = 0; b < x.batch; ++b) {
    for (int64_t h = 0; h < x.heads; ++h) {
      for (int64_t t = 0; t < x.length; ++t) {
        double* row = x.row(b, h, t);
        const auto base = static_cast<size_t>(rows[static_cast<size_t>(b * x.length + t)] * half);
        for (int64_t i = 0; i < half; ++i) {
          double& first = row[rotary.interleaved ? 2 * i : i];
          double& second = row[rotary.interleaved ? 2 * i + 1 : i + half];
          const double c = cosine[base + static_cast<size_t>(i)], s = sine[base + static_cast<size_t>(i)];
          const double real = c * first - s * second, imaginary = s * first + c * second;
          first = real, second = imaginary;
        }
      }
    }
  }
  write_doubles(context.output(0, tensor.dtype(), tensor.shape()), tensor.rank() == 4 ? x.values : join_heads(x));
}

const OpDef RotaryEmbedding::def = define_op<RotaryEmbedding, infer, eval>(
    {"rotary_embedding", "pairs of elements rotated by the angle of their position", 3, 4, 1, kNoTraits, {4, 1}});

}  // namespace ingot

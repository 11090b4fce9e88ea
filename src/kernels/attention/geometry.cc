#include "kernels/attention/geometry.h"

#include <algorithm>
#include <cmath>

#include "ops/strided_walk.h"

namespace ingot::kernels::attention {
namespace {

HeadView view_of(const Shape& shape, int64_t heads) {
  if (shape.size() == 4) {
    return {shape[0], shape[1], shape[2], shape[3], shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3]};
  }
  if (heads < 1 || shape[2] % heads != 0) {
    fail(Code::kInvalidArgument, "attention of {} in {} heads", shape_text(shape), heads);
  }
  const int64_t size = shape[2] / heads;
  return {shape[0], heads, shape[1], size, shape[1] * shape[2], size, shape[2]};
}

}  // namespace

Geometry::Geometry(const Problem& problem)
    : op(*problem.op.as<Attention>()),
      q(view_of(problem.inputs[kQ].shape, op.q_heads)),
      k(view_of(problem.inputs[kK].shape, op.kv_heads)),
      v(view_of(problem.inputs[kV].shape, op.kv_heads)),
      y(view_of(problem.outputs[0].shape, q.heads)) {
  check(problem);
  scale = static_cast<float>(op.scale != 0 ? op.scale : 1 / std::sqrt(static_cast<double>(q.size)));
  seen_ = k.length;
  has_lengths_ = has_input(problem, kLengths);
  bind_mask(problem);
}

void Geometry::check(const Problem& problem) const {
  const bool fits = k.batch == q.batch && v.batch == q.batch && k.size == q.size && k.heads == v.heads &&
                    k.length == v.length && k.heads > 0 && q.heads % k.heads == 0;
  const bool result = y.batch == q.batch && y.heads == q.heads && y.length == q.length && y.size == v.size;
  if (!fits || !result) {
    fail(Code::kInvalidArgument, "attention of queries {}, keys {} and values {} does not give {}",
         shape_text(problem.inputs[kQ].shape), shape_text(problem.inputs[kK].shape),
         shape_text(problem.inputs[kV].shape), shape_text(problem.outputs[0].shape));
  }
  if (has_input(problem, kLengths) && element_count(problem.inputs[kLengths].shape) != q.batch) {
    fail(Code::kInvalidArgument, "lengths {} for {} sequences", shape_text(problem.inputs[kLengths].shape), q.batch);
  }
}

void Geometry::bind_mask(const Problem& problem) {
  if (problem.inputs.size() <= kMask || !problem.inputs[kMask].present()) return;
  const Operand& mask = problem.inputs[kMask];
  masked_ = true;
  boolean_mask_ = mask.dtype == DType::kBool;
  Shape wanted{q.batch, q.heads, q.length, k.length};
  if (!mask.shape.empty() && mask.shape.back() < k.length && mask.shape.back() != 1) {
    seen_ = wanted[3] = mask.shape.back();
  }
  mask_strides_ = broadcast_strides(mask.shape, wanted);
}

int64_t Geometry::seen_keys(const RunArgs& args, int64_t b) const noexcept {
  if (!has_lengths_) return seen_;
  return std::clamp<int64_t>(static_cast<const int64_t*>(args.inputs[kLengths])[b], 0, seen_);
}

QueryBlock Geometry::block(const RunArgs& args, int64_t query_rows, int64_t index) const noexcept {
  const int64_t head = index / blocks_of_head(query_rows);
  QueryBlock block;
  block.b = head / q.heads;
  block.h = head % q.heads;
  block.kv_head = block.b * k.heads + block.h / (q.heads / k.heads);
  block.first = index % blocks_of_head(query_rows) * query_rows;
  block.rows = std::min(query_rows, q.length - block.first);
  block.seen = seen_keys(args, block.b);
  block.end = op.causal ? std::min(block.seen, block.first + block.rows) : block.seen;
  return block;
}

void Geometry::place(const RunArgs& args, const QueryBlock& block, int64_t query, int64_t key, int64_t count,
                     ScoreRow& row) const noexcept {
  const int64_t at_query = block.first + query;
  row.visible = std::clamp<int64_t>((op.causal ? std::min(block.seen, at_query + 1) : block.seen) - key, 0, count);
  row.softcap = static_cast<float>(op.softcap);
  if (!masked_) return;
  const int64_t at =
      block.b * mask_strides_[0] + block.h * mask_strides_[1] + at_query * mask_strides_[2] + key * mask_strides_[3];
  row.same_for_keys = mask_strides_[3] == 0;
  if (boolean_mask_) {
    row.shown = static_cast<const uint8_t*>(args.inputs[kMask]) + at;
  } else {
    row.added = static_cast<const float*>(args.inputs[kMask]) + at;
  }
}

void BlockMemory::begin(int64_t rows) const noexcept {
  std::fill(results, results + rows * width, 0.0f);
  std::fill(largest, largest + rows, -INFINITY);
  std::fill(sums, sums + rows, 0.0f);
}

ScoreRow BlockMemory::row(int64_t index) const noexcept {
  ScoreRow row;
  row.scores = scores + index * score_stride;
  row.largest = largest + index;
  row.sum = sums + index;
  row.result = results + index * width;
  row.width = width;
  return row;
}

}  // namespace ingot::kernels::attention

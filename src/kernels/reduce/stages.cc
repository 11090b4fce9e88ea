#include <algorithm>

#include "kernels/reduce/reduce.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kPartElements = 16384;
constexpr int64_t kShortestPart = 64;

// A long middle axis is cut, so that sums stay accurate and can be shared.
int64_t part_of(int64_t size, int64_t inner) {
  const int64_t part = std::max(kShortestPart, kPartElements / std::max<int64_t>(1, inner));
  return size < 2 * part ? std::max<int64_t>(1, size) : part;
}

}  // namespace

std::vector<bool> reduced_axes(const Problem& problem) {
  const Reduce& reduce = *problem.op.as<Reduce>();
  const auto rank = static_cast<int64_t>(problem.inputs[0].shape.size());
  std::vector<bool> reduced(static_cast<size_t>(rank), reduce.axes.empty() && !reduce.empty_is_identity);
  for (const int64_t axis : reduce.axes) reduced[static_cast<size_t>(normalize_axis(axis, rank))] = true;
  return reduced;
}

std::vector<ReduceStage> reduce_stages(const Shape& shape, const std::vector<bool>& reduced) {
  // Axes with equal neighbours merged: kept and reduced ones alternate.
  std::vector<std::pair<int64_t, bool>> axes;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    if (!axes.empty() && axes.back().second == reduced[i]) {
      axes.back().first *= shape[i];
    } else {
      axes.emplace_back(shape[i], reduced[i]);
    }
  }
  std::vector<ReduceStage> stages;
  while (true) {
    size_t at = axes.size();
    while (at > 0 && !axes[at - 1].second) --at;
    if (at == 0 && !stages.empty()) return stages;
    ReduceStage stage;
    for (size_t i = 0; i < axes.size(); ++i) {
      int64_t& side = at == 0 || i >= at ? stage.inner : i + 1 == at ? stage.size : stage.outer;
      side *= axes[i].first;
    }
    stage.part = part_of(stage.size, stage.inner);
    stages.push_back(stage);
    if (at == 0) return stages;
    if (stage.parts() > 1) {
      axes[at - 1].first = stage.parts();
    } else {
      axes.erase(axes.begin() + static_cast<ptrdiff_t>(at) - 1);
    }
  }
}

ReduceStep first_step(ReduceFn fn) {
  switch (fn) {
    case ReduceFn::kProd: return ReduceStep::kProduct;
    case ReduceFn::kMin: return ReduceStep::kMin;
    case ReduceFn::kMax: return ReduceStep::kMax;
    case ReduceFn::kL1: return ReduceStep::kSumOfAbsolute;
    case ReduceFn::kL2:
    case ReduceFn::kSumSquare: return ReduceStep::kSumOfSquares;
    default: return ReduceStep::kSum;
  }
}

ReduceStep next_step(ReduceStep step) {
  return step == ReduceStep::kSumOfAbsolute || step == ReduceStep::kSumOfSquares ? ReduceStep::kSum : step;
}

}  // namespace ingot::kernels

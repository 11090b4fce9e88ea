// Ensembles of decision trees.
#pragma once
#include "ops/op.h"
#include "ops/score_transform.h"

namespace ingot {

enum class TreeAggregate : uint8_t { kAverage, kSum, kMin, kMax };
template <> struct EnumNames<TreeAggregate> {
  static constexpr const char* kNames[] = {"average", "sum", "min", "max"};
};

// Comparisons of a node, by number.
enum TreeMode : int64_t { kTreeLeq, kTreeLt, kTreeGte, kTreeGt, kTreeEq, kTreeNeq, kTreeMember, kTreeModes };

// x: [n, f] or [f] (numbers). Node k sends a row to on_true[k] where mode[k](x[feature[k]], split[k]) holds, or where x
// is NaN and missing_true[k] is 1, else to on_false[k]; a target t < 0 is leaf ~t. A member node's split is the index
// of its set: members[member_begins[i], member_begins[i + 1]). Leaf l adds leaf_weights[e] to target leaf_targets[e]
// for e in [leaf_begins[l], leaf_begins[l + 1]). Each target aggregates over the trees, then base[target] is added.
// Regression gives scores [n, targets], transformed; of type `to`. With `classes` the outputs are the class index
// (i64[n]) and the scores (f32[n, e]); `binary`: all weights count for the same of two classes, the first standing for
// the second's score; `positive`: none is negative.
struct TreeEnsemble {
  std::vector<int64_t> roots, features, modes, on_true, on_false, missing_true;
  std::vector<double> splits, members;
  std::vector<int64_t> member_begins, leaf_begins, leaf_targets;
  std::vector<double> leaf_weights, base;
  int64_t targets = 1;
  TreeAggregate aggregate = TreeAggregate::kSum;
  PostTransform transform = PostTransform::kNone;
  DType to = DType::kF32;
  bool classes = false, binary = false, positive = false;
  static const OpDef def;
  static constexpr auto fields() {
    using T = TreeEnsemble;
    return std::make_tuple(
        field("roots", &T::roots), field("features", &T::features), field("modes", &T::modes),
        field("on_true", &T::on_true), field("on_false", &T::on_false), field("missing_true", &T::missing_true),
        field("splits", &T::splits), field("members", &T::members), field("member_begins", &T::member_begins),
        field("leaf_begins", &T::leaf_begins), field("leaf_targets", &T::leaf_targets),
        field("leaf_weights", &T::leaf_weights), field("base", &T::base), field("targets", &T::targets),
        field("aggregate", &T::aggregate), field("transform", &T::transform), field("to", &T::to),
        field("classes", &T::classes), field("binary", &T::binary), field("positive", &T::positive));
  }
};

}  // namespace ingot

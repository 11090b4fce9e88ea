// What classical models do to their raw scores in the end.
#pragma once
#include "ops/op.h"

namespace ingot {

enum class PostTransform : uint8_t { kNone, kSoftmax, kLogistic, kSoftmaxZero, kProbit };
template <> struct EnumNames<PostTransform> {
  static constexpr const char* kNames[] = {"none", "softmax", "logistic", "softmax_zero", "probit"};
};

// How one score s of a model of two classes becomes two.
enum class SecondClass : uint8_t { kNone, kComplement, kNegative };  // s alone; 1 - s, s; -s, s
template <> struct EnumNames<SecondClass> {
  static constexpr const char* kNames[] = {"none", "complement", "negative"};
};

// Transforms each row of [n, e] (f32): softmax over the row, softmax of its non-zero scores, the logistic function or
// the normal quantile of each. A row of one score gains a second as `second` says; softmax leaves such pairs, and rows
// of one score, as they are.
struct ScoreTransform {
  PostTransform transform = PostTransform::kNone;
  SecondClass second = SecondClass::kNone;
  static const OpDef def;
  static constexpr auto fields() {
    return std::make_tuple(field("transform", &ScoreTransform::transform), field("second", &ScoreTransform::second));
  }
};

void apply_score_transform(const ScoreTransform& op, std::vector<float>& row);

}  // namespace ingot

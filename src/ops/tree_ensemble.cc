#include "ops/tree_ensemble.h"

#include <algorithm>
#include <cmath>

#include "ops/eval.h"
#include "ops/infer.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

constexpr int64_t kMaxTargets = 1 << 20;

[[noreturn]] void broken(const char* what) { fail(Code::kInvalidModel, "the tree ensemble is broken: {}", what); }

bool ranges_within(const std::vector<int64_t>& begins, size_t total) {
  if (begins.empty()) return true;
  return begins.front() >= 0 && std::is_sorted(begins.begin(), begins.end()) &&
         begins.back() <= static_cast<int64_t>(total);
}

// Everything but cycles, which a walk notices by its length.
void check_tables(const TreeEnsemble& t) {
  const size_t nodes = t.features.size();
  if (t.modes.size() != nodes || t.on_true.size() != nodes || t.on_false.size() != nodes || t.splits.size() != nodes ||
      (!t.missing_true.empty() && t.missing_true.size() != nodes)) {
    broken("tables of nodes differ in length");
  }
  if (t.targets < 1 || t.targets > kMaxTargets) broken("the number of targets");
  if (t.binary && t.targets != 2) broken("two classes that are not two");
  if (t.leaf_targets.size() != t.leaf_weights.size()) broken("tables of leaves differ in length");
  if (!ranges_within(t.leaf_begins, t.leaf_weights.size())) broken("ranges of leaves");
  if (!ranges_within(t.member_begins, t.members.size())) broken("ranges of sets");
  const int64_t leaves = static_cast<int64_t>(t.leaf_begins.size()) - 1;
  const auto valid = [&](int64_t at) { return at >= 0 ? at < static_cast<int64_t>(nodes) : ~at < leaves; };
  for (size_t i = 0; i < nodes; ++i) {
    if (!valid(t.on_true[i]) || !valid(t.on_false[i])) broken("a branch to no node");
    if (t.features[i] < 0) broken("a feature below 0");
    if (t.modes[i] < 0 || t.modes[i] >= kTreeModes) broken("an unknown comparison");
    const double set = t.splits[i];
    if (t.modes[i] == kTreeMember && !(set >= 0 && set + 1 < static_cast<double>(t.member_begins.size()))) {
      broken("a set that does not exist");
    }
  }
  if (!std::all_of(t.roots.begin(), t.roots.end(), valid)) broken("a root that is no node");
  for (const int64_t target : t.leaf_targets) {
    if (target < 0 || target >= t.targets) broken("a weight for no target");
  }
  if (!t.base.empty() && t.base.size() != 1 && static_cast<int64_t>(t.base.size()) != t.targets) {
    broken("the number of base values");
  }
}

bool holds(const TreeEnsemble& t, size_t node, double x) {
  if (std::isnan(x) && !t.missing_true.empty() && t.missing_true[node] != 0) return true;
  const double split = t.splits[node];
  switch (t.modes[node]) {
    case kTreeLeq: return x <= split;
    case kTreeLt: return x < split;
    case kTreeGte: return x >= split;
    case kTreeGt: return x > split;
    case kTreeEq: return x == split;
    case kTreeNeq: return x != split;
    default: break;
  }
  const auto set = static_cast<size_t>(split);
  const auto first = t.members.begin() + t.member_begins[set], last = t.members.begin() + t.member_begins[set + 1];
  return std::find(first, last, x) != last;
}

struct Score {
  double value = 0;
  bool voted = false;
};

// The leaf of one tree for one row of `features` numbers.
size_t find_leaf(const TreeEnsemble& t, int64_t root, const double* row, int64_t features) {
  int64_t at = root;
  for (size_t steps = 0; at >= 0; ++steps) {
    const auto node = static_cast<size_t>(at);
    if (steps > t.features.size()) broken("a cycle");
    if (t.features[node] >= features)
      fail(Code::kInvalidArgument, "a tree asks for feature {} of {}", t.features[node], features);
    at = holds(t, node, row[t.features[node]]) ? t.on_true[node] : t.on_false[node];
  }
  return static_cast<size_t>(~at);
}

// `single`: sums are rounded to f32 after every tree, as ONNX and ONNX Runtime sum; it decides ties between classes.
void add_leaf(const TreeEnsemble& t, size_t leaf, bool single, std::vector<Score>& scores) {
  for (int64_t e = t.leaf_begins[leaf]; e < t.leaf_begins[leaf + 1]; ++e) {
    const double weight = t.leaf_weights[static_cast<size_t>(e)];
    Score& score = scores[static_cast<size_t>(t.leaf_targets[static_cast<size_t>(e)])];
    const bool smaller = t.aggregate == TreeAggregate::kMin, larger = t.aggregate == TreeAggregate::kMax;
    if (!smaller && !larger) {
      score.value += weight;
      if (single) score.value = static_cast<double>(static_cast<float>(score.value));
    } else if (!score.voted || (smaller ? weight < score.value : weight > score.value)) {
      score.value = weight;
    }
    score.voted = true;
  }
}

std::vector<Score> score_row(const TreeEnsemble& t, const double* row, int64_t features, bool single) {
  std::vector<Score> scores(static_cast<size_t>(t.targets));
  for (const int64_t root : t.roots) add_leaf(t, find_leaf(t, root, row, features), single, scores);
  if (t.aggregate == TreeAggregate::kAverage && !t.roots.empty()) {
    for (Score& score : scores) score.value /= static_cast<double>(t.roots.size());
  }
  return scores;
}

double base_of(const TreeEnsemble& t, size_t target) {
  return t.base.empty() ? 0 : t.base[t.base.size() == 1 ? 0 : target];
}

std::vector<float> regress(const TreeEnsemble& t, const std::vector<Score>& scores) {
  std::vector<float> row;
  for (size_t i = 0; i < scores.size(); ++i) row.push_back(static_cast<float>(scores[i].value + base_of(t, i)));
  apply_score_transform({t.transform, SecondClass::kNone}, row);
  return row;
}

// The class index; `row` becomes the scores. Weights that all count for the first of two classes are the score of the
// second one: the first class gets what is left of it.
int64_t classify(const TreeEnsemble& t, const std::vector<Score>& scores, std::vector<float>& row) {
  row.clear();
  for (size_t i = 0; i < scores.size(); ++i) {
    const bool counts = scores[i].voted || t.targets > 2 || t.base.size() == 2;
    row.push_back(counts ? static_cast<float>(scores[i].value + base_of(t, i)) : 0.0f);
  }
  ScoreTransform transform{t.transform, SecondClass::kNone};
  const float threshold = t.binary && t.positive ? 0.5f : 0.0f;
  int64_t best = std::max_element(row.begin(), row.end()) - row.begin();
  if (t.binary && t.base.size() != 2) {
    const bool second = scores[1].voted;
    best = row[second ? 1 : 0] > threshold ? 1 : 0;
    if (!second) {
      row.resize(1);
      transform.second = t.positive ? SecondClass::kComplement : SecondClass::kNegative;
    }
  } else if (t.targets == 1) {
    best = row[0] > threshold ? 1 : 0;
  }
  apply_score_transform(transform, row);
  return best;
}

}  // namespace

static void infer(const TreeEnsemble& t, InferContext& context) {
  check_tables(t);
  const Fact& x = context.input(0);
  context.require(x.type.is_tensor() && (is_float(x.dtype()) || is_int(x.dtype())), "trees on {}", x.text());
  context.require(!x.has_rank() || x.rank() == 2 || x.rank() == 1, "trees on {}", x.text());
  const Dim rows = !x.has_rank() ? context.fresh_dim() : x.rank() == 2 ? (*x.shape)[0] : Dim(1);
  if (!t.classes) return context.set_output(0, t.to, DimShape{rows, t.targets});
  context.set_output(0, DType::kI64, DimShape{rows});
  context.set_output(1, DType::kF32, DimShape{rows, t.targets});
}

static void eval(const TreeEnsemble& t, EvalContext& context) {
  check_tables(t);
  const Tensor& x = context.tensor(0);
  if (x.rank() < 1 || x.rank() > 2) fail(Code::kInvalidArgument, "trees on {}", x.type_text());
  const int64_t rows = x.rank() == 2 ? x.dim(0) : 1, features = x.dim(-1);
  const std::vector<double> values = to_doubles(x);
  const int64_t columns = t.targets;
  Tensor labels(DType::kI64, {t.classes ? rows : 0});
  Tensor& scores = context.output(t.classes ? 1 : 0, t.classes ? DType::kF32 : t.to, {rows, columns});
  std::vector<float> row;
  for (int64_t n = 0; n < rows; ++n) {
    if (context.host().check_cancelled) context.host().check_cancelled();
    const std::vector<Score> raw = score_row(t, values.data() + n * features, features, x.dtype() != DType::kF64);
    if (!t.classes && t.transform == PostTransform::kNone) {
      for (int64_t k = 0; k < columns; ++k) {
        write_double(scores, n * columns + k, raw[static_cast<size_t>(k)].value + base_of(t, static_cast<size_t>(k)));
      }
      continue;
    }
    if (t.classes) {
      labels.mutable_data<int64_t>()[n] = classify(t, raw, row);
    } else {
      row = regress(t, raw);
    }
    row.resize(static_cast<size_t>(columns));
    for (int64_t k = 0; k < columns; ++k) {
      write_double(scores, n * columns + k, static_cast<double>(row[static_cast<size_t>(k)]));
    }
  }
  if (t.classes) context.set_output(0, std::move(labels));
}

const OpDef TreeEnsemble::def =
    define_op<TreeEnsemble, infer, eval>({"tree_ensemble", "aggregated leaf weights of decision trees", 1, 1, -1});

}  // namespace ingot

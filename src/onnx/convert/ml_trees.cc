// Tree ensembles of ai.onnx.ml: opset 5's form, and the two of opsets 1 to 3.
#include <algorithm>
#include <cmath>
#include <map>

#include "onnx/convert/ml.h"
#include "ops/tree_ensemble.h"
#include "tensor/elements.h"

namespace ingot::onnx {
namespace {

TreeAggregate aggregate_of(const Conversion& c) {
  const std::string name = c.get_string("aggregate_function", "SUM");
  if (name == "AVERAGE") return TreeAggregate::kAverage;
  if (name == "SUM") return TreeAggregate::kSum;
  if (name == "MIN") return TreeAggregate::kMin;
  if (name == "MAX") return TreeAggregate::kMax;
  fail(Code::kInvalidModel, "aggregate_function '{}' is unknown", name);
}

// A list of floats, or of doubles under `name`_as_tensor.
std::vector<double> get_numbers(const Conversion& c, const std::string& name) {
  if (c.has_attribute(name + "_as_tensor")) return to_doubles(c.get_tensor(name + "_as_tensor"));
  return c.get_floats(name);
}

// -1: a leaf.
int64_t mode_of(const std::string& name) {
  constexpr const char* kNames[] = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"};
  if (name == "LEAF") return -1;
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) return static_cast<int64_t>(i);
  }
  fail(Code::kInvalidModel, "nodes_modes holds '{}'", name);
}

using NodeKey = std::pair<int64_t, int64_t>;  // tree, node

// Weights of leaves under `prefix` ("class_", "target_"), by the position of their node; -1: of none.
void add_weights(const Conversion& c, const std::string& prefix, const std::map<NodeKey, size_t>& places,
                 const std::vector<int64_t>& leaf_of, TreeEnsemble& t) {
  const auto trees = c.get_ints(prefix + "treeids"), nodes = c.get_ints(prefix + "nodeids"),
             targets = c.get_ints(prefix + "ids");
  const auto weights = get_numbers(c, prefix + "weights");
  if (nodes.size() != trees.size() || targets.size() != trees.size() || weights.size() != trees.size()) {
    fail(Code::kInvalidModel, "lists {}* of {} differ in length", prefix, c.node().op_type);
  }
  const size_t leaves = t.leaf_begins.size() - 1;
  std::vector<std::vector<size_t>> entries(leaves);
  for (size_t i = 0; i < trees.size(); ++i) {
    const auto found = places.find({trees[i], nodes[i]});
    if (found == places.end()) fail(Code::kInvalidModel, "a weight for node {} of tree {}", nodes[i], trees[i]);
    const int64_t leaf = leaf_of[found->second];
    if (leaf >= 0) entries[static_cast<size_t>(leaf)].push_back(i);
  }
  for (size_t leaf = 0; leaf < leaves; ++leaf) {
    for (const size_t i : entries[leaf]) {
      t.leaf_targets.push_back(targets[i]);
      t.leaf_weights.push_back(weights[i]);
    }
    t.leaf_begins[leaf + 1] = static_cast<int64_t>(t.leaf_weights.size());
  }
}

TreeEnsemble read_trees(const Conversion& c, const std::string& prefix) {
  TreeEnsemble t;
  const auto trees = c.get_ints("nodes_treeids"), ids = c.get_ints("nodes_nodeids"),
             features = c.get_ints("nodes_featureids"), on_true = c.get_ints("nodes_truenodeids"),
             on_false = c.get_ints("nodes_falsenodeids"), missing = c.get_ints("nodes_missing_value_tracks_true");
  const auto modes = c.get_strings("nodes_modes");
  const auto values = get_numbers(c, "nodes_values");
  const size_t count = trees.size();
  for (const size_t size : {ids.size(), features.size(), on_true.size(), on_false.size(), modes.size(), values.size(),
                            missing.empty() ? count : missing.size()}) {
    if (size != count) fail(Code::kInvalidModel, "lists nodes_* of {} differ in length", c.node().op_type);
  }
  std::map<NodeKey, size_t> places;
  std::vector<int64_t> number(count), leaf_of(count, -1);  // a leaf is ~number
  int64_t nodes = 0, leaves = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!places.emplace(NodeKey{trees[i], ids[i]}, i).second) {
      fail(Code::kInvalidModel, "node {} of tree {} appears twice", ids[i], trees[i]);
    }
    const bool leaf = mode_of(modes[i]) < 0;
    if (leaf) leaf_of[i] = leaves;
    number[i] = leaf ? ~(leaves++) : nodes++;
    if (i == 0 || trees[i] != trees[i - 1]) t.roots.push_back(number[i]);
  }
  const auto child = [&](size_t i, int64_t id) {
    const auto found = places.find({trees[i], id});
    if (found == places.end()) fail(Code::kInvalidModel, "tree {} has no node {}", trees[i], id);
    return number[found->second];
  };
  for (size_t i = 0; i < count; ++i) {
    if (number[i] < 0) continue;
    t.features.push_back(features[i]);
    t.modes.push_back(mode_of(modes[i]));
    t.splits.push_back(values[i]);
    t.on_true.push_back(child(i, on_true[i]));
    t.on_false.push_back(child(i, on_false[i]));
    if (!missing.empty()) t.missing_true.push_back(missing[i]);
  }
  t.leaf_begins.assign(static_cast<size_t>(leaves) + 1, 0);
  add_weights(c, prefix, places, leaf_of, t);
  t.base = get_numbers(c, "base_values");
  t.transform = post_transform(c);
  return t;
}

PostTransform transform_of(int64_t number) {
  if (number < 0 || number > 4) fail(Code::kInvalidModel, "post_transform {} is unknown", number);
  return static_cast<PostTransform>(number);
}

// Sets of members are separated by NaN and belong to the member nodes in their order.
void read_members(const Conversion& c, TreeEnsemble& t) {
  t.member_begins = {0};
  const Tensor values = c.get_tensor("membership_values");
  for (int64_t i = 0; values.defined() && i < values.count(); ++i) {
    const double value = read_double(values, i);
    if (!std::isnan(value)) {
      t.members.push_back(value);
    } else {
      t.member_begins.push_back(static_cast<int64_t>(t.members.size()));
    }
  }
  if (t.member_begins.back() != static_cast<int64_t>(t.members.size())) {
    t.member_begins.push_back(static_cast<int64_t>(t.members.size()));  // the last NaN may be left out
  }
  int64_t set = 0;
  for (size_t i = 0; i < t.modes.size(); ++i) {
    if (t.modes[i] == kTreeMember) t.splits[i] = static_cast<double>(set++);
  }
}

}  // namespace

void convert_tree_ensemble(Conversion& c) {
  TreeEnsemble t;
  t.roots = c.get_ints("tree_roots");
  t.features = c.get_ints("nodes_featureids");
  t.modes = to_ints(c.get_tensor("nodes_modes"));
  t.splits = to_doubles(c.get_tensor("nodes_splits"));
  t.missing_true = c.get_ints("nodes_missing_value_tracks_true");
  t.on_true = c.get_ints("nodes_truenodeids");
  t.on_false = c.get_ints("nodes_falsenodeids");
  const auto leaf = [&](const char* name, std::vector<int64_t>& children) {
    const auto flags = c.get_ints(name);
    if (flags.size() != children.size()) fail(Code::kInvalidModel, "{} has {} entries", name, flags.size());
    for (size_t i = 0; i < flags.size(); ++i) {
      if (children[i] < 0) fail(Code::kInvalidModel, "a branch to node {}", children[i]);
      if (flags[i] != 0) children[i] = ~children[i];
    }
  };
  leaf("nodes_trueleafs", t.on_true);
  leaf("nodes_falseleafs", t.on_false);
  t.leaf_targets = c.get_ints("leaf_targetids");
  t.leaf_weights = to_doubles(c.get_tensor("leaf_weights"));
  for (size_t i = 0; i <= t.leaf_weights.size(); ++i) t.leaf_begins.push_back(static_cast<int64_t>(i));
  if (t.modes.size() == t.splits.size()) read_members(c, t);
  t.targets = c.get_int("n_targets", 1);
  const int64_t aggregate = c.get_int("aggregate_function", 1);
  if (aggregate < 0 || aggregate > 3) fail(Code::kInvalidModel, "aggregate_function {} is unknown", aggregate);
  t.aggregate = static_cast<TreeAggregate>(aggregate);
  t.transform = transform_of(c.get_int("post_transform", 0));
  t.to = c.input_fact(0).dtype();
  c.set_output(0, c.add(std::move(t), {c.input(0)}));
}

void convert_tree_regressor(Conversion& c) {
  TreeEnsemble t = read_trees(c, "target_");
  t.targets = c.get_int("n_targets", 1);
  t.aggregate = aggregate_of(c);
  c.set_output(0, c.add(std::move(t), {c.input(0)}));
}

void convert_tree_classifier(Conversion& c) {
  TreeEnsemble t = read_trees(c, "class_");
  Tensor labels = class_labels(c, "classlabels_int64s");
  t.classes = true;
  t.targets = std::max<int64_t>(labels.count(), 1);
  const bool one_class = std::all_of(t.leaf_targets.begin(), t.leaf_targets.end(),
                                     [&](int64_t target) { return target == t.leaf_targets[0]; });
  t.binary = t.targets == 2 && one_class;
  t.positive = std::all_of(t.leaf_weights.begin(), t.leaf_weights.end(), [](double weight) { return weight >= 0; });
  const auto results = c.add_node(std::move(t), {c.input(0)});
  if (labels.count() < 2) {
    labels =
        labels.dtype() == DType::kString ? Tensor::of<std::string>({2}, {"0", "1"}) : Tensor::of<int64_t>({2}, {0, 1});
  }
  c.set_output(0, emit_labels(c, results[0], std::move(labels)));
  c.set_output(1, results[1]);
}

}  // namespace ingot::onnx

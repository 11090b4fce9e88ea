#include <chrono>
#include <deque>

#include "ir/bodies.h"
#include "ir/infer_again.h"
#include "passes/pass.h"

namespace ingot::passes {
namespace {

constexpr int kMaxRounds = 12;           // of a repeated stage
constexpr int64_t kPatchesPerNode = 64;  // more than this says that rules undo each other
constexpr size_t kMaxRefusals = 20000;

std::string label(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  std::string text;
  for (const auto& name : node.origin) text += (text.empty() ? "" : "+") + name;
  if (text.empty() && !node.outputs.empty()) text = graph.value(node.outputs[0]).name;
  return text + " (" + node.op.name() + ")";
}

// Nodes waiting to be looked at, each once.
class Worklist {
 public:
  void add(ir::NodeId id) {
    if (waiting_.insert(id).second) queue_.push_back(id);
  }
  bool empty() const { return queue_.empty(); }
  ir::NodeId take() {
    const ir::NodeId id = queue_.front();
    queue_.pop_front();
    waiting_.erase(id);
    return id;
  }

 private:
  std::deque<ir::NodeId> queue_;
  std::unordered_set<ir::NodeId> waiting_;
};

// A node whose surroundings changed may match now: those added, what feeds them, what reads them.
void add_neighbours(const ir::Graph& graph, const std::vector<ir::NodeId>& added, Worklist& worklist) {
  for (const ir::NodeId id : added) {
    worklist.add(id);
    for (const ir::ValueId input : graph.node(id).inputs) {
      if (input != ir::kNoValue && graph.value(input).producer >= 0) worklist.add(graph.value(input).producer);
    }
    for (const ir::ValueId output : graph.node(id).outputs) {
      for (const ir::NodeId user : graph.users(output)) worklist.add(user);
    }
  }
}

void run_rules(ir::Graph& graph, const Pass& pass, PassRun& run) {
  Worklist worklist;
  for (const ir::NodeId id : graph.order()) worklist.add(id);
  int64_t budget = kPatchesPerNode * (static_cast<int64_t>(graph.node_count()) + 16);
  size_t visited = 0;
  while (!worklist.empty()) {
    const ir::NodeId id = worklist.take();
    if (++visited % 256 == 0) run.options().progress.report(pass.name, visited, 0);
    for (const NamedRule& rule : pass.rules) {
      if (graph.node(id).removed) break;
      auto outcome = run.attempt(graph, rule.name, id, [&] { return rule.rule(graph, id, run); });
      if (std::holds_alternative<ir::NoMatch>(outcome)) continue;
      // Readers of the old values read the new ones afterwards, and are to be looked at again.
      std::vector<ir::NodeId> readers;
      for (const ir::ValueId output : graph.node(id).outputs) {
        readers.insert(readers.end(), graph.users(output).begin(), graph.users(output).end());
      }
      bool changed = false;
      const auto added = run.apply(graph, rule.name, id, std::move(outcome), &changed);
      if (!changed) continue;
      for (const ir::NodeId reader : readers) worklist.add(reader);
      add_neighbours(graph, added, worklist);
      worklist.add(id);
      if (--budget < 0) fail(Code::kInternal, "the rules of pass {} do not settle", pass.name);
    }
  }
}

// Bodies first: what is known of their results may help outside.
void run_on(ir::Graph& graph, const Pass& pass, PassRun& run) {
  const auto order = graph.order();
  for (const ir::NodeId id : order) {
    if (graph.node(id).removed) continue;  // inferred again
    const int64_t patches = run.patches();
    for (const int64_t body : ir::body_indices(graph.node(id).op)) {
      run_on(*graph.bodies()[static_cast<size_t>(body)], pass, run);
    }
    if (run.patches() != patches) ir::infer_node_again(graph, id);
  }
  if (pass.whole_graph != nullptr) pass.whole_graph(graph, run);
  if (!pass.rules.empty()) run_rules(graph, pass, run);
}

bool is_listed(const std::vector<std::string>& names, const char* name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_names(std::span<const Stage> stages, const PassOptions& options) {
  const auto exists = [&](const std::string& wanted) {
    for (const Stage& stage : stages) {
      for (const Pass& pass : stage.passes) {
        if (wanted == pass.name) return true;
      }
    }
    return false;
  };
  for (const auto& name : options.disabled) {
    if (!exists(name)) fail(Code::kInvalidArgument, "there is no pass '{}' to disable", name);
  }
  if (!options.stop_after.empty() && !exists(options.stop_after)) {
    fail(Code::kInvalidArgument, "there is no pass '{}' to stop after", options.stop_after);
  }
}

// The whole policy of one pass. Returns how many patches it made.
int64_t run_pass(ir::Graph& graph, const Pass& pass, const PassOptions& options, PassReport& report) {
  if (is_listed(options.disabled, pass.name)) return 0;
  options.progress.report(pass.name, report.passes.size(), 0);
  PassRecord record{pass.name, 0, 0, graph.live_node_count(), 0};
  const auto start = std::chrono::steady_clock::now();
  PassRun run(pass, options, report);
  with_frame([&] { return std::string("pass ") + pass.name; },
             [&] {
               run_on(graph, pass, run);
               if (run.patches() > 0) ir::verify(graph, options.verify);
             });
  record.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  record.patches = run.patches();
  record.nodes_after = graph.live_node_count();
  report.passes.push_back(record);
  if (options.after_pass) options.after_pass(pass, graph);
  return record.patches;
}

}  // namespace

std::vector<ir::NodeId> PassRun::apply(ir::Graph& graph, const char* rule, ir::NodeId node, ir::Outcome outcome,
                                       bool* changed) {
  if (const auto* refused = std::get_if<ir::Refused>(&outcome)) refuse(graph, rule, node, refused->reason);
  auto* patch = std::get_if<ir::Patch>(&outcome);
  if (patch == nullptr || patch->empty()) return {};
  if (const char* reason = ir::refuse(graph, *patch)) {
    if (options_.strict) fail(Code::kInternal, "the patch of {} at {} gives {}", rule, label(graph, node), reason);
    refuse(graph, rule, node, std::string("the replacement has ") + reason);
    return {};
  }
  if (!allow_change()) return {};
  if (changed != nullptr) *changed = true;
  return ir::apply(graph, std::move(*patch));
}

std::vector<ir::NodeId> PassRun::apply(ir::Graph& graph, const char* rule, ir::NodeId node,
                                       const std::function<ir::Outcome()>& make) {
  return apply(graph, rule, node, attempt(graph, rule, node, make));
}

ir::Outcome PassRun::attempt(const ir::Graph& graph, const char* rule, ir::NodeId node,
                             const std::function<ir::Outcome()>& make) {
  try {
    return make();
  } catch (const Error& error) {
    if (options_.strict || error.code() == Code::kCancelled) throw;
    refuse(graph, rule, node, "the rule failed: " + error.message());
    return ir::no_match;
  }
}

bool PassRun::allow_change() {
  if (report_.patches >= options_.max_patches) return false;
  ++report_.patches;
  ++patches_;
  return true;
}

void PassRun::refuse(const ir::Graph& graph, const char* rule, ir::NodeId node, std::string reason) {
  if (report_.refusals.size() >= kMaxRefusals) return;
  Refusal refusal{pass_.name, rule, label(graph, node), std::move(reason)};
  const auto same = [&](const Refusal& other) {
    return other.rule == refusal.rule && other.node == refusal.node && other.reason == refusal.reason &&
           other.pass == refusal.pass;
  };
  // Repeats of one node come close to each other; a full search would be quadratic.
  const size_t tail = std::min<size_t>(report_.refusals.size(), 512);
  if (std::any_of(report_.refusals.end() - static_cast<ptrdiff_t>(tail), report_.refusals.end(), same)) return;
  report_.refusals.push_back(std::move(refusal));
}

PassReport run_passes(ir::Graph& graph, std::span<const Stage> stages, const PassOptions& options) {
  check_names(stages, options);
  PassReport report;
  for (const Stage& stage : stages) {
    for (int round = 0; round < (stage.repeat ? kMaxRounds : 1); ++round) {
      int64_t patches = 0;
      bool stop = false;
      for (const Pass& pass : stage.passes) {
        patches += run_pass(graph, pass, options, report);
        if (options.stop_after == pass.name) stop = true;
        if (stop) break;
      }
      if (stop) return report;
      if (patches == 0) break;
    }
  }
  return report;
}

}  // namespace ingot::passes

// Passes: named rewrites of a graph, and the one function that runs them.
#pragma once
#include <functional>
#include <map>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/progress.h"
#include "ir/graph.h"
#include "ir/patch.h"
#include "passes/target.h"

namespace ingot::passes {

struct Pass;

struct PassOptions {
  Target target;
  std::vector<std::string> disabled;  // names of passes; run_passes refuses names that no pass has
  std::string stop_after;             // name of the last pass that runs; empty: all run
  int64_t max_patches = INT64_MAX;    // over all passes: bisecting finds the patch that breaks a model
  int64_t fold_bytes = 64 << 20;      // largest result that constant folding stores
  int64_t fold_growth = 256 << 20;    // bytes by which folding may enlarge the constants of a model in all
  // A rule that fails, and a patch that does not fit, end in an Error; otherwise they are recorded as refusals.
  bool strict = false;
  ir::VerifyLevel verify = ir::VerifyLevel::kStructure;
  std::function<void(const Pass&, const ir::Graph&)> after_pass;  // called for every pass that ran: dumps
  Progress progress;
};

// Something that looked like a match and was left alone.
struct Refusal {
  std::string pass, rule, node, reason;
};

struct PassRecord {
  std::string name;
  double seconds = 0;
  int64_t patches = 0;
  size_t nodes_before = 0, nodes_after = 0;  // of the main graph
};

struct PassReport {
  std::vector<PassRecord> passes;         // in the order run; a repeated pass has one record per run
  std::vector<Refusal> refusals;          // each once
  std::map<std::string, int64_t> counts;  // what passes count: "layout conversions", ...
  int64_t patches = 0;
};

class PassRun;

// Answers for one node that is alive. Rules look only at the graph, so their order does not matter to correctness.
using Rule = std::function<ir::Outcome(const ir::Graph& graph, ir::NodeId node, PassRun& run)>;
struct NamedRule {
  const char* name;
  Rule rule;
};

// Either rules, tried on every node until none matches any longer, or one function over the whole graph.
struct Pass {
  const char* name;   // snake_case, as --disable-pass takes it
  const char* doc;    // what holds after it
  const char* place;  // why it stands where it does
  std::vector<NamedRule> rules;
  void (*whole_graph)(ir::Graph& graph, PassRun& run) = nullptr;
};

// A list of passes; a repeated one runs until a whole round changes nothing.
struct Stage {
  const char* name;
  bool repeat = false;
  std::vector<Pass> passes;
};

// One pass over one graph: what rules and whole-graph functions ask and report. Not thread-safe.
class PassRun {
 public:
  PassRun(const Pass& pass, const PassOptions& options, PassReport& report)
      : pass_(pass), options_(options), report_(report) {}

  const PassOptions& options() const { return options_; }
  const Target& target() const { return options_.target; }
  // Applies a patch; counts and refuses as the options say. Returns the nodes added, empty when nothing was done.
  // `changed` (may be null) tells whether the graph changed.
  std::vector<ir::NodeId> apply(ir::Graph& graph, const char* rule, ir::NodeId node, ir::Outcome outcome,
                                bool* changed = nullptr);
  // The same with what `make` answers. That it fails is a refusal, as for rules: a branch that never runs may hold
  // nodes whose operands contradict each other, which only inferring them again finds out.
  std::vector<ir::NodeId> apply(ir::Graph& graph, const char* rule, ir::NodeId node,
                                const std::function<ir::Outcome()>& make);
  // What `make` answers; no match, recorded as a refusal, where it throws an Error. Strict options let that through.
  ir::Outcome attempt(const ir::Graph& graph, const char* rule, ir::NodeId node,
                      const std::function<ir::Outcome()>& make);
  // For changes that are no patches (removing dead nodes): whether one more is allowed; counts it.
  bool allow_change();
  void refuse(const ir::Graph& graph, const char* rule, ir::NodeId node, std::string reason);
  void count(const std::string& what, int64_t by) { report_.counts[what] += by; }
  void set_count(const std::string& what, int64_t value) { report_.counts[what] = value; }
  int64_t patches() const { return patches_; }
  // Bytes that folding has added to the constants so far.
  int64_t folded_bytes = 0;

 private:
  const Pass& pass_;
  const PassOptions& options_;
  PassReport& report_;
  int64_t patches_ = 0;
};

// Runs the stages over the graph and the bodies in it, verifying after every pass. Throws Error with a frame "pass
// ..."; kInvalidArgument for unknown names in the options; kCancelled when progress says stop.
PassReport run_passes(ir::Graph& graph, std::span<const Stage> stages, const PassOptions& options = {});

}  // namespace ingot::passes

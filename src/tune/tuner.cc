#include "tune/tuner.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "plan/plan.h"

namespace ingot::tune {
namespace {

using Clock = std::chrono::steady_clock;
using kernels::Candidate;
using kernels::Problem;

constexpr double kQuickBudget = 15, kFullBudget = 600, kSaveEvery = 2;

MeasureOptions measure_options(Level level) {
  MeasureOptions options;
  if (level == Level::kFull) {
    options.rounds = 51;
    options.slowest = 10;
    options.seconds = 10;
  }
  return options;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// "measured: 81.0 us, next avx2_winograd_f32_4x4 1.12x"; from the entry alone, so that plans do not depend on when.
std::string why(const Entry& entry) {
  if (entry.pinned) return "pinned in the tuning database";
  const auto own = entry.ns.find(entry.best);
  if (own == entry.ns.end()) return "tuning database";
  std::string text = fmt::format("measured: {:.1f} us", own->second / 1e3);
  const std::pair<const std::string, double>* next = nullptr;
  for (const auto& each : entry.ns) {
    if (each.first != entry.best && (next == nullptr || each.second < next->second)) next = &each;
  }
  if (next == nullptr) return text;
  if (next->second <= own->second) return text + ", " + next->first + " no faster beyond the noise";
  return text + fmt::format(", next {} {:.2f}x", next->first, next->second / own->second);
}

}  // namespace

struct Tuner::Task {
  Problem problem;
  std::string text;
  double cost = 0;                // estimated, of every time that it occurs
  std::vector<const char*> rows;  // rivals, the cost model's choice first
  bool known() const {            // every size
    for (const auto* operands : {&problem.inputs, &problem.outputs}) {
      for (const kernels::Operand& operand : *operands) {
        if (std::count(operand.shape.begin(), operand.shape.end(), -1) > 0) return false;
      }
    }
    return true;
  }
};

std::string problem_text(const Problem& problem) {
  std::string text = problem.op.text();
  for (const kernels::Family* family : kernels::all_families()) {
    if (std::find(family->ops.begin(), family->ops.end(), &problem.op.def()) == family->ops.end()) continue;
    text = family->text(problem);
    break;
  }
  const auto types = [](const std::vector<kernels::Operand>& operands) {
    std::string list;
    for (const kernels::Operand& operand : operands) {
      list += (list.empty() ? "" : " ") + (operand.present() ? std::string(dtype_name(operand.dtype)) : "-") +
              (operand.constant ? "*" : "");
    }
    return list;
  };
  return text + " (" + types(problem.inputs) + " -> " + types(problem.outputs) + ")";
}

std::string reason_to_ignore(const Key& key) {
  if (key.isa.starts_with("sm_")) return "for the GPU " + key.cpu;
  if (key.cpu != cpu_features().model && key.cpu != cpu_features().microarchitecture) return "for the CPU " + key.cpu;
  return key.kernels != plan::kernel_abi() ? "measured with kernels of another version" : "";
}

Key key_of(const std::string& problem, const kernels::Target& target) {
  return {problem, isa_name(target.isa), cpu_features().model, target.threads, plan::kernel_abi()};
}

const Entry* best_known(const Database& database, const Key& key) {
  if (const Entry* own = database.find(key); own != nullptr || cpu_features().microarchitecture.empty()) return own;
  Key general = key;
  general.cpu = cpu_features().microarchitecture;
  const Entry* entry = nullptr;
  for (; entry == nullptr && general.threads > 0; --general.threads) entry = database.find(general);
  return entry;
}

Tuner::Tuner(const TuneOptions& options, const kernels::Target& target) : options_(options), target_(target) {
  if (!options_.shipped.empty()) shipped_ = Database::read(options_.shipped);
  if (!options_.measures_or_remembers()) return;
  if (options_.database.empty()) options_.database = default_database();
  report_.database = options_.database.string();
  if (!options_.database.empty()) database_ = Database::read(options_.database);
  count_ignored();
}

void Tuner::count_ignored() {
  for (const auto& [key, entry] : database_.entries()) {
    if (const std::string reason = reason_to_ignore(key); !reason.empty()) ++report_.ignored[reason];
  }
  for (const auto& [reason, count] : report_.ignored) {
    log(LogLevel::kInfo, "tuning database {}: {} entries are ignored: {}", report_.database, count, reason);
  }
}

const Entry* Tuner::find(const std::string& problem) const { return database_.find(key_of(problem, target_)); }

// Whether there is nothing left to measure of it: an entry may come from a level that tries fewer rows, or from a
// library that had fewer.
bool Tuner::answers(const Task& task) const {
  const Entry* entry = find(task.text);
  if (entry == nullptr) return false;
  if (entry->pinned || options_.level == Level::kOff) return true;
  return std::all_of(task.rows.begin(), task.rows.end(), [&](const char* row) { return entry->ns.contains(row); });
}

// What lowering would ask, found by lowering with a chooser that only writes down.
std::vector<Tuner::Task> Tuner::tasks(const ir::Graph& graph, const lower::LowerOptions& lowering) const {
  std::map<std::string, Task> found;
  const MeasureOptions options = measure_options(options_.level);
  lower::LowerOptions asking = lowering;
  asking.keep_portable = false;
  asking.choose = [&](const Problem& problem, const kernels::Target& target) {
    const std::vector<Candidate> tried = rivals(problem, target, options);
    if (tried.size() > 1) {
      Task& task = found[problem_text(problem)];
      task.problem = problem;
      task.cost += tried.front().cost;
      task.rows.clear();
      for (const Candidate& each : tried) task.rows.push_back(each.row->name);
    }
    return lower::Choice{};
  };
  lower::lower(graph, graph, asking);
  std::vector<Task> tasks;
  for (auto& [text, task] : found) {
    task.text = text;
    tasks.push_back(std::move(task));
  }
  std::stable_sort(tasks.begin(), tasks.end(), [](const Task& a, const Task& b) { return a.cost > b.cost; });
  return tasks;
}

void Tuner::measure(const ir::Graph& graph, const lower::LowerOptions& lowering, const Progress& progress) {
  const auto begin = Clock::now();
  std::vector<Task> all = tasks(graph, lowering);
  report_.problems = all.size();
  const auto count_changed = [&](const Task& task) {
    const Entry* entry = find(task.text);
    report_.changed += entry != nullptr && entry->best != task.rows.front() ? 1 : 0;
  };
  std::erase_if(all, [&](const Task& task) {
    if (!answers(task)) return false;
    count_changed(task);
    return true;
  });
  report_.found = report_.problems - all.size();
  report_.unmeasured = all.size();
  report_.unknown =
      static_cast<size_t>(std::count_if(all.begin(), all.end(), [](auto& task) { return !task.known(); }));
  if (options_.level == Level::kOff || all.empty()) return;
  log_unknown();
  const double budget = options_.budget_seconds > 0       ? options_.budget_seconds
                        : options_.level == Level::kQuick ? kQuickBudget
                                                          : kFullBudget;
  MeasureOptions options = measure_options(options_.level);
  struct SaveAtEnd {  // also when stopped
    Tuner& tuner;
    ~SaveAtEnd() { tuner.save(); }
  } save_at_end{*this};
  ThreadPool pool(target_.threads);
  auto saved = begin;
  for (size_t i = 0; i < all.size(); ++i) {
    options.each_round = [&] { progress.report("tune", i, all.size()); };
    options.each_round();
    const double left = budget - seconds_since(begin);
    if (left <= 0) {
      report_.budget_spent = true;
      break;
    }
    options.seconds = std::min(options.seconds, left);
    const auto measured = tune::measure(all[i].problem, target_, pool, options);
    if (!measured) continue;
    Entry entry{measured->best, measured->ns, false, all[i].rows.front()};
    database_.put(key_of(all[i].text, target_), entry);
    fresh_.put(key_of(all[i].text, target_), std::move(entry));
    count_changed(all[i]);
    ++report_.measured;
    --report_.unmeasured;
    if (seconds_since(saved) > kSaveEvery) {
      save();
      saved = Clock::now();
    }
  }
  report_.seconds = seconds_since(begin);
}

void Tuner::log_unknown() const {
  if (report_.unknown == 0) return;
  log(LogLevel::kWarning,
      "tune: {} of {} problems have sizes that the model leaves open; optShapes says what to measure", report_.unknown,
      report_.problems);
}

void Tuner::save() {
  if (options_.database.empty() || fresh_.entries().empty()) return;
  try {
    tuning::save(fresh_, options_.database);
    fresh_ = {};
  } catch (const Error& error) {
    log(LogLevel::kWarning, "tuning database {} is not written: {}", report_.database, error.message());
  }
}

lower::Chooser Tuner::chooser() const {
  return [this](const Problem& problem, const kernels::Target& target) -> lower::Choice {
    const std::vector<Candidate> all = kernels::candidates(problem, target);
    const Key key = key_of(problem_text(problem), target_);
    const Entry *own = best_known(database_, key), *entry = own != nullptr ? own : best_known(shipped_, key);
    for (const Candidate& candidate : all) {
      if (entry == nullptr || candidate.refused != nullptr || candidate.row->name != entry->best) continue;
      return {candidate, (entry == own ? "" : "shipped, ") + why(*entry)};
    }
    return {all.empty() || all.front().refused != nullptr ? Candidate{} : all.front(), ""};
  };
}

}  // namespace ingot::tune

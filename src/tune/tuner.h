// Chooses kernels by what was measured: looks problems up in a tuning database, and measures those it lacks.
#pragma once
#include "base/progress.h"
#include "base/tuning_database.h"
#include "lower/lower.h"
#include "tune/measure.h"

namespace ingot::tune {

using tuning::Database;
using tuning::default_database;
using tuning::Entry;
using tuning::Key;

enum class Level { kOff, kQuick, kFull };  // kOff: looks up, measures nothing

struct TuneOptions {
  Level level = Level::kOff;
  double budget_seconds = 0;       // 0: 15 for quick, 600 for full
  std::filesystem::path database;  // empty: default_database(); measurements stay in memory where there is none
  std::filesystem::path shipped = tuning::shipped_database();  // asked last; empty: none
  bool measures_or_remembers() const { return level != Level::kOff || !database.empty(); }
};

struct TuneReport {
  std::string database;
  size_t problems = 0;    // that differ and that more than one kernel takes
  size_t found = 0;       // in the database
  size_t measured = 0;    // now
  size_t unmeasured = 0;  // left to the cost model: sizes unknown, or the budget was spent
  size_t unknown = 0;     // of those, with sizes that no option gives
  size_t changed = 0;     // of those found or measured, where another kernel than the cost model's is taken
  bool budget_spent = false;
  double seconds = 0;
  std::map<std::string, size_t> ignored;  // entries that hold for another CPU or library, by reason
};

// One build. The choice depends on the database's content alone: equal content gives equal plans.
class Tuner {
 public:
  // Throws kIo when the databases cannot be read. Without level and database the shipped one is all that is read.
  Tuner(const TuneOptions& options, const kernels::Target& target);

  // Measures what the graph asks and the database lacks, in whole or for some row, costliest first, until the budget is
  // spent; what was measured
  // is saved as it comes, so a build that was stopped (kCancelled, or killed) goes on where it was. A database that
  // cannot be written costs a log line.
  void measure(const ir::Graph& graph, const lower::LowerOptions& lowering, const Progress& progress);
  // For LowerOptions::choose; the tuner outlives it.
  lower::Chooser chooser() const;
  const TuneReport& report() const { return report_; }

 private:
  struct Task;
  std::vector<Task> tasks(const ir::Graph& graph, const lower::LowerOptions& lowering) const;
  // What was measured on this machine.
  const Entry* find(const std::string& problem) const;
  bool answers(const Task& task) const;
  void log_unknown() const;
  void count_ignored();
  void save();

  TuneOptions options_;
  kernels::Target target_;
  Database database_, fresh_, shipped_;  // fresh_: measured and not saved yet
  TuneReport report_;
};

// The text that a problem is known by: that of the first family of its operator, and the types of its operands, *
// marking constants.
std::string problem_text(const kernels::Problem& problem);
// Why an entry does not hold for this CPU and library, or "".
std::string reason_to_ignore(const Key& key);
// What a database says of a problem on this machine: of this CPU, else of its microarchitecture, measured with as many
// threads or the nearest lesser number. Null: nothing.
const Entry* best_known(const Database& database, const Key& key);
// The key of a problem on this machine.
Key key_of(const std::string& problem, const kernels::Target& target);

}  // namespace ingot::tune

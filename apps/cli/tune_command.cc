#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/cli/command.h"
#include "apps/cli/terminal.h"

#include <ingot/ingot.hpp>

namespace ingot::cli {
namespace {

using nlohmann::json;

struct TuneCommand {
  std::string database, contains, file, problem, kernel;
  std::vector<std::string> sources;
  int threads = 0;
  bool all = false;
};

std::string time_of(const json& entry, const std::string& kernel) {
  return entry["ns"].contains(kernel) ? time_text(entry["ns"][kernel].get<double>() / 1e9) : "";
}

// "avx2_winograd_f32_4x4 1.30x" of the next fastest kernel that was measured.
std::string next_text(const json& entry) {
  const std::string best = entry["best"];
  std::string next;
  double least = 0;
  for (const auto& [kernel, ns] : entry["ns"].items()) {
    if (kernel == best || (!next.empty() && ns.get<double>() >= least)) continue;
    next = kernel;
    least = ns;
  }
  if (next.empty() || !entry["ns"].contains(best)) return next;
  return fmt::format("{} {:.2f}x", next, least / entry["ns"][best].get<double>());
}

int list(const TuneCommand& command, const Common& common) {
  json found = json::parse(tuning_list_json(command.database));
  json kept = json::array();
  size_t ignored = 0;
  for (auto& entry : found["entries"]) {
    if (entry["problem"].get<std::string>().find(command.contains) == std::string::npos) continue;
    const bool foreign = entry["ignored"] != "";
    ignored += foreign ? 1 : 0;
    if (!foreign || command.all || common.json) kept.push_back(std::move(entry));
  }
  if (common.json) {
    found["entries"] = std::move(kept);
    fmt::print("{}\n", found.dump());
    return kOk;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& entry : kept) {
    const std::string best = entry["best"];
    rows.push_back({std::to_string(entry["threads"].get<int>()), entry["isa"], best, time_of(entry, best),
                    next_text(entry), entry["pinned"].get<bool>() ? "pinned" : entry["ignored"].get<std::string>(),
                    entry["problem"]});
  }
  if (!rows.empty()) {
    fmt::print("{}\n", table({"threads", "isa", "kernel", "time", "next", "state", "problem"}, rows));
  }
  fmt::print("{} entries in {}", rows.size(), found["database"].get<std::string>());
  if (ignored > 0 && !command.all) fmt::print("; {} hold for other machines or versions (--all shows them)", ignored);
  const std::string shipped = found["shipped"];
  fmt::print("\ndefaults for this CPU: {}\n", shipped.empty() ? "none" : shipped);
  return kOk;
}

int merge(const std::vector<std::string>& sources, const std::string& into, const Common& common) {
  json done;
  for (const auto& source : sources) done = json::parse(tuning_merge_json(source, into));
  if (common.json) {
    fmt::print("{}\n", done.dump());
  } else {
    fmt::print("{} has {} entries\n", done["database"].get<std::string>(), done["entries"].get<size_t>());
  }
  return kOk;
}

int pin(const TuneCommand& command, const Common& common) {
  tuning_pin(command.database, command.problem, command.kernel, command.threads);
  if (common.json) {
    fmt::print("{}\n", json({{"problem", command.problem}, {"kernel", command.kernel}}).dump());
  } else if (command.kernel.empty()) {
    fmt::print("forgotten\n");
  } else {
    fmt::print("pinned: builds with --tuning-db or --tune take {} where it serves\n", command.kernel);
  }
  return kOk;
}

}  // namespace

void add_tune(CLI::App& app, Common& common, int& result) {
  auto command = std::make_shared<TuneCommand>();
  CLI::App* verb = app.add_subcommand("tune", "Looks after the tuning database that `ingot build --tune quick` fills");
  verb->require_subcommand(1);
  verb->add_option("--db,--tuning-db", command->database, "The database (default: tuning.jsonl in the cache folder)");
  verb->fallthrough();

  CLI::App* show = verb->add_subcommand("list", "Lists what was measured or pinned");
  show->add_option("--problem", command->contains, "Only problems that contain this text");
  show->add_flag("--all", command->all, "Also what holds for other machines or versions");
  show->callback([command, &common, &result] { result = list(*command, common); });

  CLI::App* join = verb->add_subcommand("merge", "Merges databases into the one of --db; later ones win over earlier");
  join->add_option("sources", command->sources, "Databases")->required();
  join->callback([command, &common, &result] { result = merge(command->sources, command->database, common); });

  CLI::App* give = verb->add_subcommand("export", "Writes the database into a file, beside what that holds already");
  give->add_option("file", command->file, "The file")->required();
  give->callback([command, &common, &result] { result = merge({command->database}, command->file, common); });

  CLI::App* take = verb->add_subcommand("import", "Merges a file into the database");
  take->add_option("file", command->file, "The file")->required();
  take->callback([command, &common, &result] { result = merge({command->file}, command->database, common); });

  CLI::App* fix = verb->add_subcommand("pin", "Makes builds on this machine take one kernel for a problem");
  fix->add_option("problem", command->problem, "As `ingot tune list` and `ingot explain --step` spell it")->required();
  fix->add_option("kernel", command->kernel, "The kernel")->required();
  fix->add_option("--threads", command->threads, "Threads that it holds for; 0: every core");
  fix->callback([command, &common, &result] { result = pin(*command, common); });

  CLI::App* drop = verb->add_subcommand("unpin", "Forgets what was pinned or measured of a problem");
  drop->add_option("problem", command->problem, "The problem")->required();
  drop->add_option("--threads", command->threads, "Threads that it holds for; 0: every core");
  drop->callback([command, &common, &result] { result = pin(*command, common); });
}

}  // namespace ingot::cli

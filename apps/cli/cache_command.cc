#include <fmt/core.h>

#include <ctime>
#include <ingot/ingot.hpp>
#include <nlohmann/json.hpp>

#include "apps/cli/command.h"
#include "apps/cli/terminal.h"

namespace ingot::cli {
namespace {

using nlohmann::json;

struct CacheCommand {
  std::string folder, limit;
};

std::string date_text(int64_t seconds) {
  const time_t time = seconds;
  tm parts{};
  char text[32] = {};
  if (localtime_r(&time, &parts) != nullptr) std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &parts);
  return text;
}

int list(const CacheCommand& command, const Common& common) {
  const json cache = json::parse(cache_list_json(command.folder));
  if (common.json) {
    fmt::print("{}\n", cache.dump());
    return kOk;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& entry : cache["entries"]) {
    const std::string fault = entry["fault"];
    rows.push_back({entry.value("model", "?"), bytes_text(entry["bytes"].get<double>()), date_text(entry["last_used"]),
                    entry.value("target_isa", "?"), entry["file"], fault.empty() ? "sound" : fault});
  }
  if (!rows.empty()) fmt::print("{}\n", table({"model", "size", "last used", "for", "file", "state"}, rows));
  fmt::print("{} plans, {}, in {}\n", rows.size(), bytes_text(cache["bytes"].get<double>()),
             cache["folder"].get<std::string>());
  return kOk;
}

int verify(const CacheCommand& command, const Common& common) {
  const json cache = json::parse(cache_list_json(command.folder));
  json damaged = json::array();
  for (const auto& entry : cache["entries"]) {
    if (entry["fault"] != "") damaged.push_back({{"file", entry["file"]}, {"fault", entry["fault"]}});
  }
  if (common.json) {
    fmt::print("{}\n",
               json({{"folder", cache["folder"]}, {"checked", cache["entries"].size()}, {"damaged", damaged}}).dump());
  } else {
    for (const auto& each : damaged) {
      fmt::print("{}: {}\n", each["file"].get<std::string>(), each["fault"].get<std::string>());
    }
    fmt::print("{} of {} plans are sound\n", cache["entries"].size() - damaged.size(), cache["entries"].size());
    if (!damaged.empty()) fmt::print("hint: `ingot cache prune` removes the others; they are never used\n");
  }
  return damaged.empty() ? kOk : kMismatch;
}

int prune(const CacheCommand& command, const Common& common) {
  const json done = json::parse(cache_prune_json(command.folder, command.limit));
  if (common.json) {
    fmt::print("{}\n", done.dump());
    return kOk;
  }
  for (const auto& file : done["removed"]) fmt::print("removed {}\n", file.get<std::string>());
  fmt::print("{} files removed, {} left in {}\n", done["removed"].size(), bytes_text(done["bytes"].get<double>()),
             done["folder"].get<std::string>());
  return kOk;
}

}  // namespace

void add_cache(CLI::App& app, Common& common, int& result) {
  auto command = std::make_shared<CacheCommand>();
  CLI::App* verb = app.add_subcommand("cache", "Lists, checks and trims the plan cache");
  verb->require_subcommand(1);
  verb->add_option("--path", command->folder, "The folder (default: INGOT_CACHE_DIR or ~/.cache/ingot)");
  CLI::App* list_verb = verb->add_subcommand("list", "Shows the plans kept, longest unused first");
  CLI::App* verify_verb = verb->add_subcommand("verify", "Hashes every byte of every plan");
  CLI::App* prune_verb = verb->add_subcommand(
      "prune", "Removes damaged plans and leftovers, then the longest unused plans beyond the limit");
  prune_verb->add_option("--limit", command->limit, "Size that may stay, 512MB or 0 (default: 16G)");
  list_verb->callback([command, &common, &result] { result = list(*command, common); });
  verify_verb->callback([command, &common, &result] { result = verify(*command, common); });
  prune_verb->callback([command, &common, &result] { result = prune(*command, common); });
}

}  // namespace ingot::cli

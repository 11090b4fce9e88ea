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

std::string code_text(const json& code) {
  return fmt::format("{} files of compiled device code, {}", code["files"].get<int>(),
                     bytes_text(code["bytes"].get<double>()));
}

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
  fmt::print("{} plans, {}, {}, in {}\n", rows.size(), bytes_text(cache["bytes"].get<double>()),
             code_text(cache["device_code"]), cache["folder"].get<std::string>());
  return kOk;
}

int verify(const CacheCommand& command, const Common& common) {
  const json cache = json::parse(cache_list_json(command.folder));
  const json& code = cache["device_code"];
  json damaged = code["damaged"];
  for (const auto& entry : cache["entries"]) {
    if (entry["fault"] != "") damaged.push_back({{"file", entry["file"]}, {"fault", entry["fault"]}});
  }
  const size_t checked = cache["entries"].size() + code["files"].get<size_t>();
  if (common.json) {
    fmt::print("{}\n", json({{"folder", cache["folder"]}, {"checked", checked}, {"damaged", damaged}}).dump());
  } else {
    for (const auto& each : damaged) {
      fmt::print("{}: {}\n", each["file"].get<std::string>(), each["fault"].get<std::string>());
    }
    fmt::print("{} of {} files are sound\n", checked - damaged.size(), checked);
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
  fmt::print("{} files removed, {} of plans and {} left in {}\n", done["removed"].size(),
             bytes_text(done["bytes"].get<double>()), code_text(done["device_code"]),
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
  CLI::App* verify_verb = verb->add_subcommand("verify", "Hashes every byte of every plan and of compiled device code");
  CLI::App* prune_verb = verb->add_subcommand(
      "prune", "Removes damaged files and leftovers, then the longest unused plans and device code beyond the limit");
  prune_verb->add_option("--limit", command->limit, "Size that may stay, 512MB or 0 (default: 16G)");
  list_verb->callback([command, &common, &result] { result = list(*command, common); });
  verify_verb->callback([command, &common, &result] { result = verify(*command, common); });
  prune_verb->callback([command, &common, &result] { result = prune(*command, common); });
}

}  // namespace ingot::cli

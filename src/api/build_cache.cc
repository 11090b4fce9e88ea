// The plan cache as people see it: list, verify, prune.
#include <nlohmann/json.hpp>

#include "api/guard.h"
#include "ingot/ingot.h"
#include "service/plan_cache.h"

using ingot::api::guard;
using ingot::api::require;
using ingot::service::PlanCache;
using nlohmann::json;

namespace {

std::filesystem::path folder_of(const char* folder) {
  ingot::service::CacheOptions options;
  if (folder != nullptr) options.folder = folder;
  auto resolved = options.resolved_folder();
  if (resolved.empty()) {
    ingot::fail(ingot::Code::kNotFound, "no cache folder: give one, or set INGOT_CACHE_DIR or HOME");
  }
  return resolved;
}

void hand_out(const json& value, char** text) {
  *text = ingot::api::copy_text(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

json entry_json(const ingot::service::CacheEntry& entry) {
  json row = {{"file", entry.path.filename().string()}, {"bytes", entry.bytes}, {"last_used", entry.last_used}};
  std::optional<ingot::plan::Plan> plan;
  row["fault"] = PlanCache::check(entry.path, &plan);
  if (!plan) return row;
  row["model"] = plan->info.model_name;
  row["target_cpu"] = plan->info.target_cpu;
  row["target_isa"] = plan->info.target_isa;
  row["library_version"] = plan->info.library_version;
  row["options"] = plan->info.options;
  row["options"].erase("cache-key");
  return row;
}

json paths_json(const std::vector<std::filesystem::path>& paths) {
  json list = json::array();
  for (const auto& path : paths) list.push_back(path.filename().string());
  return list;
}

}  // namespace

extern "C" {

ingot_error* ingot_cache_list(const char* folder, char** text) {
  return guard([&] {
    require(text != nullptr, "text");
    const auto path = folder_of(folder);
    json result = {{"folder", path.string()}, {"bytes", uint64_t{0}}, {"entries", json::array()}};
    for (const auto& entry : PlanCache(path).entries()) {
      result["entries"].push_back(entry_json(entry));
      result["bytes"] = result["bytes"].get<uint64_t>() + entry.bytes;
    }
    hand_out(result, text);
  });
}

ingot_error* ingot_cache_prune(const char* folder, const char* limit, char** text) {
  return guard([&] {
    require(text != nullptr, "text");
    const auto path = folder_of(folder);
    ingot::service::CacheOptions options;
    if (limit != nullptr && *limit != 0) options.limit_bytes = ingot::service::parse_bytes(limit);
    const PlanCache cache(path);
    const auto removed = cache.prune(options.limit_bytes);
    uint64_t bytes = 0;
    for (const auto& entry : cache.entries()) bytes += entry.bytes;
    hand_out({{"folder", path.string()}, {"removed", paths_json(removed)}, {"bytes", bytes}}, text);
  });
}

}  // extern "C"

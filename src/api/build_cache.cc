// The plan cache as people see it: list, verify, prune.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/guard.h"
#include "device/code_folder.h"
#include "device/store.h"
#include "ingot/ingot.h"
#include "service/plan_cache.h"

using ingot::api::guard;
using ingot::api::require;
using ingot::device::CodeFolder;
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

json entry_json(const ingot::AgedFile& entry) {
  constexpr int64_t kSecond = 1'000'000'000;
  json row = {
      {"file", entry.path.filename().string()}, {"bytes", entry.bytes}, {"last_used", entry.last_used / kSecond}};
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

json paths_json(const std::vector<std::filesystem::path>& paths, const std::filesystem::path& folder) {
  json list = json::array();
  for (const auto& path : paths) list.push_back(path.lexically_relative(folder).string());
  return list;
}

// Of what devices keep beside the plans: every byte is hashed.
json code_json(const std::filesystem::path& folder) {
  json code = {{"files", 0}, {"bytes", uint64_t{0}}, {"damaged", json::array()}};
  for (const auto& file : CodeFolder(ingot::device::code_folder_of(folder)).files()) {
    code["files"] = code["files"].get<int>() + 1;
    code["bytes"] = code["bytes"].get<uint64_t>() + file.bytes;
    const std::string fault = CodeFolder::check(file.path), name = file.path.lexically_relative(folder).string();
    if (!fault.empty()) code["damaged"].push_back({{"file", name}, {"fault", fault}});
  }
  return code;
}

}  // namespace

extern "C" {

ingot_error* ingot_cache_list(const char* folder, char** text) {
  return guard([&] {
    require(text != nullptr, "text");
    const auto path = folder_of(folder);
    json result = {{"folder", path.string()},
                   {"bytes", uint64_t{0}},
                   {"entries", json::array()},
                   {"device_code", code_json(path)}};
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
    auto removed = cache.prune(options.limit_bytes);
    const uint64_t code_limit = std::min(options.limit_bytes, ingot::device::kCodeLimit);
    for (auto& each : CodeFolder(ingot::device::code_folder_of(path)).prune(code_limit)) {
      removed.push_back(std::move(each));
    }
    uint64_t bytes = 0;
    for (const auto& entry : cache.entries()) bytes += entry.bytes;
    hand_out({{"folder", path.string()},
              {"removed", paths_json(removed, path)},
              {"bytes", bytes},
              {"device_code", code_json(path)}},
             text);
  });
}

}  // extern "C"

// A folder of plans by key. Files of others in it are never touched.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/aged_files.h"
#include "base/file_lock.h"
#include "plan/plan.h"
#include "service/cache_key.h"

namespace ingot::service {

// Many processes may use one folder at once. Nothing here throws for what the folder holds.
class PlanCache {
 public:
  explicit PlanCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  struct Lookup {
    std::optional<plan::Plan> plan;
    bool damaged = false;
    std::string reason;  // why there is no plan
  };
  // Every byte is hashed before it is believed. Marks the entry as used now.
  Lookup find(const CacheKey& key) const;
  // A plan of the same content for another target, with a portable graph.
  std::optional<plan::Plan> find_sibling(const CacheKey& key) const;
  // Made atomically, and only then are others removed, longest unused first, until `limit_bytes` hold the rest. Returns
  // why the plan was not kept, or "". `locked`: the caller holds the entry's lock, so leftovers of killed writers go.
  std::string store(const CacheKey& key, plan::Plan& plan, uint64_t limit_bytes, bool locked) const;
  std::filesystem::path path_of(const CacheKey& key) const { return folder_ / (key.name() + ".plan"); }
  std::filesystem::path lock_of(const CacheKey& key) const { return folder_ / (key.name() + ".lock"); }
  // Makes the folder. Why it cannot be made, or "".
  std::string prepare() const;

  // Longest unused first.
  std::vector<AgedFile> entries() const;
  // What is wrong with an entry, or "". `parsed` receives the plan.
  static std::string check(const std::filesystem::path& path, std::optional<plan::Plan>* parsed = nullptr);
  // Removes damaged plans, leftovers of writers that were killed, then the longest unused beyond `limit_bytes`.
  std::vector<std::filesystem::path> prune(uint64_t limit_bytes) const;

 private:
  std::vector<std::filesystem::path> remove_leftovers(const std::string& name) const;
  std::filesystem::path folder_;
};

}  // namespace ingot::service

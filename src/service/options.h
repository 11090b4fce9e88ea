// What a build can be told: the compiler's options and the plan cache's, by name.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compiler/compiler.h"

namespace ingot::service {

struct CacheOptions {
  std::optional<bool> enable;    // not given: on when a folder is
  std::filesystem::path folder;  // empty: default_cache_folder()
  uint64_t limit_bytes = uint64_t{16} << 30;
  double lock_seconds = 600;  // how long to wait for another process that builds the same plan
  bool on() const { return enable.value_or(!folder.empty()); }
  std::filesystem::path resolved_folder() const;
};

struct Options {
  Options() { build.device = "auto"; }
  compiler::BuildOptions build;
  CacheOptions cache;
  std::vector<std::pair<std::string, std::string>>
      given;  // build options that differ from the default, as spelled here
};

struct OptionRow {
  std::string name, default_value, doc;
};
// The compiler's options, then the cache's.
std::vector<OptionRow> option_rows();
// Throws kInvalidArgument listing the valid names (nearest first) or what values are valid.
void set_option(Options& options, const std::string& name, const std::string& value);

// "512MB", "16G", "1048576", "none": bytes, units of 1024. Throws kInvalidArgument.
uint64_t parse_bytes(const std::string& text);

}  // namespace ingot::service

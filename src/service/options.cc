#include "service/options.h"

#include <charconv>
#include <cmath>

#include "base/knobs.h"
#include "base/option_name.h"

namespace ingot::service {
namespace {

bool parse_switch(const std::string& value) {
  if (value == "true" || value == "1" || value.empty()) return true;
  if (value == "false" || value == "0") return false;
  fail(Code::kInvalidArgument, "engine_cache_enable takes true or false, got '{}'", value);
}

struct CacheRow {
  const char *name, *default_value, *doc;
  void (*set)(CacheOptions& options, const std::string& value);
};
constexpr CacheRow kCacheRows[] = {
    {"engine_cache_enable", "false", "Takes the plan from the plan cache, or builds it and keeps it there.",
     [](CacheOptions& o, const std::string& v) { o.enable = parse_switch(v); }},
    {"engine_cache_path", "", "Folder of the plan cache (default: INGOT_CACHE_DIR or ~/.cache/ingot); turns it on.",
     [](CacheOptions& o, const std::string& v) { o.folder = v; }},
    {"engine_cache_limit", "16G", "Size that the cache may have, 512MB or none; plans used longest ago go first.",
     [](CacheOptions& o, const std::string& v) { o.limit_bytes = parse_bytes(v); }},
};

}  // namespace

std::filesystem::path CacheOptions::resolved_folder() const {
  return folder.empty() ? std::filesystem::path(default_cache_folder()) : folder;
}

std::vector<OptionRow> option_rows() {
  std::vector<OptionRow> rows;
  for (const auto& row : compiler::build_options()) {
    rows.push_back({row.name, same_option(row.name, "device") ? "auto" : row.default_value, row.doc});
  }
  for (const auto& row : kCacheRows) rows.push_back({row.name, row.default_value, row.doc});
  return rows;
}

void set_option(Options& options, const std::string& name, const std::string& value) {
  for (const CacheRow& row : kCacheRows) {
    if (same_option(name, row.name)) return row.set(options.cache, value);
  }
  for (const auto& row : compiler::build_options()) {
    if (!same_option(name, row.name)) continue;
    compiler::set_build_option(options.build, row.name, value);
    if (value != row.default_value) options.given.emplace_back(row.name, value);
    return;
  }
  std::vector<std::string> names;
  for (const auto& row : option_rows()) names.push_back(row.name);
  fail(Code::kInvalidArgument, "unknown build option '{}'; valid: {}", name, nearest_first(name, names));
}

uint64_t parse_bytes(const std::string& text) {
  if (text == "none") return UINT64_MAX;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, text.data() + text.size());
  if (unit.size() > 1 && unit.back() == 'B') unit.pop_back();
  static constexpr std::pair<const char*, double> kUnits[] = {{"", 1},       {"B", 1},      {"K", 0x1p10},
                                                              {"M", 0x1p20}, {"G", 0x1p30}, {"T", 0x1p40}};
  for (const auto& [name, factor] : kUnits) {
    if (error == std::errc() && unit == name && number >= 0 && number * factor < 0x1p63) {
      return static_cast<uint64_t>(std::llround(number * factor));
    }
  }
  fail(Code::kInvalidArgument, "'{}' is no size; write 512MB, 16G or none", text);
}

}  // namespace ingot::service

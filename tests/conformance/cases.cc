#include "conformance/cases.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace ingot::conformance {
namespace {

namespace fs = std::filesystem;

// ONNX Runtime's backend tests use these for every case but the ones below.
constexpr Tolerance kDefault{1e-3, 1e-5};

// As ONNX Runtime's own overrides have it.
const std::map<std::string, Tolerance>& overrides() {
  static const std::map<std::string, Tolerance> table = {
      {"node/test_dft", {1e-3, 1e-4}},  // f32 sums of sizes about 1e2
      {"node/test_dft_axis", {1e-3, 1e-4}},
  };
  return table;
}

std::vector<fs::path> sorted_entries(const fs::path& folder, const std::string& prefix) {
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(prefix)) entries.push_back(entry.path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

Tolerance tolerance_of(const std::string& id) {
  const auto found = overrides().find(id);
  return found != overrides().end() ? found->second : kDefault;
}

// <data>/light has models without inputs; <data>/real/<case>/data.json names tolerance and model of each.
std::vector<Case> light_cases(const fs::path& data) {
  std::vector<Case> cases;
  for (const fs::path& folder : sorted_entries(data / "real", "test_")) {
    std::ifstream file(folder / "data.json");
    const auto json = nlohmann::json::parse(file);
    const fs::path url = json.at("url").get<std::string>();
    Case each;
    each.folder = "light";
    each.name = folder.filename().string();
    each.model = data / "light" / url.filename();
    each.outputs = sorted_entries(data / "light", url.stem().string() + "_output_");
    each.tolerance = {json.value("rtol", kDefault.rtol), json.value("atol", kDefault.atol)};
    cases.push_back(std::move(each));
  }
  return cases;
}

std::vector<Case> folder_cases(const fs::path& data, const std::string& folder) {
  if (folder == "light") return light_cases(data);
  std::vector<Case> cases;
  for (const fs::path& path : sorted_entries(data / folder, "test_")) {
    if (!fs::exists(path / "model.onnx")) continue;
    Case each;
    each.folder = folder;
    each.name = path.filename().string();
    each.model = path / "model.onnx";
    each.data_sets = sorted_entries(path, "test_data_set_");
    each.tolerance = tolerance_of(each.id());
    cases.push_back(std::move(each));
  }
  return cases;
}

}  // namespace

std::vector<Case> find_cases(const fs::path& data, const std::vector<std::string>& folders, const std::string& filter) {
  const std::regex pattern(filter);
  std::vector<Case> cases;
  for (const std::string& folder : folders) {
    if (!fs::is_directory(data / folder)) fail(Code::kNotFound, "no folder {}", (data / folder).string());
    for (Case& each : folder_cases(data, folder)) {
      if (filter.empty() || std::regex_search(each.id(), pattern)) cases.push_back(std::move(each));
    }
  }
  return cases;
}

}  // namespace ingot::conformance

#include "conformance/report.h"

#include <fmt/core.h>

#include <map>
#include <nlohmann/json.hpp>

namespace ingot::conformance {
namespace {

using nlohmann::json;

struct Count {
  size_t passed = 0, total = 0;
  void add(const Outcome& outcome) {
    ++total;
    if (outcome.reason.empty()) ++passed;
  }
};
struct Folder {
  Count all;
  std::map<Place, Count> places;
};

std::map<std::string, Folder> count(const std::vector<Case>& cases, const std::vector<Outcome>& outcomes) {
  std::map<std::string, Folder> folders;
  for (size_t i = 0; i < cases.size(); ++i) {
    Folder& folder = folders[cases[i].folder];
    folder.all.add(outcomes[i]);
    folder.places[outcomes[i].place].add(outcomes[i]);
  }
  return folders;
}

json count_json(const Count& count) { return {{"passed", count.passed}, {"total", count.total}}; }

}  // namespace

std::string report_text(const std::vector<Case>& cases, const std::vector<Outcome>& outcomes,
                        const std::string& device) {
  std::string text;
  for (const auto& [name, folder] : count(cases, outcomes)) {
    text += fmt::format("{:<18} {:>5} of {:>5} pass", name, folder.all.passed, folder.all.total);
    for (const auto& [place, each] : folder.places) {
      if (device != "cpu") text += fmt::format("; {}: {} of {}", place_name(place), each.passed, each.total);
    }
    text += "\n";
  }
  return text;
}

std::string report_json(const std::vector<Case>& cases, const std::vector<Outcome>& outcomes,
                        const std::string& device) {
  json report;
  for (const auto& [name, folder] : count(cases, outcomes)) {
    report["folders"][name] = count_json(folder.all);
    if (device == "cpu") continue;
    for (const auto& [place, each] : folder.places) report["places"][name][place_name(place)] = count_json(each);
  }
  for (size_t i = 0; i < cases.size(); ++i) {
    report["cases"].push_back({{"case", cases[i].id()},
                               {"passed", outcomes[i].reason.empty()},
                               {"reason", outcomes[i].reason},
                               {"seconds", outcomes[i].seconds}});
    if (device != "cpu") report["cases"].back()["place"] = place_name(outcomes[i].place);
  }
  if (device != "cpu" && !cases.empty()) report["device"] = json::parse(device_json(device, cases.front().model));
  return report.dump(1, ' ', false, json::error_handler_t::replace);
}

}  // namespace ingot::conformance

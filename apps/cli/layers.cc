#include "apps/cli/layers.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "apps/cli/terminal.h"

namespace ingot::cli {
namespace {

using nlohmann::json;
constexpr int kRuns = 9;

std::string kernel_of(const json& step) {
  if (step.contains("kernel")) return step["kernel"];
  return step["kind"] == "view" ? "view" : "evaluation";
}

struct Sum {
  int64_t count = 0;
  double ns = 0;
  double rated_ns = 0, roof_ns = 0, flops = 0, bytes = 0;  // of the steps that have rates

  void add(const json& layer) {
    const double time = layer["duration_ns"];
    ++count;
    ns += time;
    if (!layer.contains("roofline")) return;
    rated_ns += time;
    roof_ns += time * layer["roofline"].get<double>();
    flops += layer["flops"].get<double>();
    bytes += layer["bytes"].get<double>();
  }
  std::vector<std::string> cells() const {
    if (rated_ns == 0) return {"", "", ""};
    return {rate_text(flops / rated_ns, "FLOP/s"), rate_text(bytes / rated_ns, "B/s"),
            fmt::format("{:.0f} %", roof_ns / rated_ns * 100)};
  }
};

}  // namespace

json profile_layers(const Session& session, const std::vector<Value>& inputs) {
  const json explained = json::parse(explain_json(session, inputs, kRuns));
  json layers = json::array();
  int64_t start = 0;
  for (const json& step : explained["steps"]) {
    const int64_t duration = step.value("median_ns", int64_t{0});
    json layer = {{"step", step["step"]},   {"name", step["operator"]}, {"kernel", kernel_of(step)},
                  {"nodes", step["nodes"]}, {"start_ns", start},        {"duration_ns", duration}};
    for (const char* member : {"flops", "bytes", "gflops", "gbps", "bound", "roofline"}) {
      if (step.contains(member)) layer[member] = step[member];
    }
    layers.push_back(std::move(layer));
    start += duration;
  }
  return layers;
}

std::string layer_table(const json& layers) {
  std::map<std::pair<std::string, std::string>, Sum> sums;
  double total = 0;
  for (const json& layer : layers) {
    sums[{layer["name"], layer["kernel"]}].add(layer);
    total += layer["duration_ns"].get<double>();
  }
  std::vector<std::pair<std::pair<std::string, std::string>, Sum>> order(sums.begin(), sums.end());
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second.ns > b.second.ns; });
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, sum] : order) {
    rows.push_back({key.first, key.second, std::to_string(sum.count), time_text(sum.ns / 1e9),
                    fmt::format("{:.1f} %", total > 0 ? sum.ns / total * 100 : 0)});
    for (std::string& cell : sum.cells()) rows.back().push_back(std::move(cell));
  }
  return table({"operator", "kernel", "steps", "time", "share", "arithmetic", "traffic", "roof"}, rows);
}

void print_choices(const json& choices) {
  std::map<std::string, int64_t> counts;
  for (const json& each : choices) {
    ++counts[each["operator"].get<std::string>() + ": " + each["choice"].get<std::string>()];
  }
  for (const auto& [choice, count] : counts) fmt::print("{} x {}\n", count, choice);
}

}  // namespace ingot::cli

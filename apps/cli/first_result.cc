#include "apps/cli/first_result.h"

#include <fmt/core.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/cli/terminal.h"

namespace ingot::cli {
namespace {

std::string ms(const nlohmann::json& value) { return time_text(value.get<double>() / 1000); }

// What became of the compiled kernels that a plan may carry.
std::string of_the_plan(const nlohmann::json& preparation) {
  const std::string code = preparation["device_code"];
  if (code == "none") return "";
  if (code == "not allowed") return "; the plan's own are not used without --allow-device-code";
  return fmt::format(", {} from the plan, {} from its PTX", preparation["brought"].get<int>(),
                     preparation["translated"].get<int>());
}

}  // namespace

double process_seconds() {
  constexpr int kStartTime = 20;  // fields after the name in brackets
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  const size_t name = text.rfind(')');
  if (name == std::string::npos) return 0;
  std::istringstream fields(text.substr(name + 1));
  std::string field;
  for (int i = 0; i < kStartTime && fields >> field; ++i) continue;
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const double begin = std::strtod(field.c_str(), nullptr) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9 - begin;
}

std::string preparation_text(const nlohmann::json& device) {
  const auto& p = device["preparation"];
  return fmt::format(
      "context {}   libraries {}   choices {} ({} measured, {} remembered)   kernels {} ({} compiled, {} kept{})   "
      "weights {} ({}, {:.1f} GB/s)   graphs {}   binding in all {}",
      ms(p["context_ms"]), ms(p["libraries_ms"]), ms(p["choices_ms"]), p["measured"].get<int>(),
      p["remembered"].get<int>(), ms(p["modules_ms"]), p["compiled"].get<int>(), p["code_found"].get<int>(),
      of_the_plan(p), ms(p["weights_ms"]), bytes_text(p["weight_bytes"].get<double>()),
      p["weights_gb_per_second"].get<double>(), ms(p["capture_ms"]), ms(p["bind_ms"]));
}

std::string device_memory_text(const nlohmann::json& device) {
  const double weights = device["constant_bytes"], activations = device["arena_bytes"],
               workspace = device["workspace_bytes"], least = weights + device["largest_live_set"].get<double>();
  return fmt::format("device memory: weights {}, activations {}, {:.3f} of the least; workspace of libraries {}",
                     bytes_text(weights), bytes_text(activations), least > 0 ? (weights + activations) / least : 1.0,
                     bytes_text(workspace));
}

}  // namespace ingot::cli

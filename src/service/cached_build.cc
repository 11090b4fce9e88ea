#include "service/cached_build.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "service/fallback.h"
#include "service/placement.h"
#include "service/plan_cache.h"

namespace ingot::service {
namespace {

using nlohmann::json;

bool uses_custom(const std::vector<onnx::Node>& nodes, const std::vector<onnx::CustomOperator>& custom) {
  return std::any_of(nodes.begin(), nodes.end(), [&](const onnx::Node& node) {
    const auto matches = [&](const onnx::CustomOperator& op) {
      return op.domain == node.domain && op.op_type == node.op_type;
    };
    if (std::any_of(custom.begin(), custom.end(), matches)) return true;
    return std::any_of(node.attributes.begin(), node.attributes.end(), [&](const onnx::Attribute& attribute) {
      return std::any_of(attribute.graphs.begin(), attribute.graphs.end(),
                         [&](const auto& graph) { return uses_custom(graph->nodes, custom); });
    });
  });
}

// Why this build cannot go through the cache, or null.
const char* uncachable(const onnx::Model& model, const Options& options,
                       const std::vector<onnx::CustomOperator>& custom) {
  if (!options.build.stop_after.empty()) return "the build stops before there is a plan";
  bool found = uses_custom(model.graph.nodes, custom);
  for (const auto& function : model.functions) found = found || uses_custom(function.nodes, custom);
  return found ? "the model uses an operator of the application, whose code the key cannot cover" : nullptr;
}

struct Request {
  const onnx::Model& model;
  const std::string &name, &hash;
  const Options& options;
  const std::vector<onnx::CustomOperator>& custom;
  const Progress& progress;
};

compiler::BuildResult build(const Request& request) {
  return compiler::build(request.model, request.name, request.hash, request.options.build, request.custom,
                         request.progress);
}

void note(compiler::BuildResult& result, const char* state, const std::string& file, const std::string& reason) {
  json report = result.report_json.empty() ? json::object() : json::parse(result.report_json);
  report["cache"] = {{"state", state}, {"file", file}, {"reason", reason}};
  result.report_json = report.dump(-1, ' ', false, json::error_handler_t::replace);
}

compiler::BuildResult loaded(const Request& request, const std::string& file, plan::Plan plan) {
  compiler::BuildResult result;
  result.plan = std::move(plan);
  result.plan.info.model_name = request.name;  // the same bytes may have another name today
  note(result, "loaded", file, "");
  log(LogLevel::kInfo, "plan cache: {} loaded from {}", request.name, file);
  return result;
}

// From a plan of the same model for another CPU where there is one, else from the model.
compiler::BuildResult make(const Request& request, const PlanCache& cache, const CacheKey& key,
                           const std::string& reason) {
  const std::string file = cache.path_of(key).string();
  if (request.options.build.max_patches < 0) {  // patches of the portable stages are no longer counted there
    if (const auto sibling = cache.find_sibling(key)) {
      compiler::BuildResult result;
      result.plan = compiler::respecialize(*sibling, request.options.build, request.progress);
      const std::string why =
          fmt::format("the plan kept is for {} ({})", sibling->info.target_cpu, sibling->info.target_isa);
      note(result, "respecialized", file, why);
      log(LogLevel::kInfo, "plan cache: {} built again from its portable graph: {}", request.name, why);
      return result;
    }
  }
  compiler::BuildResult result = build(request);
  note(result, "built", file, reason);
  return result;
}

}  // namespace

namespace {

compiler::BuildResult build_for_device(const onnx::Model& model, const std::string& model_name,
                                       const std::string& model_hash, const Options& options,
                                       const std::vector<onnx::CustomOperator>& custom, const Progress& progress) {
  const Request request{model, model_name, model_hash, options, custom, progress};
  if (!options.cache.on()) return build(request);
  const PlanCache cache(options.cache.resolved_folder());
  const auto uncached = [&](const std::string& why) {
    log(LogLevel::kWarning, "plan cache: {} is built and not kept: {}", model_name, why);
    auto result = build(request);
    note(result, "off", "", why);
    return result;
  };
  if (const char* why = uncachable(model, options, custom)) return uncached(why);
  if (const std::string why = cache.prepare(); !why.empty()) return uncached(why);
  const CacheKey key = cache_key(model, model_hash, options);
  const std::string file = cache.path_of(key).string();
  auto found = cache.find(key);
  if (found.plan) return loaded(request, file, std::move(*found.plan));

  const FileLock lock(cache.lock_of(key), options.cache.lock_seconds, progress);
  if (lock.state() == FileLock::State::kHeld) {
    found = cache.find(key);  // the process that held the lock before may have made it
    if (found.plan) return loaded(request, file, std::move(*found.plan));
  }
  log(found.damaged ? LogLevel::kWarning : LogLevel::kInfo, "plan cache: {} is built: {}{}", model_name,
      found.damaged ? file + ": " : "", found.reason);
  auto result = make(request, cache, key, found.reason);
  const std::string why =
      lock.state() == FileLock::State::kTimedOut
          ? "another process has been building it for too long"
          : cache.store(key, result.plan, options.cache.limit_bytes, lock.state() == FileLock::State::kHeld);
  if (!why.empty()) log(LogLevel::kWarning, "plan cache: {} is not kept: {}", model_name, why);
  return result;
}

void note_device(compiler::BuildResult& result, const Options& asked, const Options& resolved, const std::string& why) {
  json report = result.report_json.empty() ? json::object() : json::parse(result.report_json);
  report["device"] = {{"asked", asked.build.device}, {"built", resolved.build.device}, {"reason", why}};
  result.report_json = report.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Why the CPU is better than the plan's device, where the caller leaves the choice; "" where it is not.
std::string reason_for_cpu(const plan::Plan& plan, const Options& asked, const Options& resolved) {
  if (asked.build.device != "auto" || resolved.build.device == "cpu") return "";
  const int threads = asked.build.threads > 0 ? asked.build.threads : cpu_features().cores;
  const Placement placement = estimate_placement(plan, kernels::this_machine(threads));
  const std::string estimate = fmt::format(
      "{:.2g} ms on the GPU, {} steps on the host with {:.2g} ms of transfers among them, {:.2g} ms on the CPU",
      placement.device, placement.host_steps, placement.transfers, placement.cpu);
  log(LogLevel::kInfo, "device auto: {} is taken, estimated: {}", placement.prefers_cpu() ? "the CPU" : "the GPU",
      estimate);
  return placement.prefers_cpu() ? "estimated: " + estimate : "";
}

}  // namespace

compiler::BuildResult cached_build(const onnx::Model& model, const std::string& model_name,
                                   const std::string& model_hash, const Options& options,
                                   const std::vector<onnx::CustomOperator>& custom, const Progress& progress) {
  Options resolved = options;
  std::string why = resolve_device(resolved.build);
  auto result = build_for_device(model, model_name, model_hash, resolved, custom, progress);
  if (const std::string reason = reason_for_cpu(result.plan, options, resolved); !reason.empty()) {
    why = reason;
    resolved = options;
    resolved.build.device = "cpu";
    result = build_for_device(model, model_name, model_hash, resolved, custom, progress);
  }
  note_device(result, options, resolved, why);
  return result;
}

std::optional<compiler::BuildResult> cached_plan(const onnx::Model& model, const std::string& model_name,
                                                 const std::string& model_hash, const Options& options,
                                                 const std::vector<onnx::CustomOperator>& custom) {
  if (!options.cache.on() || uncachable(model, options, custom) != nullptr) return std::nullopt;
  Options resolved = options;
  std::string why = resolve_device(resolved.build);
  const PlanCache cache(options.cache.resolved_folder());
  CacheKey key = cache_key(model, model_hash, resolved);
  auto found = cache.find(key);
  if (!found.plan) return std::nullopt;
  if (const std::string reason = reason_for_cpu(*found.plan, options, resolved); !reason.empty()) {
    why = reason;
    resolved = options;
    resolved.build.device = "cpu";
    key = cache_key(model, model_hash, resolved);
    found = cache.find(key);
    if (!found.plan) return std::nullopt;
  }
  auto result = loaded({model, model_name, model_hash, resolved, custom, {}}, cache.path_of(key).string(),
                       std::move(*found.plan));
  note_device(result, options, resolved, why);
  return result;
}

}  // namespace ingot::service

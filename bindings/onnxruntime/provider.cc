#include "provider.h"

#include "build.h"
#include "context.h"
#include "control_flow.h"
#include "device_memory.h"
#include "graph_view.h"
#include "model_writer.h"
#include "placement.h"

namespace ingot_ort {
namespace {

std::unique_ptr<FusedNode> compile(Provider& provider, const OrtGraph* graph, const OrtNode* fused, OrtNode** context) {
  const auto nodes = nodes_of(graph);
  if (nodes.size() == 1 && is_own_context(nodes[0])) {
    auto read = read_context(provider, graph, nodes[0]);
    auto session = open(read.plan.get(), provider.options);
    return std::make_unique<FusedNode>(std::move(read), std::move(session), fused, provider.recorder, provider.on_gpu(),
                                       provider.options.stream);
  }
  const Builder builder = make_builder(write_model(graph), provider.options);
  Plan plan;
  Session session;
  if (provider.options.warms_up) {
    session = open_warming(builder.get(), provider.options);
    plan = plan_of(session.get());
  } else {
    plan = build(builder.get());
    session = open(plan.get(), provider.options);
  }
  auto node = std::make_unique<FusedNode>(OwnedPlan{nullptr, std::move(plan)}, std::move(session), fused,
                                          provider.recorder, provider.on_gpu(), provider.options.stream);
  if (provider.options.export_context && context) {
    *context = write_context(provider.options, graph, fused, node->owned.plan.get());
  }
  return node;
}

void release_infos(OrtEp*, OrtNodeComputeInfo** infos, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    delete static_cast<FusedNode*>(infos[i]);
    infos[i] = nullptr;
  }
}

OrtStatus* get_capability(OrtEp* self, const OrtGraph* graph, OrtEpGraphSupportInfo* support) {
  return guarded([&] { place(*static_cast<Provider*>(self), graph, support); });
}

// ONNX Runtime releases what an array holds only after a success: nodes compiled before one that fails are ours.
OrtStatus* compile_all(OrtEp* self, const OrtGraph** graphs, const OrtNode** fused, size_t count,
                       OrtNodeComputeInfo** infos, OrtNode** contexts) {
  return guarded([&] {
    std::vector<std::unique_ptr<FusedNode>> made;
    for (size_t i = 0; i < count; ++i) {
      made.push_back(compile(*static_cast<Provider*>(self), graphs[i], fused[i], contexts ? contexts + i : nullptr));
    }
    for (size_t i = 0; i < count; ++i) {
      infos[i] = made[i].release();
    }
  });
}

OrtStatus* get_kernels(OrtEp* self, const OrtKernelRegistry** registry) {
  return guarded([&] {
    const auto& provider = *static_cast<Provider*>(self);
    *registry = provider.bodies_apart ? control_flow_kernels() : provider.on_gpu() ? copy_kernels() : nullptr;
  });
}

OrtStatus* default_memory(const OrtEp* self, const OrtMemoryDevice** device) {
  *device = static_cast<const Provider*>(self)->memory;
  return nullptr;
}

OrtStatus* create_profiler(OrtEp* self, OrtEpProfilerImpl** profiler) {
  return guarded([&] { *profiler = make_profiler(static_cast<Provider*>(self)->recorder); });
}

}  // namespace

Provider::Provider(Options asked, const OrtMemoryDevice* gpu_memory, const OrtLogger* session_logger)
    : OrtEp{},
      options(std::move(asked)),
      memory(gpu_memory),
      logger(session_logger),
      bodies_apart(runtime_api < kBodyInputsApi && !on_gpu()) {
  ort_version_supported = declared_api;
  GetName = [](const OrtEp*) { return kName; };
  GetCapability = get_capability;
  Compile = compile_all;
  ReleaseNodeComputeInfos = release_infos;
  GetCompiledModelCompatibilityInfo = [](OrtEp*, const OrtGraph*) { return ingot_target_text(); };
  GetKernelRegistry = bodies_apart || on_gpu() ? get_kernels : nullptr;
  CreateProfiler = declared_api >= kProfilingApi ? create_profiler : nullptr;
  GetDefaultMemoryDevice = memory && declared_api >= kMemoryDeviceApi ? default_memory : nullptr;
}

void Provider::warn(const std::string& line) {
  if (line != warned) {
    warned = line;
    check(ort::LogMessage(logger, 2, line.c_str(), __FILE__, __LINE__, __func__));
  }
}

}  // namespace ingot_ort

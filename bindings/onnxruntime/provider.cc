#include "provider.h"

#include <filesystem>

#include "context.h"
#include "graph_view.h"
#include "model_writer.h"

namespace ingot_ort {
namespace {

struct BuilderRelease {
  void operator()(ingot_builder* builder) const { ingot_builder_release(builder); }
};

using Builder = std::unique_ptr<ingot_builder, BuilderRelease>;

Builder make_builder(const std::string& model, const Options& options) {
  ingot_builder* created = nullptr;
  check(ingot_builder_from_bytes(model.data(), model.size(), nullptr, &created));
  Builder builder(created);
  for (const auto& [name, value] : options.build) {
    check(ingot_builder_set_option(created, name.c_str(), value.c_str()));
  }
  return builder;
}

Plan build(ingot_builder* builder) {
  ingot_plan* plan = nullptr;
  check(ingot_build(builder, &plan));
  return Plan(plan);
}

// Why Ingot cannot take the graph as a whole; "" when it can.
std::string refusal(const OrtGraph* graph, const Options& options) {
  try {
    const Builder builder = make_builder(write_model(graph), options);
    check(ingot_builder_set_option(builder.get(), "stop-after", "load"));
    check(ingot_builder_set_option(builder.get(), "engine_cache_enable", "false"));
    build(builder.get());
    return "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

void find_nodes(Provider& provider, const OrtGraph* graph, OrtEpGraphSupportInfo* support) {
  const OrtNodeFusionOptions fusion{kDeclaredApi, true};
  const OrtNode* parent = nullptr;
  check(ort::Graph_GetParentNode(graph, &parent));
  const auto nodes = nodes_of(graph);
  if (parent || nodes.empty()) {
    return;  // a body goes with the node that it belongs to
  }
  bool has_context = false;
  for (const OrtNode* node : nodes) {
    if (text(node, ort::Node_GetOperatorType) == "EPContext") {
      has_context = true;
      if (is_own_context(node)) {
        check(ort::AddNodesToFuse(support, &node, 1, &fusion));
      }
    }
  }
  if (has_context) {
    return;
  }
  const std::string reason = refusal(graph, provider.options);
  if (reason.empty()) {
    check(ort::AddNodesToFuse(support, nodes.data(), nodes.size(), &fusion));
  } else {
    const std::string line = "IngotExecutionProvider takes nothing of this model: " + reason;
    check(ort::LogMessage(provider.logger, 2, line.c_str(), __FILE__, __LINE__, __func__));
  }
}

std::unique_ptr<FusedNode> compile(Provider& provider, const OrtGraph* graph, const OrtNode* fused, OrtNode** context) {
  const auto nodes = nodes_of(graph);
  if (nodes.size() == 1 && is_own_context(nodes[0])) {
    std::string bytes = read_context(graph, nodes[0]);
    ingot_plan* plan = nullptr;
    // The plan borrows the bytes at their place, which moving a long string keeps.
    check(ingot_plan_from_bytes(bytes.data(), bytes.size(), &plan));
    return std::make_unique<FusedNode>(std::move(bytes), Plan(plan), provider.options.session, fused);
  }
  const Builder builder = make_builder(write_model(graph), provider.options);
  auto node = std::make_unique<FusedNode>(std::string(), build(builder.get()), provider.options.session, fused);
  if (provider.options.export_context && context) {
    *context = write_context(provider.options, graph, fused, node->plan.get());
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
  return guarded([&] { find_nodes(*static_cast<Provider*>(self), graph, support); });
}

OrtStatus* compile_all(OrtEp* self, const OrtGraph** graphs, const OrtNode** fused, size_t count,
                       OrtNodeComputeInfo** infos, OrtNode** contexts) {
  return guarded([&] {
    for (size_t i = 0; i < count; ++i) {
      infos[i] =
          compile(*static_cast<Provider*>(self), graphs[i], fused[i], contexts ? contexts + i : nullptr).release();
    }
  });
}

}  // namespace

Provider::Provider(Options asked, const OrtLogger* session_logger)
    : OrtEp{},
      options(std::move(asked)),
      logger(session_logger),
      compatibility(std::string("ingot ") + ingot_version()) {
  ort_version_supported = kDeclaredApi;
  GetName = [](const OrtEp*) { return kName; };
  GetCapability = get_capability;
  Compile = compile_all;
  ReleaseNodeComputeInfos = release_infos;
  GetCompiledModelCompatibilityInfo = [](OrtEp* self, const OrtGraph*) {
    return static_cast<Provider*>(self)->compatibility.c_str();
  };
}

}  // namespace ingot_ort

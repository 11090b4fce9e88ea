#include "placement.h"

#include <algorithm>
#include <map>
#include <set>

#include "build.h"
#include "context.h"
#include "control_flow.h"
#include "graph_view.h"
#include "model_writer.h"
#include "partition.h"

namespace ingot_ort {
namespace {

using Nodes = std::vector<const OrtNode*>;

void take(OrtEpGraphSupportInfo* support, const Nodes& nodes) {
  const OrtNodeFusionOptions fusion{declared_api, true};
  check(ort::AddNodesToFuse(support, nodes.data(), nodes.size(), &fusion));
}

// Throws when ONNX Runtime would not give a fused node of `nodes` all that it reads.
void check_body_inputs(const Nodes& nodes) {
  if (runtime_api >= kBodyInputsApi) {
    return;
  }
  std::set<std::string> given;
  for (const OrtNode* node : nodes) {
    for (const auto& values : {inputs_of(node), outputs_of(node)}) {
      for (const OrtValueInfo* value : values) {
        given.insert(name_of(value));
      }
    }
  }
  for (const OrtNode* node : nodes) {
    for (const OrtValueInfo* value : implicit_inputs_of(node)) {
      if (!is_constant(value) && given.count(name_of(value)) == 0) {
        throw Failure(kNotImplemented, "ONNX Runtime before 1.27 does not hand over '" + name_of(value) +
                                           "', which only a body of " + text(node, ort::Node_GetOperatorType) +
                                           " reads");
      }
    }
  }
}

// Why Ingot cannot take `nodes`, which `write` writes; "" when it can. Reads the model as a build would, no further.
template <typename Write> std::string refusal(const Options& options, const Nodes& nodes, const Write& write) {
  try {
    check_body_inputs(nodes);
    const Builder builder = make_builder(write(), options);
    check(ingot_builder_set_option(builder.get(), "stop-after", "load"));
    check(ingot_builder_set_option(builder.get(), "engine_cache_enable", "false"));
    build(builder.get());
    return "";
  } catch (const std::exception& error) {
    const std::string reason = error.what();
    return reason.substr(0, reason.find('\n'));  // without the frames: the reason is part of a line
  }
}

// For each node, the nodes whose values it or its bodies read.
std::vector<std::vector<size_t>> reads_of(const Nodes& nodes) {
  std::map<std::string, size_t> makers;
  std::vector<std::vector<size_t>> reads(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (const OrtValueInfo* value : values_read(nodes[i])) {
      const auto maker = value ? makers.find(name_of(value)) : makers.end();
      if (maker != makers.end()) {
        reads[i].push_back(maker->second);
      }
    }
    for (const OrtValueInfo* value : outputs_of(nodes[i])) {
      if (value) {
        makers.emplace(name_of(value), i);
      }
    }
  }
  return reads;
}

// Takes the parts that can be compiled and the nodes whose bodies are graphs of their own; says what is left, once per
// operator. `reason`: why the nodes are not one part; "" when that needs no word.
void take_parts(Provider& provider, const OrtGraph* graph, const Nodes& nodes, const std::string& reason,
                OrtEpGraphSupportInfo* support) {
  std::vector<bool> supported;
  std::map<std::string, std::string> left;
  size_t parts = 0, taken = 0;
  for (const OrtNode* node : nodes) {
    if (provider.bodies_apart && runs_bodies_apart(node)) {
      check(ort::AddSingleNode(support, node));
      supported.push_back(false);  // part of no plan
      ++parts, ++taken;
      continue;
    }
    const std::string why = refusal(provider.options, {node}, [&] { return write_part(graph, {node}); });
    supported.push_back(why.empty());
    if (!why.empty()) {
      left.emplace(text(node, ort::Node_GetOperatorType), why);
    }
  }
  for (const auto& part : convex_parts(reads_of(nodes), supported)) {
    Nodes chosen;
    for (const size_t index : part) {
      chosen.push_back(nodes[index]);
    }
    const std::string why = refusal(provider.options, chosen, [&] { return write_part(graph, chosen); });
    if (!why.empty()) {
      left.emplace("a part of " + std::to_string(part.size()) + " nodes", why);
      continue;
    }
    take(support, chosen);
    ++parts;
    taken += chosen.size();
  }
  if (left.empty() && reason.empty()) {
    return;
  }
  std::string line = std::string(kName) + " takes ";
  if (parts == 0) {
    line += "nothing of this model";
  } else {
    line += std::to_string(taken) + " of " + std::to_string(nodes.size()) + " nodes, " +
            (parts == 1 ? "as one part" : "in " + std::to_string(parts) + " parts");
  }
  line += reason.empty() ? "" : ": " + reason;
  for (const auto& [what, why] : left) {
    line += "; left: " + what + ": " + why;
  }
  provider.warn(line);
}

// A body reads values from around it, which are not among its inputs.
std::string write_whole(const OrtGraph* graph, const Nodes& nodes) {
  const OrtNode* parent = nullptr;
  check(ort::Graph_GetParentNode(graph, &parent));
  return parent ? write_part(graph, nodes) : write_model(graph);
}

}  // namespace

void place(Provider& provider, const OrtGraph* graph, OrtEpGraphSupportInfo* support) {
  const Nodes nodes = nodes_of(graph);
  if (nodes.empty() || comes_with_its_node(graph, provider.bodies_apart)) {
    return;
  }
  bool has_context = false;
  for (const OrtNode* node : nodes) {
    if (text(node, ort::Node_GetOperatorType) == "EPContext") {
      has_context = true;
      if (is_own_context(node)) {
        take(support, {node});
      }
    }
  }
  if (has_context) {
    return;
  }
  if (provider.bodies_apart && std::any_of(nodes.begin(), nodes.end(), runs_bodies_apart)) {
    take_parts(provider, graph, nodes, "", support);
    return;
  }
  const std::string reason = refusal(provider.options, nodes, [&] { return write_whole(graph, nodes); });
  if (reason.empty()) {
    take(support, nodes);
  } else {
    take_parts(provider, graph, nodes, reason, support);
  }
}

}  // namespace ingot_ort

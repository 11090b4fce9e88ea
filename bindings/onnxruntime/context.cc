#include "context.h"

#include <filesystem>
#include <iterator>

#include "graph_view.h"

namespace ingot_ort {
namespace {

namespace fs = std::filesystem;

fs::path context_model(const Options& options, const OrtGraph* graph) {
  if (!options.context_path.empty()) {
    return options.context_path;
  }
  const fs::path model = text(graph, ort::Graph_GetModelPath);
  if (model.empty()) {
    throw Failure(kInvalidArgument, "Ingot: a model from memory needs ep.context_file_path to export its plan");
  }
  return model.parent_path() / (model.stem().string() + "_ctx.onnx");
}

std::string plan_bytes(const ingot_plan* plan) {
  void* bytes = nullptr;
  size_t size = 0;
  check(ingot_plan_bytes(plan, &bytes, &size));
  const std::unique_ptr<void, void (*)(void*)> owner(bytes, ingot_bytes_release);
  return std::string(static_cast<const char*>(bytes), size);
}

struct AttributeRelease {
  void operator()(OrtOpAttr* attribute) const { ort::ReleaseOpAttr(attribute); }
};
using AttributeHandle = std::unique_ptr<OrtOpAttr, AttributeRelease>;

AttributeHandle attribute(const char* name, const std::string& value) {
  OrtOpAttr* result = nullptr;
  if (value.size() > INT32_MAX) {
    throw Failure(kInvalidArgument, "Ingot: plans above 2 GiB need ep.context_embed_mode 0");
  }
  check(ort::CreateOpAttr(name, value.data(), static_cast<int>(value.size()), kString, &result));
  return AttributeHandle(result);
}

AttributeHandle attribute(const char* name, int64_t value) {
  OrtOpAttr* result = nullptr;
  check(ort::CreateOpAttr(name, &value, 1, kInt, &result));
  return AttributeHandle(result);
}

int64_t integer_attribute(const OrtNode* node, const std::string& name, int64_t otherwise) {
  for (const OrtOpAttr* each : attributes_of(node)) {
    if (text(each, ort::OpAttr_GetName) == name) {
      int64_t value = 0;
      size_t size = 0;
      check(ort::ReadOpAttr(each, kInt, &value, sizeof value, &size));
      return value;
    }
  }
  return otherwise;
}

// The file that a context names, which lies in or under the model's folder.
std::string plan_file(const OrtGraph* graph, const fs::path& relative) {
  bool leaves = relative.is_absolute() || relative.empty();
  for (const fs::path& part : relative) {
    leaves = leaves || part == "..";
  }
  if (leaves) {
    throw Failure(kInvalidGraph,
                  "Ingot: the plan '" + relative.string() + "' of an EPContext node lies outside the model's folder");
  }
  return (fs::path(text(graph, ort::Graph_GetModelPath)).parent_path() / relative).string();
}

}  // namespace

bool is_own_context(const OrtNode* node) {
  return text(node, ort::Node_GetOperatorType) == "EPContext" && string_attribute(node, "source") == kName;
}

OwnedPlan read_context(Provider& provider, const OrtGraph* graph, const OrtNode* node) {
  const std::string content = string_attribute(node, "ep_cache_context");
  OwnedPlan result;
  ingot_plan* plan = nullptr;
  if (integer_attribute(node, "embed_mode", 1) == 1) {
    result.bytes = std::make_unique<const std::string>(content);
    check(ingot_plan_from_bytes(result.bytes->data(), result.bytes->size(), &plan));
  } else {
    check(ingot_plan_load(plan_file(graph, content).c_str(), 0, &plan));
  }
  result.plan.reset(plan);
  const std::string made_for = ingot_plan_target_text(plan);
  if (made_for != ingot_target_text()) {
    try {
      check(ingot_plan_respecialize(plan, &plan));
      result.plan.reset(plan);
      provider.warn("a plan made for " + made_for + " is built again for " + ingot_target_text());
    } catch (const Failure& failure) {  // it may still run: loading it tells
      provider.warn("a plan made for " + made_for + " cannot be built again for " + ingot_target_text() + ": " +
                    failure.what());
    }
  }
  return result;
}

OrtNode* write_context(const Options& options, const OrtGraph* graph, const OrtNode* fused, const ingot_plan* plan) {
  const std::string name = text(fused, ort::Node_GetName);
  std::string content;
  if (options.embed_context) {
    content = plan_bytes(plan);
  } else {
    const fs::path model = context_model(options, graph);
    content = options.context_prefix + model.stem().string() + "_" + name + ".ingot";
    check(ingot_plan_save(plan, (model.parent_path() / content).string().c_str()));
  }
  const auto names = [](const std::vector<const OrtValueInfo*>& values) {
    std::vector<std::string> result;
    for (const OrtValueInfo* value : values) {
      result.push_back(name_of(value));
    }
    return result;
  };
  const auto pointers = [](const std::vector<std::string>& texts) {
    std::vector<const char*> result;
    for (const std::string& each : texts) {
      result.push_back(each.c_str());
    }
    return result;
  };
  const auto inputs = names(inputs_of(fused)), outputs = names(outputs_of(fused));
  const auto in = pointers(inputs), out = pointers(outputs);
  AttributeHandle attributes[] = {attribute("main_context", 1),
                                  attribute("embed_mode", options.embed_context ? 1 : 0),
                                  attribute("ep_cache_context", content),
                                  attribute("source", std::string(kName)),
                                  attribute("ep_sdk_version", std::string(ingot_version())),
                                  attribute("hardware_architecture", std::string(ingot_target_text())),
                                  attribute("partition_name", name)};
  std::vector<OrtOpAttr*> given;
  for (const AttributeHandle& each : attributes) {
    given.push_back(each.get());
  }
  OrtNode* node = nullptr;
  OrtStatus* status = ort::CreateNode("EPContext", "com.microsoft", name.c_str(), in.data(), in.size(), out.data(),
                                      out.size(), given.data(), given.size(), &node);
  for (size_t i = 0; i < given.size(); ++i) {
    if (!given[i]) {
      (void)attributes[i].release();  // taken over
    }
  }
  check(status);
  return node;
}

}  // namespace ingot_ort

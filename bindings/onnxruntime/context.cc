#include "context.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "graph_view.h"

namespace ingot_ort {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file) {
    throw Failure(kFail, "Ingot: cannot read the plan " + path.string());
  }
  return bytes.str();
}

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
  std::string name = (fs::temp_directory_path() / "ingot-plan-XXXXXX").string();
  const int file = mkstemp(name.data());
  if (file < 0) {
    throw Failure(kFail, "Ingot: cannot write into " + fs::temp_directory_path().string());
  }
  close(file);
  struct Remove {
    const std::string& name;
    ~Remove() { unlink(name.c_str()); }
  } remove{name};
  check(ingot_plan_save(plan, name.c_str()));
  return read_file(name);
}

OrtOpAttr* attribute(const char* name, const std::string& value) {
  OrtOpAttr* result = nullptr;
  if (value.size() > INT32_MAX) {
    throw Failure(kInvalidArgument, "Ingot: plans above 2 GiB need ep.context_embed_mode 0");
  }
  check(ort::CreateOpAttr(name, value.data(), static_cast<int>(value.size()), kString, &result));
  return result;
}

OrtOpAttr* attribute(const char* name, int64_t value) {
  OrtOpAttr* result = nullptr;
  check(ort::CreateOpAttr(name, &value, 1, kInt, &result));
  return result;
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

}  // namespace

bool is_own_context(const OrtNode* node) {
  return text(node, ort::Node_GetOperatorType) == "EPContext" && string_attribute(node, "source") == kName;
}

std::string read_context(const OrtGraph* graph, const OrtNode* node) {
  std::string content = string_attribute(node, "ep_cache_context");
  if (integer_attribute(node, "embed_mode", 1) == 1) {
    return content;
  }
  const fs::path relative = content;
  bool leaves = relative.is_absolute() || relative.empty();
  for (const fs::path& part : relative) {
    leaves = leaves || part == "..";
  }
  if (leaves) {
    throw Failure(kInvalidGraph,
                  "Ingot: the plan '" + content + "' of an EPContext node lies outside the model's folder");
  }
  return read_file(fs::path(text(graph, ort::Graph_GetModelPath)).parent_path() / relative);
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
  OrtOpAttr* attributes[] = {attribute("main_context", 1),
                             attribute("embed_mode", options.embed_context ? 1 : 0),
                             attribute("ep_cache_context", content),
                             attribute("source", std::string(kName)),
                             attribute("ep_sdk_version", std::string(ingot_version())),
                             attribute("partition_name", name)};
  OrtNode* node = nullptr;
  check(ort::CreateNode("EPContext", "com.microsoft", name.c_str(), in.data(), in.size(), out.data(), out.size(),
                        attributes, std::size(attributes), &node));
  return node;
}

}  // namespace ingot_ort

#include "service/cache_key.h"

#include <algorithm>

#include "base/cpu.h"
#include "base/hash.h"
#include "base/mapped_file.h"
#include "service/library_identity.h"

namespace ingot::service {
namespace {

namespace fs = std::filesystem;

std::string digest(const std::string& text) { return hash128(as_bytes(text)).hex(); }

// Adds the content of every tensor that lies outside of the model file.
class ExternalData {
 public:
  ExternalData(const fs::path& folder, std::string& text) : folder_(folder), text_(text) {}

  void add(const onnx::Graph& graph) {
    for (const auto& tensor : graph.initializers) add(tensor);
    for (const auto& tensor : graph.sparse_initializers) add(tensor);
    for (const auto& node : graph.nodes) add(node);
  }
  void add(const onnx::Function& function) {
    for (const auto& node : function.nodes) add(node);
    for (const auto& attribute : function.attribute_protos) add(attribute);
  }

 private:
  void add(const onnx::Node& node) {
    for (const auto& attribute : node.attributes) add(attribute);
  }
  void add(const onnx::Attribute& attribute) {
    for (const auto& tensor : attribute.tensors) add(tensor);
    for (const auto& tensor : attribute.sparse_tensors) add(tensor);
    for (const auto& graph : attribute.graphs) add(*graph);
  }
  void add(const onnx::SparseTensorProto& tensor) {
    add(tensor.values);
    add(tensor.indices);
  }
  void add(const onnx::TensorProto& tensor) {
    if (tensor.external_data.empty()) return;
    text_ += fmt::format("external {}\n", hash128(onnx::to_tensor(tensor, folder_).bytes()).hex());
  }

  const fs::path& folder_;
  std::string& text_;
};

// An option may name a file or a folder (calibration data, say): then its content counts, not only its name.
void add_files(const std::string& value, std::string& text) {
  std::error_code ignored;
  std::vector<fs::path> files;
  if (fs::is_regular_file(value, ignored)) files.emplace_back(value);
  if (fs::is_directory(value, ignored)) {
    for (const auto& entry : fs::recursive_directory_iterator(value)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    text += fmt::format("file {} {}\n", file.string(), hash128(MappedFile::open(file)->bytes()).hex());
  }
}

std::string target_text(const compiler::BuildOptions& options) {
  const CpuFeatures& cpu = cpu_features();
  return fmt::format("{}\nisa {}\ncpu {}\nthreads {}\ncaches {} {} {}\nkernels {}\n", options.device,
                     options.isa.empty() ? isa_name(cpu_isa()) : options.isa, cpu.model,
                     options.threads > 0 ? options.threads : cpu.cores, cpu.l1d_bytes, cpu.l2_bytes, cpu.l3_bytes,
                     plan::kernel_abi());
}

}  // namespace

CacheKey cache_key(const onnx::Model& model, const std::string& model_hash, const Options& options) {
  std::string text = fmt::format("ingot plan cache 1\nlibrary {}\nmodel {}\n", library_identity(), model_hash);
  auto given = options.given;
  std::stable_sort(given.begin(), given.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  // What "auto" came to counts, not that it was asked for.
  text += fmt::format("device {} fallback {}\n", options.build.device, options.build.fallback);
  for (const auto& [name, value] : given) {
    if (name == "device" || name == "fallback") continue;
    text += fmt::format("option {} {}:{}\n", name, value.size(), value);
    add_files(value, text);
  }
  ExternalData external(model.folder, text);
  external.add(model.graph);
  for (const auto& function : model.functions) external.add(function);
  return {digest(text), digest(target_text(options.build))};
}

}  // namespace ingot::service

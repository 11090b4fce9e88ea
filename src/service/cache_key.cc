#include "service/cache_key.h"

#include <algorithm>

#include "base/cpu.h"
#include "base/hash.h"
#include "base/mapped_file.h"
#include "onnx/visit_tensors.h"
#include "service/library_identity.h"

namespace ingot::service {
namespace {

namespace fs = std::filesystem;

std::string digest(const std::string& text) { return hash128(as_bytes(text)).hex(); }

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
  return fmt::format("{}\nisa {}\ncpu {}\nthreads {} streams {}\ncaches {} {} {}\nkernels {}\n", options.device,
                     options.isa.empty() ? isa_name(cpu_isa()) : options.isa, cpu.model,
                     options.threads > 0 ? options.threads : cpu.cores, options.streams, cpu.l1d_bytes, cpu.l2_bytes,
                     cpu.l3_bytes, plan::kernel_abi());
}

}  // namespace

CacheKey cache_key(const onnx::Model& model, const std::string& model_hash, const Options& options) {
  std::string text = fmt::format("ingot plan cache 1\nlibrary {}\nmodel {}\n", library_identity(), model_hash);
  auto given = options.given;
  std::stable_sort(given.begin(), given.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  add_files(options.build.tune.shipped.string(), text);
  // What "auto" came to counts, not that it was asked for.
  text += fmt::format("device {} fallback {}\n", options.build.device, options.build.fallback);
  for (const auto& [name, value] : given) {
    if (name == "device" || name == "fallback") continue;
    text += fmt::format("option {} {}:{}\n", name, value.size(), value);
    add_files(value, text);
  }
  onnx::visit_tensors(model, [&](const onnx::TensorProto& tensor) {
    if (tensor.external_data.empty()) return;
    text += fmt::format("external {}\n", hash128(onnx::to_tensor(tensor, model.folder).bytes()).hex());
  });
  return {digest(text), digest(target_text(options.build))};
}

}  // namespace ingot::service

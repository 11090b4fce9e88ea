#include "base/component.h"

#include <dlfcn.h>
#include <fmt/core.h>

#include <filesystem>
#include <vector>

#include "base/knobs.h"

namespace ingot {
namespace {

std::vector<std::string> candidates(const char* file) {
  namespace fs = std::filesystem;
  if (const std::string folder = knobs::component_dir.get(); !folder.empty())
    return {(fs::path(folder) / file).string()};
  std::vector<std::string> paths;
  Dl_info own{};
  if (dladdr(reinterpret_cast<const void*>(&open_component), &own) != 0 && own.dli_fname != nullptr) {
    std::error_code error;
    const fs::path self = fs::canonical(own.dli_fname, error);
    if (!error) {
      paths.push_back((self.parent_path() / file).string());
      paths.push_back((self.parent_path().parent_path() / "lib" / file).string());
    }
  }
#ifdef INGOT_BUILD_COMPONENT_DIR
  paths.push_back((fs::path(INGOT_BUILD_COMPONENT_DIR) / file).string());
#endif
  paths.emplace_back(file);  // anywhere, to the dynamic linker
  return paths;
}

}  // namespace

void* open_component(const char* file, std::string& reason) {
  reason.clear();
  for (const std::string& path : candidates(file)) {
    if (void* component = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return component;
    const char* error = dlerror();
    reason += fmt::format("{}{}", reason.empty() ? "" : "; ", error != nullptr ? error : path.c_str());
  }
  return nullptr;
}

std::string find_component_file(const char* file) {
  std::error_code ignored;
  for (const std::string& path : candidates(file)) {
    if (std::filesystem::path(path).has_parent_path() && std::filesystem::is_regular_file(path, ignored)) return path;
  }
  return "";
}

void* component_symbol(void* component, const char* name) { return dlsym(component, name); }

}  // namespace ingot

#include "cuda/shared_library.h"

#include <dlfcn.h>

#include <filesystem>
#include <mutex>
#include <sstream>

#include "base/knobs.h"

namespace ingot::cuda {
namespace {

namespace fs = std::filesystem;

// `root` itself and the library folders of pip's nvidia packages below it: nvidia/cudnn/lib, nvidia/cu13/lib.
void add_folders(const fs::path& root, std::vector<fs::path>& folders) {
  std::error_code error;
  if (!fs::is_directory(root, error)) return;
  folders.push_back(root);
  for (const auto& each : fs::directory_iterator(root, error)) {
    if (fs::is_directory(each.path() / "lib", error)) folders.push_back(each.path() / "lib");
  }
}

std::vector<fs::path> search_folders() {
  std::vector<fs::path> folders;
  std::istringstream given(knobs::cuda_libraries.get());
  for (std::string folder; std::getline(given, folder, ':');) {
    if (!folder.empty()) add_folders(folder, folders);
  }
  Dl_info own{};
  if (dladdr(reinterpret_cast<const void*>(&add_folders), &own) != 0 && own.dli_fname != nullptr) {
    std::error_code error;
    const fs::path self = fs::canonical(own.dli_fname, error);
    if (!error) add_folders(self.parent_path().parent_path() / "nvidia", folders);
  }
  return folders;
}

struct Loading {
  std::mutex mutex;
  int under_way = 0;
  std::chrono::steady_clock::time_point begin;  // of the first of those
  std::chrono::duration<double, std::milli> past{0};
};
Loading& loading() {
  static Loading loading;
  return loading;
}

}  // namespace

LoadingTime::LoadingTime() {
  const std::lock_guard lock(loading().mutex);
  if (loading().under_way++ == 0) loading().begin = std::chrono::steady_clock::now();
}
LoadingTime::~LoadingTime() {
  const std::lock_guard lock(loading().mutex);
  if (--loading().under_way == 0) loading().past += std::chrono::steady_clock::now() - loading().begin;
}
double LoadingTime::milliseconds() {
  const std::lock_guard lock(loading().mutex);
  return loading().past.count();
}

SharedLibrary::SharedLibrary(std::vector<std::string> files) {
  const LoadingTime timed;
  std::vector<std::string> paths;
  for (const fs::path& folder : search_folders()) {
    for (const std::string& file : files) {
      std::error_code error;
      if (fs::exists(folder / file, error)) paths.push_back((folder / file).string());
    }
  }
  paths.insert(paths.end(), files.begin(), files.end());
  for (const std::string& file : files) paths.push_back("/usr/local/cuda/lib64/" + file);
  std::string reasons;
  for (const std::string& path : paths) {
    // Global: cuDNN looks for NVRTC and cuBLAS among what is loaded.
    handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (handle_ != nullptr) {
      detail_ = path;
      return;
    }
    const char* reason = dlerror();
    reasons += (reasons.empty() ? "" : "; ") + std::string(reason != nullptr ? reason : path);
  }
  detail_ = reasons;
}

void* SharedLibrary::symbol(const char* name) {
  if (handle_ == nullptr) return nullptr;
  void* found = dlsym(handle_, name);
  if (found == nullptr) {
    handle_ = nullptr;
    detail_ += std::string(" lacks ") + name;
  }
  return found;
}

}  // namespace ingot::cuda

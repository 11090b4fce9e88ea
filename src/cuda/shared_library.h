// NVIDIA's libraries, found when they are needed.
#pragma once
#include <chrono>
#include <string>
#include <vector>

namespace ingot::cuda {

// Counts the time of its life as spent on making NVIDIA's libraries ready; what several threads do at once counts once.
class LoadingTime {
 public:
  LoadingTime();
  ~LoadingTime();
  static double milliseconds();  // of the process so far
};

// Opens the first of `files` ("libnvrtc.so.13") found in the folders of the knob INGOT_CUDA_LIBRARIES, in pip's
// nvidia-* packages beside this library, where the dynamic linker looks, and under /usr/local/cuda. Never closed.
class SharedLibrary {
 public:
  explicit SharedLibrary(std::vector<std::string> files);
  bool found() const { return handle_ != nullptr; }
  // The file, or why there is none.
  const std::string& detail() const { return detail_; }
  // Sets `function`; where the library lacks it, it counts as not found from here on.
  template <class Function> void get(const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(symbol(name));
  }

 private:
  void* symbol(const char* name);
  void* handle_ = nullptr;
  std::string detail_;
};

}  // namespace ingot::cuda

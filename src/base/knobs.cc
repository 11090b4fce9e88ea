#include "base/knobs.h"

#include <cstdlib>

namespace ingot {

std::string Knob::get() const {
  const char* value = std::getenv(name);
  return value != nullptr ? value : default_value;
}

namespace knobs {
const Knob isa{"INGOT_ISA", "", "Highest ISA level to use: reference, avx2, avx512, avx512_vnni, avx512_bf16 or amx."};
const Knob log_level{"INGOT_LOG", "warning", "Least level to log: verbose, info, warning, error or off."};
const Knob cache_dir{"INGOT_CACHE_DIR", "",
                     "Folder of what is kept for later processes: plans, machine code, measurements "
                     "(default: $XDG_CACHE_HOME/ingot)."};
const Knob component_dir{"INGOT_COMPONENT_DIR", "",
                         "Folder of libingot_image.so and other components (default: beside the library)."};
const Knob device_cache{"INGOT_DEVICE_CACHE", "on",
                        "Whether compiled GPU kernels and choices among libraries are kept there: on or off."};
const Knob cuda_libraries{"INGOT_CUDA_LIBRARIES", "",
                          "Folders to look for NVIDIA's libraries in first, separated by ':'; also searched: lib "
                          "folders one level below, as in site-packages/nvidia."};
}  // namespace knobs

std::span<const Knob* const> all_knobs() {
  static constexpr const Knob* kAll[] = {&knobs::isa,           &knobs::log_level,    &knobs::cache_dir,
                                         &knobs::component_dir, &knobs::device_cache, &knobs::cuda_libraries};
  return kAll;
}

std::string default_cache_folder() {
  if (const std::string given = knobs::cache_dir.get(); !given.empty()) return given;
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  if (const std::string base = set("XDG_CACHE_HOME"); !base.empty()) return base + "/ingot";
  if (const std::string home = set("HOME"); !home.empty()) return home + "/.cache/ingot";
  return "";
}

std::string profiler_library() {
  const char* value = std::getenv("NVTX_INJECTION64_PATH");
  return value != nullptr ? value : "";
}

}  // namespace ingot

// Every environment variable that the library reads, with its documentation; `ingot doctor` lists them.
#pragma once
#include <span>
#include <string>

namespace ingot {

struct Knob {
  const char* name;           // of the environment variable
  const char* default_value;  // when unset
  const char* doc;
  std::string get() const;
};

namespace knobs {
extern const Knob isa;
extern const Knob log_level;
extern const Knob cache_dir;
extern const Knob component_dir;
extern const Knob device_cache;
extern const Knob cuda_libraries;
}  // namespace knobs

std::span<const Knob* const> all_knobs();
// Where plans are kept unless the application names a folder: INGOT_CACHE_DIR, else $XDG_CACHE_HOME/ingot, else
// ~/.cache/ingot; empty when none of the variables is set.
std::string default_cache_folder();
// The library that NVIDIA's profilers have a process load for NVTX, as they set it in NVTX_INJECTION64_PATH; empty
// without a profiler.
std::string profiler_library();

}  // namespace ingot

#include "cuda/compiler.h"

#include <exception>

#include "base/error.h"
#include "base/thread_pool.h"

namespace ingot::cuda {
namespace {

using Program = struct NvrtcProgram*;

struct Nvrtc {
  Nvrtc() : library({"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"}) {
    library.get("nvrtcVersion", version);
    library.get("nvrtcCreateProgram", create);
    library.get("nvrtcDestroyProgram", destroy);
    library.get("nvrtcCompileProgram", compile);
    library.get("nvrtcGetCUBINSize", cubin_size);
    library.get("nvrtcGetCUBIN", cubin);
    library.get("nvrtcGetProgramLogSize", log_size);
    library.get("nvrtcGetProgramLog", log);
  }
  SharedLibrary library;
  int (*version)(int*, int*) = nullptr;
  int (*create)(Program*, const char*, const char*, int, const char* const*, const char* const*) = nullptr;
  int (*destroy)(Program*) = nullptr;
  int (*compile)(Program, int, const char* const*) = nullptr;
  int (*cubin_size)(Program, size_t*) = nullptr;
  int (*cubin)(Program, char*) = nullptr;
  int (*log_size)(Program, size_t*) = nullptr;
  int (*log)(Program, char*) = nullptr;
};

Nvrtc& nvrtc() {
  static Nvrtc nvrtc;
  return nvrtc;
}

constexpr const char* kStandard = "--std=c++17";

std::string architecture_option(int major, int minor) {
  return fmt::format("--gpu-architecture=sm_{}{}", major, minor);
}

// All that machine code depends on.
std::string origin(const std::string& source, int major, int minor) {
  return fmt::format("NVRTC {} {} {}\n{}", nvrtc_version(), architecture_option(major, minor), kStandard, source);
}

}  // namespace

const SharedLibrary& nvrtc_library() { return nvrtc().library; }

std::string nvrtc_version() {
  int major = 0, minor = 0;
  if (!nvrtc().library.found() || nvrtc().version(&major, &minor) != 0) return "";
  return fmt::format("{}.{}", major, minor);
}

int nvrtc_major() {
  int major = 0, minor = 0;
  return nvrtc().library.found() && nvrtc().version(&major, &minor) == 0 ? major : 0;
}

std::string compile_cubin(const std::string& source, int major, int minor) {
  Nvrtc& n = nvrtc();
  if (!n.library.found()) fail(Code::kUnsupported, "NVRTC is missing: {}", n.library.detail());
  Program program = nullptr;
  if (n.create(&program, source.c_str(), "ingot.cu", 0, nullptr, nullptr) != 0) {
    fail(Code::kInternal, "NVRTC makes no program");
  }
  struct Destroy {
    Nvrtc& n;
    Program& program;
    ~Destroy() { n.destroy(&program); }
  } destroy{n, program};
  const std::string architecture = architecture_option(major, minor);
  const char* options[] = {architecture.c_str(), kStandard};
  if (const int result = n.compile(program, 2, options); result != 0) {
    size_t size = 0;
    n.log_size(program, &size);
    std::string log(size, '\0');
    n.log(program, log.data());
    fail(Code::kInternal, "NVRTC error {} for {}: {}", result, architecture, log.c_str());
  }
  size_t size = 0;
  n.cubin_size(program, &size);
  std::string cubin(size, '\0');
  if (size == 0 || n.cubin(program, cubin.data()) != 0) fail(Code::kInternal, "NVRTC gives no cubin");
  return cubin;
}

Cubin find_cubin(device::Store& store, const std::string& source, int major, int minor, bool anew) {
  const std::string made_from = origin(source, major, minor);
  if (!anew) {
    if (auto kept = store.find_code(made_from)) return {std::move(*kept), true};
  }
  Cubin cubin{compile_cubin(source, major, minor), false};
  store.keep_code(made_from, cubin.code);
  return cubin;
}

std::vector<Cubin> find_cubins(device::Store& store, std::span<const std::string> sources, int major, int minor) {
  std::vector<Cubin> cubins(sources.size());
  std::vector<size_t> missing;
  for (size_t i = 0; i < sources.size(); ++i) {
    auto kept = store.find_code(origin(sources[i], major, minor));
    if (kept) cubins[i] = {std::move(*kept), true};
    if (!kept) missing.push_back(i);
  }
  std::vector<std::exception_ptr> failures(missing.size());
  const auto compile = [&](int64_t index) {
    const auto i = static_cast<size_t>(index);
    try {
      cubins[missing[i]] = find_cubin(store, sources[missing[i]], major, minor, true);
    } catch (...) {
      failures[i] = std::current_exception();
    }
  };
  if (missing.size() == 1) compile(0);
  if (missing.size() > 1) ThreadPool(0, 0).run(static_cast<int64_t>(missing.size()), compile);
  for (const auto& failure : failures) {
    if (failure != nullptr) std::rethrow_exception(failure);
  }
  return cubins;
}

}  // namespace ingot::cuda

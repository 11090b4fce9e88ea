#include "cuda/compiler.h"

#include <functional>

#include "base/error.h"
#include "base/failing_tasks.h"
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
    library.get("nvrtcGetPTXSize", ptx_size);
    library.get("nvrtcGetPTX", ptx);
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
  int (*ptx_size)(Program, size_t*) = nullptr;
  int (*ptx)(Program, char*) = nullptr;
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

std::string result_of(Program program, int (*size_of)(Program, size_t*), int (*get)(Program, char*), const char* what) {
  size_t size = 0;
  size_of(program, &size);
  std::string result(size, '\0');
  if (size == 0 || get(program, result.data()) != 0) fail(Code::kInternal, "NVRTC gives no {}", what);
  return result;
}

constexpr int kInvalidOption = 5;  // NVRTC_ERROR_INVALID_OPTION

// What `take` makes of the compiled program.
template <class Take> auto compiled(const std::string& source, int major, int minor, const Take& take) {
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
    fail(result == kInvalidOption ? Code::kUnsupported : Code::kInternal, "NVRTC error {} for {}: {}", result,
         architecture, log.c_str());
  }
  return take(program);
}

std::string cubin_of(Program program) { return result_of(program, nvrtc().cubin_size, nvrtc().cubin, "cubin"); }

// Runs `work` for 0, 1, ... on every core; the first exception goes on.
void on_every_core(size_t count, const std::function<void(size_t)>& work) {
  const auto on_cores = [](int64_t tasks, auto& task) {
    if (tasks == 1) task(0);
    if (tasks > 1) ThreadPool(0, 0).run(tasks, task);
  };
  run_failing(static_cast<int64_t>(count), on_cores, work);
}

// What is there without compiling anything.
std::optional<Cubin> find_compiled(device::Store& store, const std::string& source, int major, int minor) {
  if (auto kept = store.find_code(origin(source, major, minor))) return Cubin{std::move(*kept), Origin::kKept};
  const Bytes brought = store.brought_code(name_in_plans(source), major, minor);
  if (brought.empty()) return std::nullopt;
  return Cubin{std::string(as_text(brought)), Origin::kBrought};
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

Hash128 name_in_plans(const std::string& source) { return hash128(as_bytes(fmt::format("{}\n{}", kStandard, source))); }

std::string compile_cubin(const std::string& source, int major, int minor) {
  return compiled(source, major, minor, cubin_of);
}

std::vector<device::CompiledCode> compile_all(std::span<const std::string> sources, int major, int minor) {
  std::vector<device::CompiledCode> all(sources.size());
  on_every_core(sources.size(), [&](size_t i) {
    all[i] = compiled(sources[i], major, minor, [&](Program program) {
      return device::CompiledCode{name_in_plans(sources[i]), cubin_of(program),
                                  result_of(program, nvrtc().ptx_size, nvrtc().ptx, "PTX")};
    });
  });
  return all;
}

Cubin find_cubin(device::Store& store, const std::string& source, int major, int minor, bool anew) {
  if (!anew) {
    if (auto found = find_compiled(store, source, major, minor)) return std::move(*found);
  }
  if (!nvrtc_library().found()) {
    const Bytes ptx = store.brought_intermediate(name_in_plans(source), major, minor);
    if (!ptx.empty()) return {std::string(as_text(ptx)), Origin::kTranslated};
  }
  Cubin cubin{compile_cubin(source, major, minor), Origin::kCompiled};
  store.keep_code(origin(source, major, minor), cubin.code);
  return cubin;
}

std::vector<Cubin> find_cubins(device::Store& store, std::span<const std::string> sources, int major, int minor) {
  std::vector<Cubin> cubins(sources.size());
  std::vector<size_t> missing;
  for (size_t i = 0; i < sources.size(); ++i) {
    auto found = find_compiled(store, sources[i], major, minor);
    if (found) cubins[i] = std::move(*found);
    if (!found) missing.push_back(i);
  }
  on_every_core(missing.size(),
                [&](size_t i) { cubins[missing[i]] = find_cubin(store, sources[missing[i]], major, minor, true); });
  return cubins;
}

}  // namespace ingot::cuda

#include "cuda/cuda_device.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <mutex>
#include <shared_mutex>

#include "base/error.h"
#include "cuda/compiler.h"
#include "cuda/cublas.h"
#include "cuda/cuda_operations.h"
#include "cuda/cudnn.h"
#include "cuda/library_choices.h"
#include "cuda/nvtx.h"
#include "cuda/requirements.h"
#include "cuda/staging.h"

namespace ingot::cuda {
namespace {

using device::Address;
using device::Operation;

// The driver, when it shows a GPU of that number.
Driver& started_driver(int ordinal) {
  Driver& d = driver();
  if (!d.library.found()) fail(Code::kDevice, "there is no NVIDIA driver: {}", d.library.detail());
  d.check(d.init(0), "starting the NVIDIA driver");
  int version = 0;
  d.check(d.driver_version(&version), "the driver's version");
  require_driver(version);
  int count = 0;
  d.check(d.device_count(&count), "counting GPUs");
  if (ordinal >= count) fail(Code::kDevice, "there is no GPU {}: the driver shows {}", ordinal, count);
  return d;
}

// CUDA forbids waiting for a context while one of its streams records, and the recording is lost: a wait excludes the
// recordings of every device of this process.
std::shared_mutex& recordings() {
  static std::shared_mutex mutex;
  return mutex;
}

// Opens what choices among libraries will ask for while a context is made; who waits for the result waits for it.
std::future<void> open_libraries() {
  return std::async(std::launch::async, [] {
    cublas_library();
    cudnn_library();
  });
}

class CudaDevice : public device::Device {
 public:
  CudaDevice(int ordinal, std::shared_ptr<device::Store> store) : store_(std::move(store)) {
    const auto begin = std::chrono::steady_clock::now();
    const auto opening = driver().library.found() ? open_libraries() : std::future<void>();
    Driver& d = started_driver(ordinal);
    d.check(d.device_get(&gpu_, ordinal), "opening the GPU");
    require_architecture(name(), attribute(kAttributeMajor), attribute(kAttributeMinor));
    d.check(d.context_retain(&context_, gpu_), "making a context");
    try {
      enter();
      d.check(d.stream_create(&stream_, kStreamNonBlocking), "making a stream");
      choices_.emplace(*this, store_, gpu_text(),
                       fmt::format("sm_{}{}", attribute(kAttributeMajor), attribute(kAttributeMinor)), context_,
                       stream_, effort_);
    } catch (...) {
      d.context_release(gpu_);
      throw;
    }
    attach_profiler();
    if (opening.valid()) opening.wait();
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begin;
    effort_.context_ms = taken.count();
  }
  ~CudaDevice() override {
    driver().context_set(context_);
    driver().stream_synchronize(stream_);
    staging_.reset();
    if (event_ != nullptr) driver().event_destroy(event_);
    driver().stream_destroy(stream_);
    driver().context_release(gpu_);
  }

  device::Effort effort() override {
    effort_.libraries_ms = LoadingTime::milliseconds();
    return effort_;
  }
  device::Properties properties() override {
    Driver& d = driver();
    device::Properties properties;
    properties.name = name();
    properties.major = attribute(kAttributeMajor);
    properties.minor = attribute(kAttributeMinor);
    properties.processors = attribute(kAttributeProcessors);
    properties.l2_bytes = attribute(kAttributeL2Bytes);
    size_t total = 0;
    d.check(d.device_total_mem(&total, gpu_), "the GPU's memory");
    enter();
    size_t free = 0, all = 0;
    d.check(d.memory_info(&free, &all), "the GPU's free memory");
    properties.free_bytes = static_cast<int64_t>(free);
    properties.memory_bytes = static_cast<int64_t>(total);
    properties.parts = parts();
    return properties;
  }

  Address allocate(int64_t bytes) override {
    enter();
    DevicePtr address = 0;
    const size_t size = static_cast<size_t>(std::max<int64_t>(bytes, 256));
    driver().check(driver().mem_alloc(&address, size), fmt::format("allocating {} bytes", size).c_str());
    return address;
  }
  void release(Address address) override {
    driver().context_set(context_);
    driver().mem_free(address);
  }
  void copy_in(Address to, const void* from, int64_t bytes) override {
    enter();
    if (bytes == 0) return;
    // The driver stages pageable memory before it returns.
    driver().check(driver().copy_in(to, from, static_cast<size_t>(bytes), stream_), "copying to the GPU");
  }
  void upload(Address to, int64_t bytes, const Fill& fill) override {
    enter();
    if (!staging_.has_value()) staging_.emplace();
    if (!staging_->ready()) return Device::upload(to, bytes, fill);
    staging_->upload(to, bytes, fill, stream_);
  }
  void copy_out(void* to, Address from, int64_t bytes) override {
    enter();
    if (bytes > 0) driver().check(driver().copy_out(to, from, static_cast<size_t>(bytes), stream_), "copying back");
    synchronize();
  }
  void copy(Address to, Address from, int64_t bytes) override {
    enter();
    if (bytes > 0) driver().check(driver().copy(to, from, static_cast<size_t>(bytes), stream_), "copying on the GPU");
  }
  void follow(device::Stream stream) override { order(reinterpret_cast<Stream>(stream), stream_); }
  void precede(device::Stream stream) override { order(stream_, reinterpret_cast<Stream>(stream)); }
  void synchronize_all() override {
    enter();
    const std::lock_guard none_records(recordings());
    driver().check(driver().context_synchronize(), "waiting for the GPU");
  }
  void synchronize() override {
    enter();
    driver().check(driver().stream_synchronize(stream_), "waiting for the GPU");
  }

  void compile(std::span<const std::string> sources) override {
    auto cubins = find_cubins(*store_, sources, attribute(kAttributeMajor), attribute(kAttributeMinor));
    for (size_t i = 0; i < sources.size(); ++i) compiled_[sources[i]] = std::move(cubins[i]);
  }
  std::unique_ptr<device::Module> load(const std::string& source) override {
    enter();
    const int major = attribute(kAttributeMajor), minor = attribute(kAttributeMinor);
    const bool early = major >= 9 && source.find(device::kWaitsByItself) != std::string::npos;
    auto compiled = compiled_.extract(source);
    Cubin cubin = compiled ? std::move(compiled.mapped()) : find_cubin(*store_, source, major, minor);
    count(cubin);
    try {
      return load_module(cubin.code, stream_, early);
    } catch (const Error& error) {
      const bool stored = cubin.origin == Origin::kKept || cubin.origin == Origin::kBrought;
      if (!stored || error.code() != Code::kDevice) throw;
      store_->warn("kernels that were kept are compiled again: " + error.message());
    }
    cubin = find_cubin(*store_, source, major, minor, true);
    count(cubin);
    return load_module(cubin.code, stream_, early);
  }

  void recall(std::span<const device::LibraryProblem> problems) override {
    enter();
    choices_->recall(problems);
  }
  std::unique_ptr<Operation> convolution(const device::Convolution& c, const device::OwnOperation* own) override {
    enter();
    return choices_->convolution(c, own);
  }
  std::unique_ptr<Operation> matrix_product(const device::MatrixProduct& p, const device::OwnOperation* own) override {
    enter();
    return choices_->matrix_product(p, own);
  }
  std::unique_ptr<Operation> attention(const device::Attention& a, const device::OwnOperation& own) override {
    enter();
    return choices_->attention(a, own);
  }

  std::unique_ptr<Operation> capture(const std::function<void()>& enqueue_all) override {
    enter();
    const std::shared_lock recording(recordings());
    driver().check(driver().capture_begin(stream_, kCaptureThreadLocal), "recording a graph");
    Graph graph = nullptr;
    try {
      enqueue_all();
    } catch (...) {
      if (driver().capture_end(stream_, &graph) == 0 && graph != nullptr) driver().graph_destroy(graph);
      throw;
    }
    driver().check(driver().capture_end(stream_, &graph), "recording a graph");
    return graph_operation(graph, context_, stream_);
  }

  void begin_range(const std::string& name) override { push_range(name.c_str()); }
  void end_range() override { pop_range(); }

  double time(const std::function<void()>& enqueue_all) override {
    enter();
    Driver& d = driver();
    struct Events {
      Event begin = nullptr, end = nullptr;
      ~Events() {
        if (begin != nullptr) driver().event_destroy(begin);
        if (end != nullptr) driver().event_destroy(end);
      }
    } events;
    d.check(d.event_create(&events.begin, 0), "making an event");
    d.check(d.event_create(&events.end, 0), "making an event");
    d.check(d.event_record(events.begin, stream_), "recording an event");
    enqueue_all();
    d.check(d.event_record(events.end, stream_), "recording an event");
    d.check(d.event_synchronize(events.end), "waiting for the GPU");
    float milliseconds = 0;
    d.check(d.event_elapsed(&milliseconds, events.begin, events.end), "reading events");
    return milliseconds;
  }

 private:
  void count(const Cubin& cubin) {
    switch (cubin.origin) {
      case Origin::kCompiled: ++effort_.compiled; break;
      case Origin::kKept: ++effort_.code_found; break;
      case Origin::kBrought: ++effort_.brought; break;
      case Origin::kTranslated: ++effort_.translated; break;
    }
  }
  // What `second` gets from here on waits for what `first` holds.
  void order(Stream first, Stream second) {
    enter();
    if (event_ == nullptr) driver().check(driver().event_create(&event_, kEventDisableTiming), "making an event");
    driver().check(driver().event_record(event_, first), "recording an event on a stream");
    driver().check(driver().stream_wait(second, event_, 0), "making a stream wait");
  }
  // The calling thread works on this GPU from here on.
  void enter() { driver().check(driver().context_set(context_), "entering the context"); }
  std::string name() const {
    char name[256] = {};
    driver().check(driver().device_name(name, sizeof(name), gpu_), "the GPU's name");
    return name;
  }
  // What choices among libraries depend on.
  std::string gpu_text() const {
    int version = 0;
    driver().check(driver().driver_version(&version), "the driver's version");
    return fmt::format("{}, driver {}.{}", name(), version / 1000, version % 1000 / 10);
  }
  int attribute(int which) const {
    int value = 0;
    driver().check(driver().device_attribute(&value, which, gpu_), "a property of the GPU");
    return value;
  }

  const std::shared_ptr<device::Store> store_;
  device::Effort effort_;
  std::map<std::string, Cubin> compiled_;  // by source, until it is loaded
  std::optional<LibraryChoices> choices_;
  std::optional<Staging> staging_;
  int gpu_ = 0;
  Context context_ = nullptr;
  Stream stream_ = nullptr;
  Event event_ = nullptr;
};

device::Part part(const char* name, const SharedLibrary& library, const std::string& version) {
  const std::string detail = library.found() && !version.empty() ? library.detail() + ", " + version : library.detail();
  return {name, library.found(), detail};
}

std::string driver_version() {
  int version = 0;
  if (!driver().library.found() || driver().driver_version(&version) != 0) return "";
  return fmt::format("CUDA {}.{}", version / 1000, version % 1000 / 10);
}

}  // namespace

std::unique_ptr<device::Device> open_cuda_device(int ordinal, std::shared_ptr<device::Store> store) {
  return std::make_unique<CudaDevice>(ordinal, std::move(store));
}

void check_cuda_device(int ordinal) {
  started_driver(ordinal);
  const auto& nvrtc = nvrtc_library();
  if (!nvrtc.found()) fail(Code::kUnsupported, "NVRTC is missing: {}", nvrtc.detail());
}

std::vector<device::Part> parts() {
  return {part("NVIDIA driver", driver().library, driver_version()), part("NVRTC", nvrtc_library(), nvrtc_version()),
          part("cuBLASLt", cublas_library(), cublas_version()), part("cuDNN", cudnn_library(), cudnn_version())};
}

}  // namespace ingot::cuda

#include "cuda/cuda_device.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <shared_mutex>

#include "base/error.h"
#include "cuda/choice.h"
#include "cuda/compiler.h"
#include "cuda/continued.h"
#include "cuda/cublas.h"
#include "cuda/cudnn.h"
#include "cuda/cudnn_attention.h"
#include "cuda/nvtx.h"
#include "cuda/requirements.h"
#include "cuda/staging.h"

namespace ingot::cuda {
namespace {

using device::Address;
using device::Operation;

constexpr const char* kOwn = "own kernel";
// Seconds for making candidates: of a device in all, and for one choice.
constexpr double kPatience = 20, kLeastPatience = 0.1, kMostPatience = 2;
constexpr double kSaveAfter = 5;     // seconds of choosing
constexpr uint64_t kCandidates = 1;  // counts up when names of candidates come to mean something else

class KernelOperation : public Operation {
 public:
  // `early`: the kernel waits for what is ahead of it by itself, so that it may be started before that is done.
  KernelOperation(std::shared_ptr<void> module, Function function, const device::Launch& launch, Stream stream,
                  bool early)
      : module_(std::move(module)), function_(function), entry_(launch.entry) {
    std::copy(launch.grid.begin(), launch.grid.end(), config_.grid);
    std::copy(launch.block.begin(), launch.block.end(), config_.block);
    config_.stream = stream;
    programmatic_.id = kLaunchProgrammatic;
    programmatic_.value.allowed = 1;
    config_.attribute_count = early ? 1 : 0;
  }
  void enqueue(std::span<const Address> operands, Address) override {
    arguments_.clear();
    for (const Address& operand : operands) arguments_.push_back(const_cast<Address*>(&operand));
    config_.attributes = &programmatic_;
    driver().check(driver().launch(&config_, function_, arguments_.data(), nullptr), entry_.c_str());
  }

 private:
  std::shared_ptr<void> module_;
  Function function_;
  std::string entry_;
  LaunchConfig config_;
  LaunchAttribute programmatic_;
  std::vector<void*> arguments_;
};

class CudaModule : public device::Module {
 public:
  CudaModule(const std::string& cubin, Stream stream, bool early) : stream_(stream), early_(early) {
    ModuleHandle handle = nullptr;
    const Result loaded = driver().module_load(&handle, cubin.data());
    if (loaded != 0) {
      int version = 0;
      driver().driver_version(&version);
      driver().check(loaded, ("loading a module" + compiler_mismatch(version, nvrtc_major())).c_str());
    }
    module_ =
        std::shared_ptr<void>(handle, [](void* each) { driver().module_unload(static_cast<ModuleHandle>(each)); });
  }
  std::unique_ptr<Operation> operation(const device::Launch& launch) override {
    Function function = nullptr;
    driver().check(driver().module_function(&function, static_cast<ModuleHandle>(module_.get()), launch.entry.c_str()),
                   launch.entry.c_str());
    return std::make_unique<KernelOperation>(module_, function, launch, stream_, early_);
  }

 private:
  std::shared_ptr<void> module_;
  Stream stream_;
  bool early_;
};

class GraphOperation : public Operation {
 public:
  GraphOperation(Graph graph, Context context, Stream stream) : context_(context), stream_(stream) {
    const Result made = driver().graph_instantiate(&exec_, graph, 0);
    driver().graph_destroy(graph);
    driver().check(made, "instantiating a graph");
  }
  ~GraphOperation() override { driver().graph_exec_destroy(exec_); }
  void enqueue(std::span<const Address>, Address) override {
    driver().check(driver().context_set(context_), "entering the context");  // a thread may be on another GPU
    driver().check(driver().graph_launch(exec_, stream_), "launching a graph");
  }

 private:
  Context context_;
  GraphExec exec_ = nullptr;
  Stream stream_;
};

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

class CudaDevice : public device::Device {
 public:
  CudaDevice(int ordinal, std::shared_ptr<device::Store> store) : store_(std::move(store)) {
    const auto begin = std::chrono::steady_clock::now();
    Driver& d = started_driver(ordinal);
    d.check(d.device_get(&gpu_, ordinal), "opening the GPU");
    require_architecture(name(), attribute(kAttributeMajor), attribute(kAttributeMinor));
    d.check(d.context_retain(&context_, gpu_), "making a context");
    try {
      enter();
      d.check(d.stream_create(&stream_, kStreamNonBlocking), "making a stream");
    } catch (...) {
      d.context_release(gpu_);
      throw;
    }
    attach_profiler();
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
      return std::make_unique<CudaModule>(cubin.code, stream_, early);
    } catch (const Error& error) {
      const bool stored = cubin.origin == Origin::kKept || cubin.origin == Origin::kBrought;
      if (!stored || error.code() != Code::kDevice) throw;
      store_->warn("kernels that were kept are compiled again: " + error.message());
    }
    cubin = find_cubin(*store_, source, major, minor, true);
    count(cubin);
    return std::make_unique<CudaModule>(cubin.code, stream_, early);
  }

  std::unique_ptr<Operation> convolution(const device::Convolution& c, const device::OwnOperation* own) override {
    enter();
    const int64_t width = dtype_bits(c.dtype) / 8, y = c.n * c.out_h * c.out_w * c.m * width;
    std::vector<int64_t> bytes = {c.n * c.h * c.w * c.c * width,
                                  c.m * c.kernel[0] * c.kernel[1] * (c.c / c.groups) * width, y};
    if (c.bias) bytes.push_back(c.m * width);
    if (c.residual) bytes.push_back(y);
    const std::string libraries = fmt::format("cuBLASLt {}, cuDNN {}", cublas_version(), cudnn_version());
    const auto again = [&](const std::string& name, const std::optional<std::string>& text) {
      if (text) return kept_convolution(c, *text, stream_);
      const auto product = device::as_product(c);
      return product ? named_product(*product, name, stream_) : nullptr;
    };
    return fastest_of(
        own, device::text_of(c), libraries, bytes, [&] { return candidates(c, own == nullptr); }, again);
  }
  std::unique_ptr<Operation> matrix_product(const device::MatrixProduct& p, const device::OwnOperation* own) override {
    enter();
    const int64_t width = dtype_bits(p.dtype) / 8, y = p.batch * p.m * p.n * width;
    std::vector<int64_t> bytes = {(p.stride_a * (p.batch - 1) + p.m * p.k) * width,
                                  (p.stride_b * (p.batch - 1) + p.k * p.n) * width, y};
    if (p.bias) bytes.push_back(p.n * width);
    if (p.residual) bytes.push_back(y);
    const auto again = [&](const std::string& name, const std::optional<std::string>&) {
      return named_product(p, name, stream_);
    };
    return fastest_of(
        own, device::text_of(p), fmt::format("cuBLASLt {}", cublas_version()), bytes,
        [&] { return matrix_products(p, stream_); }, again);
  }

  std::unique_ptr<Operation> attention(const device::Attention& a, const device::OwnOperation& own) override {
    enter();
    if (const std::string reason = attention_refusal(a); !reason.empty()) {
      auto operation = own.make();
      operation->choice = fmt::format("{}: {}", kOwn, reason);
      return operation;
    }
    const auto again = [&](const std::string& name, const std::optional<std::string>& text) {
      return text ? kept_attention(a, name, *text, stream_) : nullptr;
    };
    return fastest_of(
        &own, device::text_of(a), fmt::format("cuDNN {}", cudnn_version()), device::operand_bytes(a),
        [&] { return attentions(a, stream_); }, again);
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
    return std::make_unique<GraphOperation>(graph, context_, stream_);
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
  // Of cuDNN and, where the convolution is a matrix product, of cuBLASLt. cuDNN's fallback in f32 with an epilogue
  // takes a second to make and is up to fifteen times slower than the own kernel: it is for convolutions that have
  // none.
  std::vector<Candidate> candidates(const device::Convolution& c, bool fallback) const {
    std::vector<Candidate> all;
    if (const auto product = device::as_product(c)) {
      try {
        all = matrix_products(*product, stream_);
      } catch (const Error& error) {
        if (error.code() != Code::kUnsupported) throw;
      }
    }
    try {
      for (Candidate& each : convolutions(c, stream_, fallback)) all.push_back(std::move(each));
    } catch (const Error& error) {
      if (error.code() != Code::kUnsupported || all.empty()) throw;
    }
    return all;
  }
  // What a choice holds for: this GPU, driver and these versions of libraries.
  tuning::Key choice_key(const std::string& problem, const std::string& libraries) const {
    int version = 0;
    driver().check(driver().driver_version(&version), "the driver's version");
    return {problem, fmt::format("sm_{}{}", attribute(kAttributeMajor), attribute(kAttributeMinor)),
            fmt::format("{}, driver {}.{}, {}", name(), version / 1000, version % 1000 / 10, libraries), 1,
            kCandidates};
  }
  static std::string plan_key(const tuning::Key& key, const std::string& name) {
    return fmt::format("cuDNN plan\n{}\n{}\n{}", key.cpu, key.problem, name);
  }
  // The fastest of what the libraries give and of `own`, where there is one; `again` makes one of the libraries' from
  // its name and the text that was kept of it, or gives null.
  using Again =
      std::function<std::unique_ptr<Operation>(const std::string& name, const std::optional<std::string>& text)>;
  std::unique_ptr<Operation> fastest_of(const device::OwnOperation* own, const std::string& problem,
                                        std::string libraries, std::vector<int64_t> bytes,
                                        const std::function<std::vector<Candidate>()>& of_libraries,
                                        const Again& again) {
    const size_t of_library = bytes.size();
    if (own != nullptr) {
      libraries += ", own kernel " + own->made_from;
      bytes.insert(bytes.end(), own->more_bytes.begin(), own->more_bytes.end());
    }
    const tuning::Key key = choice_key(problem, libraries);
    std::string reason;
    const auto all = [&] {
      std::vector<Candidate> candidates;
      if (own != nullptr) candidates.push_back({kOwn, own->make});
      try {
        for (Candidate& each : of_libraries()) {
          const auto make = [=, make = std::move(each.make)] { return continued(make(), of_library, own); };
          candidates.push_back({std::move(each.name), make});
        }
      } catch (const Error& error) {
        if (own == nullptr || error.code() == Code::kOutOfMemory) throw;
        reason = error.message();
      }
      return candidates;
    };
    const auto kept = [&](const std::string& name) -> std::unique_ptr<Operation> {
      if (own != nullptr && name == kOwn) return own->make();
      return continued(again(name, store_->find_code(plan_key(key, name))), of_library, own);
    };
    return chosen({key, std::move(bytes), all, kept}, own != nullptr ? &reason : nullptr);
  }
  // `reason`, if given: why a library proposed nothing, if it is so once candidates were asked for; the operation
  // tells.
  std::unique_ptr<Operation> chosen(Choice choice, const std::string* reason = nullptr) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begin = Clock::now();
    choice.patience = std::clamp(patience_, kLeastPatience, kMostPatience);
    choice.engines = &engines_;
    Chosen chosen = choose(*this, *store_, choice);
    if (!chosen.remembered) {
      const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
      patience_ -= seconds;
      unsaved_ += seconds;
    }
    if (unsaved_ > kSaveAfter) {  // a process that is stopped has not chosen in vain
      store_->save_choices();
      unsaved_ = 0;
    }
    if (reason != nullptr) {
      if (!reason->empty()) chosen.refusal = *reason;
      chosen.operation->choice = choice_text(chosen);
    }
    ++(chosen.remembered ? effort_.remembered : effort_.measured);
    const std::string text = chosen.kept ? "" : plan_text(library_part(*chosen.operation));
    if (!text.empty()) store_->keep_code(plan_key(choice.key, chosen.name), text);
    return std::move(chosen.operation);
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
  int attribute(int which) const {
    int value = 0;
    driver().check(driver().device_attribute(&value, which, gpu_), "a property of the GPU");
    return value;
  }

  const std::shared_ptr<device::Store> store_;
  double patience_ = kPatience, unsaved_ = 0;  // seconds: what is left; what the store has not saved
  Experiences engines_;
  device::Effort effort_;
  std::map<std::string, Cubin> compiled_;  // by source, until it is loaded
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

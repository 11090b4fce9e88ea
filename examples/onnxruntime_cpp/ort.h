// The C interface of ONNX Runtime with owners and exceptions: what main.cc needs of it, and no more. With ONNX
// Runtime's own C++ header the same calls are Ort::Env::RegisterExecutionProviderLibrary, Ort::Env::GetEpDevices and
// Ort::SessionOptions::AppendExecutionProvider_V2.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>
#ifdef ONNXRUNTIME_HEADERS
#include <onnxruntime_c_api.h>
#else
#include <onnxruntime_subset.h>
#endif

namespace ort {

// ONNX Runtime's functions. Throws when the library is older than what this was written for.
inline const OrtApi& api() {
  static const OrtApi* const table = OrtGetApiBase()->GetApi(ORT_API_VERSION);
  if (table == nullptr) {
    throw std::runtime_error(std::string("ONNX Runtime ") + OrtGetApiBase()->GetVersionString() + " is too old");
  }
  return *table;
}

inline void check(OrtStatus* status) {
  if (status == nullptr) return;
  const std::string message = api().GetErrorMessage(status);
  api().ReleaseStatus(status);
  throw std::runtime_error(message);
}

struct Release {
  void operator()(OrtEnv* each) const { api().ReleaseEnv(each); }
  void operator()(OrtSession* each) const { api().ReleaseSession(each); }
  void operator()(OrtSessionOptions* each) const { api().ReleaseSessionOptions(each); }
  void operator()(OrtMemoryInfo* each) const { api().ReleaseMemoryInfo(each); }
  void operator()(OrtValue* each) const { api().ReleaseValue(each); }
  void operator()(OrtTensorTypeAndShapeInfo* each) const { api().ReleaseTensorTypeAndShapeInfo(each); }
};
template <class Handle> using Owned = std::unique_ptr<Handle, Release>;

// What `create(&handle)` makes, owned.
template <class Handle, class Create> Owned<Handle> make(Create&& create) {
  Handle* handle = nullptr;
  check(create(&handle));
  return Owned<Handle>(handle);
}

inline Owned<OrtEnv> environment(const char* name) {
  return make<OrtEnv>([&](OrtEnv** env) { return api().CreateEnv(ORT_LOGGING_LEVEL_WARNING, name, env); });
}

// A library of execution providers, registered for its lifetime: sessions on its devices have to end before.
class ProviderLibrary {
 public:
  // `path`: absolute, or ONNX Runtime looks in its own folder.
  ProviderLibrary(OrtEnv* env, std::string name, const std::string& path) : env_(env), name_(std::move(name)) {
    check(api().RegisterExecutionProviderLibrary(env_, name_.c_str(), path.c_str()));
  }
  ~ProviderLibrary() {
    if (OrtStatus* status = api().UnregisterExecutionProviderLibrary(env_, name_.c_str())) api().ReleaseStatus(status);
  }
  ProviderLibrary(const ProviderLibrary&) = delete;
  ProviderLibrary& operator=(const ProviderLibrary&) = delete;

 private:
  OrtEnv* env_;
  std::string name_;
};

// The device of a session on that provider: a GPU where it offers one (they come after the CPU). Throws without any.
inline const OrtEpDevice* device_of(OrtEnv* env, const std::string& provider) {
  const OrtEpDevice* const* all = nullptr;
  size_t count = 0;
  check(api().GetEpDevices(env, &all, &count));
  const OrtEpDevice* device = nullptr;
  for (size_t i = 0; i < count; ++i) {
    if (provider == api().EpDevice_EpName(all[i])) device = all[i];
  }
  if (!device) throw std::runtime_error("no device of " + provider);
  return device;
}

struct Option {
  std::string name, value;
};

// Options of a session that runs wholly on one provider: what the provider cannot run is an error when it is created.
inline Owned<OrtSessionOptions> options_for(OrtEnv* env, const OrtEpDevice* device, const std::vector<Option>& given) {
  auto options = make<OrtSessionOptions>([](OrtSessionOptions** made) { return api().CreateSessionOptions(made); });
  check(api().AddSessionConfigEntry(options.get(), "session.disable_cpu_ep_fallback", "1"));
  std::vector<const char*> names, values;
  for (const Option& option : given) {
    names.push_back(option.name.c_str());
    values.push_back(option.value.c_str());
  }
  check(api().SessionOptionsAppendExecutionProvider_V2(options.get(), env, &device, 1, names.data(), values.data(),
                                                       given.size()));
  return options;
}

// A tensor of floats; an output of a run, or over memory of the caller's.
class Tensor {
 public:
  explicit Tensor(Owned<OrtValue> value) : value_(std::move(value)) {}
  // Borrows `data` for its lifetime.
  Tensor(std::vector<float>& data, const std::vector<int64_t>& shape) {
    const auto memory = make<OrtMemoryInfo>(
        [](OrtMemoryInfo** made) { return api().CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, made); });
    value_ = make<OrtValue>([&](OrtValue** made) {
      return api().CreateTensorWithDataAsOrtValue(memory.get(), data.data(), data.size() * sizeof(float), shape.data(),
                                                  shape.size(), ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, made);
    });
  }
  std::vector<int64_t> shape() const {
    const auto info = make<OrtTensorTypeAndShapeInfo>(
        [&](OrtTensorTypeAndShapeInfo** made) { return api().GetTensorTypeAndShape(value_.get(), made); });
    size_t rank = 0;
    check(api().GetDimensionsCount(info.get(), &rank));
    std::vector<int64_t> sizes(rank);
    check(api().GetDimensions(info.get(), sizes.data(), rank));
    return sizes;
  }
  const float* data() const {
    void* memory = nullptr;
    check(api().GetTensorMutableData(value_.get(), &memory));
    return static_cast<const float*>(memory);
  }
  const OrtValue* get() const { return value_.get(); }

 private:
  Owned<OrtValue> value_;
};

class Session {
 public:
  Session(OrtEnv* env, const std::string& model, const OrtSessionOptions* options)
      : session_(make<OrtSession>(
            [&](OrtSession** made) { return api().CreateSession(env, model.c_str(), options, made); })) {}
  // One input, one output. May be called from many threads at once.
  Tensor run(const char* input, const Tensor& x, const char* output) const {
    const OrtValue* value = x.get();
    return Tensor(make<OrtValue>(
        [&](OrtValue** made) { return api().Run(session_.get(), nullptr, &input, &value, 1, &output, 1, made); }));
  }

 private:
  Owned<OrtSession> session_;
};

}  // namespace ort

#include "cuda/cudnn_descriptor.h"

#include <array>
#include <map>
#include <mutex>

#include "cuda/compiler.h"
#include "cuda/cublas.h"

namespace ingot::cuda {

namespace {

// Handles of threads that ended, for those to come.
struct SpareHandles {
  std::mutex mutex;
  std::multimap<Context, dnn::Handle> handles;
  dnn::Handle take(Context context) {
    const std::lock_guard lock(mutex);
    const auto spare = handles.extract(context);
    return spare ? spare.mapped() : nullptr;
  }
  void give(Context context, dnn::Handle handle) {
    const std::lock_guard lock(mutex);
    handles.emplace(context, handle);
  }
};

// Never destroyed: threads may end after static objects.
SpareHandles& spare_handles() {
  static auto* const spare = new SpareHandles;
  return *spare;
}

struct HandlesOfThread {
  std::map<Context, dnn::Handle> by_context;
  ~HandlesOfThread() {
    for (const auto& [context, handle] : by_context) {
      if (handle != nullptr) spare_handles().give(context, handle);
    }
  }
};

HandlesOfThread& handles_of_thread() {
  thread_local HandlesOfThread handles;
  return handles;
}

}  // namespace

// cuDNN's engines look for these two among what is loaded.
Cudnn::Cudnn() : library((nvrtc_library(), cublas_library(), std::vector<std::string>{"libcudnn.so.9"})) {
  library.get("cudnnGetVersion", version);
  library.get("cudnnCreate", create);
  library.get("cudnnSetStream", set_stream);
  library.get("cudnnBackendCreateDescriptor", descriptor_create);
  library.get("cudnnBackendDestroyDescriptor", descriptor_destroy);
  library.get("cudnnBackendSetAttribute", set);
  library.get("cudnnBackendGetAttribute", get);
  library.get("cudnnBackendFinalize", finalize);
  library.get("cudnnBackendExecute", execute);
  library.get("cudnnGetLastErrorString", last_error);
}

Cudnn& cudnn() {
  static Cudnn cudnn;
  return cudnn;
}

std::string cudnn_message() {
  constexpr size_t kMost = 400;
  std::array<char, 4096> text{};
  if (cudnn().last_error != nullptr) cudnn().last_error(text.data(), text.size());
  std::string line;
  for (const char* c = text.data(); *c != '\0' && line.size() < kMost; ++c) {
    const bool space = *c == '\n' || *c == ' ';
    if (!space || (!line.empty() && line.back() != ' ')) line += space ? ' ' : *c;
  }
  return line.empty() ? line : ": " + line;
}

void check_cudnn(int status, const std::string& what) {
  if (status != 0) fail(Code::kDevice, "cuDNN: {}: status {}{}", what, status, cudnn_message());
}

void require_cudnn(int status, const std::string& what) {
  if (status != 0) fail(Code::kUnsupported, "cuDNN declines {}: status {}{}", what, status, cudnn_message());
}

dnn::Handle cudnn_handle(Stream stream) {
  const Context context = current_context();
  dnn::Handle& handle = handles_of_thread().by_context[context];
  if (handle == nullptr) handle = spare_handles().take(context);
  if (handle == nullptr) {
    const LoadingTime timed;
    check_cudnn(cudnn().create(&handle), "starting");
  }
  check_cudnn(cudnn().set_stream(handle, stream), "the stream");
  return handle;
}

int cudnn_data_type(DType dtype) {
  return dtype == DType::kF16 ? dnn::kF16 : dtype == DType::kBF16 ? dnn::kBF16 : dnn::kF32;
}

}  // namespace ingot::cuda

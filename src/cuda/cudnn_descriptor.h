// cuDNN 9's graph interface: the library's functions and its descriptors.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "cuda/cudnn_declarations.h"
#include "cuda/driver.h"
#include "tensor/dtype.h"

namespace ingot::cuda {

struct Cudnn {
  Cudnn();
  SharedLibrary library;
  size_t (*version)() = nullptr;
  int (*create)(dnn::Handle*) = nullptr;
  int (*set_stream)(dnn::Handle, Stream) = nullptr;
  int (*descriptor_create)(int, dnn::Descriptor*) = nullptr;
  int (*descriptor_destroy)(dnn::Descriptor) = nullptr;
  int (*set)(dnn::Descriptor, int, int, int64_t, const void*) = nullptr;
  int (*get)(dnn::Descriptor, int, int, int64_t, int64_t*, void*) = nullptr;
  int (*finalize)(dnn::Descriptor) = nullptr;
  int (*execute)(dnn::Handle, dnn::Descriptor, dnn::Descriptor) = nullptr;
  void (*last_error)(char*, size_t) = nullptr;
};

Cudnn& cudnn();

// ": " and what cuDNN says of the thread's last failure, in one line; empty when it says nothing.
std::string cudnn_message();
// Unless the status is 0: throws kDevice (check) or, where cuDNN may decline, kUnsupported (require) with `what`, the
// status and the message.
void check_cudnn(int status, const std::string& what);
void require_cudnn(int status, const std::string& what);

// One handle per thread and GPU that it is on, for cuDNN's handles are not shared; those of a thread that ends are
// another's.
dnn::Handle cudnn_handle(Stream stream);

// A descriptor, shared by its copies.
class Descriptor {
 public:
  explicit Descriptor(int type) {
    dnn::Descriptor made = nullptr;
    require_cudnn(cudnn().descriptor_create(type, &made), fmt::format("descriptor {}", type));
    descriptor_ = std::shared_ptr<void>(made, [](void* each) { cudnn().descriptor_destroy(each); });
  }

  dnn::Descriptor get() const { return descriptor_.get(); }
  void set(int name, int type, int64_t count, const void* values) {
    require_cudnn(cudnn().set(get(), name, type, count, values), fmt::format("attribute {}", name));
  }
  void set(int name, int type, const std::vector<int64_t>& values) {
    set(name, type, static_cast<int64_t>(values.size()), values.data());
  }
  void set_int(int name, int type, int32_t value) { set(name, type, 1, &value); }
  void set_descriptor(int name, const Descriptor& value) {
    const dnn::Descriptor raw = value.get();
    set(name, dnn::kTypeDescriptor, 1, &raw);
  }
  int finalize() { return cudnn().finalize(get()); }

 private:
  std::shared_ptr<void> descriptor_;
};

int cudnn_data_type(DType dtype);

}  // namespace ingot::cuda

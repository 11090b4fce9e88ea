#include "cuda/cuda_operations.h"

#include <algorithm>

#include "cuda/compiler.h"
#include "cuda/requirements.h"

namespace ingot::cuda {
namespace {

using device::Address;
using device::Operation;

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

}  // namespace

std::unique_ptr<device::Module> load_module(const std::string& code, Stream stream, bool early) {
  return std::make_unique<CudaModule>(code, stream, early);
}

std::unique_ptr<Operation> graph_operation(Graph graph, Context context, Stream stream) {
  return std::make_unique<GraphOperation>(graph, context, stream);
}

}  // namespace ingot::cuda

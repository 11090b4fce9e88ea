// The operations of a binding on an accelerator.
#pragma once
#include <map>

#include "kernels/cuda/device_row.h"
#include "runtime/preparation.h"

namespace ingot::runtime {

// Operations by what they do, so that equal work is compiled and tuned once. Of one thread.
class OperationTable {
 public:
  OperationTable(device::Device& device, Preparation& spent) : device_(device), spent_(spent) {}

  // The calls with every library operation made; those the library lacks are taken apart.
  std::vector<kernels::cuda::Call> prepare(const kernels::cuda::Call& call);
  // Of own kernels, once all calls are prepared.
  const std::vector<std::string>& sources() const { return sources_; }
  void compile();
  // Of a call that prepare() gave.
  std::shared_ptr<device::Operation> operation(const kernels::cuda::Call& call);

 private:
  template <class Choose> std::unique_ptr<device::Operation> chosen(const Choose& choose);
  std::unique_ptr<device::Operation> made_choice(const kernels::cuda::Choice& choice);
  std::unique_ptr<device::Operation> own_operation(const kernels::cuda::KernelText& kernel);
  std::unique_ptr<device::Operation> rest_operation(const kernels::cuda::Rest& rest);
  std::vector<kernels::cuda::Call> prepare(const kernels::cuda::Call& call, bool taken_apart);
  void add_kernel(const kernels::cuda::KernelText& kernel, bool taken_apart);

  device::Device& device_;
  Preparation& spent_;
  struct Kernel {
    size_t unit;  // of its source
    std::shared_ptr<device::Operation> operation;
  };
  std::map<std::string, std::shared_ptr<device::Operation>> library_;
  std::map<std::string, Kernel> kernels_;
  std::vector<std::string> sources_;
  std::vector<std::unique_ptr<device::Module>> modules_;  // by source
  std::optional<size_t> open_;                            // the source that grows
};

}  // namespace ingot::runtime

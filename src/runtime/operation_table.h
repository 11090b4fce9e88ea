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

  // Has the device make at once what it remembers of the library operations among these, which prepare() then finds.
  void recall(std::span<const kernels::cuda::Emission> emissions);
  // The calls with every library operation made; those the library lacks are taken apart.
  std::vector<kernels::cuda::Call> prepare(const kernels::cuda::Call& call);
  // Of own kernels, once all calls are prepared.
  const std::vector<std::string>& sources() const { return sources_; }
  void compile();
  // The same of choices among prepared calls, once kernels are compiled.
  void recall_choices();
  // Of a call that prepare() gave.
  std::shared_ptr<device::Operation> operation(const kernels::cuda::Call& call);

 private:
  template <class Choose> auto timed_choice(const Choose& choose);
  void recall(std::span<const device::LibraryProblem> problems);
  device::OwnOperation own_of(const kernels::cuda::Choice& choice);
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
  std::map<std::string, kernels::cuda::Choice> choices_;  // by the own kernel's name
  std::vector<std::string> sources_;
  std::vector<std::unique_ptr<device::Module>> modules_;  // by source
  std::optional<size_t> open_;                            // the source that grows
};

}  // namespace ingot::runtime

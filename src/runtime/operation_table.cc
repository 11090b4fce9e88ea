#include "runtime/operation_table.h"

#include "base/error.h"
#include "base/hash.h"

namespace ingot::runtime {
namespace {

using device::text_of;
using kernels::cuda::Call;
using kernels::cuda::Choice;
using kernels::cuda::KernelText;

std::string name_of(const KernelText& kernel) {
  const std::string text = kernels::cuda::text_of(kernel);
  return "k" + hash128(std::as_bytes(std::span(text))).hex();
}

// Of the kernel with all that is compiled into it.
std::string identity(const KernelText& kernel) {
  const std::string text = kernels::cuda::kernel_prelude() + name_of(kernel);
  return hash128(std::as_bytes(std::span(text))).hex();
}

}  // namespace

std::vector<Call> OperationTable::prepare(const Call& call) {
  try {
    if (const auto* conv = std::get_if<device::Convolution>(&call.work)) {
      auto& made = library_[text_of(*conv)];
      if (made == nullptr) made = chosen([&] { return device_.convolution(*conv, nullptr); });
    } else if (const auto* product = std::get_if<device::MatrixProduct>(&call.work)) {
      auto& made = library_[text_of(*product)];
      if (made == nullptr) made = chosen([&] { return device_.matrix_product(*product, nullptr); });
    } else {
      add_kernel(*kernels::cuda::own_kernel(call));
    }
    return {call};
  } catch (const Error& error) {
    const auto* conv = std::get_if<device::Convolution>(&call.work);
    const bool fused = conv != nullptr && call.operands.size() > 3;
    if (error.code() != Code::kUnsupported ||
        !(fused || (conv != nullptr && conv->activation != device::Activation::kNone)))
      throw;
  }
  std::vector<Call> all;
  for (const Call& part : kernels::cuda::split_convolution(call)) {
    const auto prepared = prepare(part);
    all.insert(all.end(), prepared.begin(), prepared.end());
  }
  return all;
}

void OperationTable::compile() {
  if (kernels_.empty()) return;
  timed(spent_.modules_ms, [&] { module_ = device_.load(kernels::cuda::kernel_prelude() + source_); });
}

std::shared_ptr<device::Operation> OperationTable::operation(const Call& call) {
  if (const auto* conv = std::get_if<device::Convolution>(&call.work)) return library_.at(text_of(*conv));
  if (const auto* product = std::get_if<device::MatrixProduct>(&call.work)) return library_.at(text_of(*product));
  if (const auto* choice = std::get_if<Choice>(&call.work)) {
    auto& made = library_[name_of(choice->own)];
    if (made == nullptr) made = chosen([&] { return made_choice(*choice); });
    return made;
  }
  const auto& kernel = std::get<KernelText>(call.work);
  auto& made = kernels_.at(name_of(kernel));
  if (made == nullptr) made = own_operation(kernel);
  return made;
}

// Opening libraries is counted by the device.
template <class Choose> std::unique_ptr<device::Operation> OperationTable::chosen(const Choose& choose) {
  const double before = device_.effort().libraries_ms;
  auto operation = timed(spent_.choices_ms, choose);
  spent_.choices_ms -= device_.effort().libraries_ms - before;
  return operation;
}

std::unique_ptr<device::Operation> OperationTable::made_choice(const Choice& choice) {
  const device::OwnOperation own{identity(choice.own), [&] { return own_operation(choice.own); }};
  if (const auto* attention = std::get_if<device::Attention>(&choice.problem)) {
    return device_.attention(*attention, own);
  }
  if (const auto* product = std::get_if<device::MatrixProduct>(&choice.problem)) {
    return device_.matrix_product(*product, &own);
  }
  return device_.convolution(std::get<device::Convolution>(choice.problem), &own);
}

std::unique_ptr<device::Operation> OperationTable::own_operation(const KernelText& kernel) {
  return module_->operation({name_of(kernel), {static_cast<uint32_t>(kernel.blocks), 1, 1}, {kernel.threads, 1, 1}});
}

void OperationTable::add_kernel(const KernelText& kernel) {
  const std::string name = name_of(kernel);
  if (!kernels_.try_emplace(name).second) return;
  source_ += kernels::cuda::kernel_source(kernel, name);
}

}  // namespace ingot::runtime

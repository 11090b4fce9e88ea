#include "runtime/operation_table.h"

#include "base/error.h"
#include "base/hash.h"

namespace ingot::runtime {
namespace {

using device::text_of;
using kernels::cuda::Call;
using kernels::cuda::Choice;
using kernels::cuda::KernelText;

// A source takes kernels until they are that long: some hundred milliseconds of compiling.
constexpr size_t kSourceBytes = 16 << 10;

// Profilers and sanitizers tell own kernels from NVIDIA's by how their names begin.
std::string name_of(const KernelText& kernel) {
  const std::string text = kernels::cuda::text_of(kernel);
  return "ingot_" + hash128(std::as_bytes(std::span(text))).hex();
}

// Of the kernel with all that is compiled into it.
std::string identity(const KernelText& kernel) {
  const std::string text = kernels::cuda::kernel_prelude() + name_of(kernel);
  return hash128(std::as_bytes(std::span(text))).hex();
}

// On some of the operands that it is given.
class OnOperands : public device::Operation {
 public:
  OnOperands(std::unique_ptr<device::Operation> operation, std::vector<size_t> which)
      : operation_(std::move(operation)), which_(std::move(which)), operands_(which_.size()) {}
  void enqueue(std::span<const device::Address> operands, device::Address workspace) override {
    for (size_t i = 0; i < which_.size(); ++i) operands_[i] = operands[which_[i]];
    operation_->enqueue(operands_, workspace);
  }

 private:
  std::unique_ptr<device::Operation> operation_;
  std::vector<size_t> which_;
  std::vector<device::Address> operands_;
};

}  // namespace

// Opening libraries is counted by the device.
template <class Choose> auto OperationTable::timed_choice(const Choose& choose) {
  struct LeaveOutLibraries {
    OperationTable& table;
    double before = table.device_.effort().libraries_ms;
    ~LeaveOutLibraries() { table.spent_.choices_ms -= table.device_.effort().libraries_ms - before; }
  } leave_out{*this};
  return timed(spent_.choices_ms, choose);
}

void OperationTable::recall(std::span<const kernels::cuda::Emission> emissions) {
  std::map<std::string, device::LibraryProblem> problems;
  for (const kernels::cuda::Emission& emission : emissions) {
    for (const Call& call : emission) {
      if (const auto* conv = std::get_if<device::Convolution>(&call.work)) problems[text_of(*conv)] = {*conv};
      if (const auto* product = std::get_if<device::MatrixProduct>(&call.work)) {
        problems[text_of(*product)] = {*product};
      }
    }
  }
  std::vector<device::LibraryProblem> all;
  for (const auto& [text, problem] : problems) all.push_back(problem);
  recall(all);
}

void OperationTable::recall_choices() {
  std::vector<device::OwnOperation> own;
  own.reserve(choices_.size());
  std::vector<device::LibraryProblem> all;
  for (const auto& [name, choice] : choices_) {
    own.push_back(own_of(choice));
    all.push_back({choice.problem, &own.back()});
  }
  recall(all);
}

void OperationTable::recall(std::span<const device::LibraryProblem> problems) {
  if (!problems.empty()) timed_choice([&] { device_.recall(problems); });
}

std::vector<Call> OperationTable::prepare(const Call& call) { return prepare(call, false); }

std::vector<Call> OperationTable::prepare(const Call& call, bool taken_apart) {
  try {
    if (const auto* conv = std::get_if<device::Convolution>(&call.work)) {
      auto& made = library_[text_of(*conv)];
      if (made == nullptr) made = timed_choice([&] { return device_.convolution(*conv, nullptr); });
    } else if (const auto* product = std::get_if<device::MatrixProduct>(&call.work)) {
      auto& made = library_[text_of(*product)];
      if (made == nullptr) made = timed_choice([&] { return device_.matrix_product(*product, nullptr); });
    } else {
      add_kernel(*kernels::cuda::own_kernel(call), taken_apart);
      if (const auto* choice = std::get_if<Choice>(&call.work)) {
        choices_.try_emplace(name_of(choice->own), *choice);
        if (choice->rest) add_kernel(choice->rest->kernel, taken_apart);
      }
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
    const auto prepared = prepare(part, true);
    all.insert(all.end(), prepared.begin(), prepared.end());
  }
  return all;
}

void OperationTable::compile() {
  timed(spent_.modules_ms, [&] {
    device_.compile(sources_);
    for (const std::string& source : sources_) modules_.push_back(device_.load(source));
  });
}

std::shared_ptr<device::Operation> OperationTable::operation(const Call& call) {
  if (const auto* conv = std::get_if<device::Convolution>(&call.work)) return library_.at(text_of(*conv));
  if (const auto* product = std::get_if<device::MatrixProduct>(&call.work)) return library_.at(text_of(*product));
  if (const auto* choice = std::get_if<Choice>(&call.work)) {
    auto& made = library_[name_of(choice->own)];
    if (made == nullptr) made = timed_choice([&] { return made_choice(*choice); });
    return made;
  }
  const auto& kernel = std::get<KernelText>(call.work);
  auto& made = kernels_.at(name_of(kernel)).operation;
  if (made == nullptr) made = own_operation(kernel);
  return made;
}

device::OwnOperation OperationTable::own_of(const Choice& choice) {
  device::OwnOperation own{identity(choice.own), [this, &choice] { return own_operation(choice.own); }, {}, {}};
  if (choice.rest) {
    own.made_from += ", behind a library's " + identity(choice.rest->kernel);
    own.make_rest = [this, &choice] { return rest_operation(*choice.rest); };
    own.more_bytes = choice.rest->more_bytes;
  }
  return own;
}

std::unique_ptr<device::Operation> OperationTable::made_choice(const Choice& choice) {
  const device::OwnOperation own = own_of(choice);
  if (const auto* attention = std::get_if<device::Attention>(&choice.problem)) {
    return device_.attention(*attention, own);
  }
  if (const auto* product = std::get_if<device::MatrixProduct>(&choice.problem)) {
    return device_.matrix_product(*product, &own);
  }
  return device_.convolution(std::get<device::Convolution>(choice.problem), &own);
}

std::unique_ptr<device::Operation> OperationTable::own_operation(const KernelText& kernel) {
  const std::string name = name_of(kernel);
  return modules_[kernels_.at(name).unit]->operation(
      {name, {static_cast<uint32_t>(kernel.blocks), 1, 1}, {kernel.threads, 1, 1}});
}

std::unique_ptr<device::Operation> OperationTable::rest_operation(const kernels::cuda::Rest& rest) {
  return std::make_unique<OnOperands>(own_operation(rest.kernel), rest.operands);
}

// What a device takes apart for want of a library is a source of its own each, so that all sources are the same on
// every device that has them.
void OperationTable::add_kernel(const KernelText& kernel, bool taken_apart) {
  const std::string name = name_of(kernel);
  const auto [place, is_new] = kernels_.try_emplace(name);
  if (!is_new) return;
  static const std::string prelude = kernels::cuda::kernel_prelude();
  const bool full = !open_ || sources_[*open_].size() > prelude.size() + kSourceBytes;
  const size_t unit = taken_apart || full ? sources_.size() : *open_;
  if (unit == sources_.size()) sources_.push_back(prelude);
  if (!taken_apart) open_ = unit;
  place->second.unit = unit;
  sources_[unit] += kernels::cuda::kernel_source(kernel, name);
}

}  // namespace ingot::runtime

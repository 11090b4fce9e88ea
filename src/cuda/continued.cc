#include "cuda/continued.h"

namespace ingot::cuda {
namespace {

using device::Address;
using device::Operation;

class Continued : public Operation {
 public:
  Continued(std::unique_ptr<Operation> library, size_t operands, std::unique_ptr<Operation> rest)
      : library_(std::move(library)), operands_(operands), rest_(std::move(rest)) {
    workspace_bytes = std::max(library_->workspace_bytes, rest_->workspace_bytes);
  }
  void enqueue(std::span<const Address> operands, Address workspace) override {
    library_->enqueue(operands.first(operands_), workspace);
    rest_->enqueue(operands, workspace);
  }
  const Operation& library() const { return *library_; }

 private:
  std::unique_ptr<Operation> library_;
  size_t operands_;
  std::unique_ptr<Operation> rest_;
};

}  // namespace

std::unique_ptr<Operation> continued(std::unique_ptr<Operation> library, size_t operands,
                                     const device::OwnOperation* own) {
  if (library == nullptr || own == nullptr || !own->make_rest) return library;
  return std::make_unique<Continued>(std::move(library), operands, own->make_rest());
}

const Operation& library_part(const Operation& operation) {
  const auto* whole = dynamic_cast<const Continued*>(&operation);
  return whole != nullptr ? whole->library() : operation;
}

}  // namespace ingot::cuda

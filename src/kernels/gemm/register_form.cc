#include "kernels/gemm/register_form.h"

#include "ops/binary.h"
#include "ops/cast.h"

namespace ingot::kernels::gemm {
namespace {

// Puts an epilogue's instructions into the places of a form, which come in this order.
class FormReader {
 public:
  FormReader(const Problem& problem, size_t first_operand)
      : problem_(problem),
        first_operand_(first_operand),
        operands_(static_cast<int64_t>(problem.inputs.size() - first_operand)),
        next_(1 + operands_) {}

  bool read(const TileInstruction& instruction) {
    const auto* unary = instruction.op.as<Unary>();
    const auto* binary = instruction.op.as<Binary>();
    const auto* cast = instruction.op.as<Cast>();
    bool fits = instruction.operands[0] == value_ && cast != nullptr && cast->to == DType::kF32;  // it is f32
    if (unary != nullptr) fits = instruction.operands[0] == value_ && read(*unary);
    if (binary != nullptr) fits = read(*binary, instruction.operands);
    value_ = next_++;
    return fits;
  }
  const RegisterForm& form() const { return form_; }

 private:
  enum Place { kSum, kAdded, kActivated, kScaled, kShifted, kAddedLast, kRaised, kLowered };
  bool advance(Place place) {
    if (place_ >= place) return false;
    place_ = place;
    return true;
  }
  bool read(const Unary& unary) {
    if (unary.fn != UnaryFn::kRelu) {
      form_.activation = unary;
      return advance(kActivated);
    }
    form_.relu = true;
    return advance(kRaised);
  }
  bool read(const Binary& binary, std::span<const int64_t> operands) {
    const bool second = operands[0] == value_;
    const int64_t other = operands[second ? 1 : 0];
    if (operands[second ? 0 : 1] != value_ || other < 1 || other > operands_) return false;
    const size_t input = first_operand_ + static_cast<size_t>(other) - 1;
    const bool scalar = element_count(problem_.inputs[input].shape) == 1;
    switch (binary.fn) {
      case BinaryFn::kAdd: return add(input, scalar);
      case BinaryFn::kMul: return scalar && form_.activation && keep(form_.scale, input, kScaled);
      case BinaryFn::kMax: return scalar && keep(form_.low, input, kRaised);
      case BinaryFn::kMin: return scalar && keep(form_.high, input, kLowered);
      default: return false;
    }
  }
  bool add(size_t input, bool scalar) {
    if (!form_.activation) return keep(form_.addend, input, kAdded);
    if (scalar && place_ < kShifted) return keep(form_.shift, input, kShifted);
    form_.addend_last = true;
    return !form_.addend && keep(form_.addend, input, kAddedLast);
  }
  bool keep(std::optional<size_t>& member, size_t input, Place place) {
    member = input;
    return advance(place);
  }

  const Problem& problem_;
  size_t first_operand_;
  int64_t operands_, next_, value_ = 0;
  Place place_ = kSum;
  RegisterForm form_;
};

}  // namespace

std::optional<RegisterForm> register_form(const Problem& problem, std::span<const TileInstruction> body,
                                          size_t first_operand) {
  FormReader reader(problem, first_operand);
  for (const TileInstruction& instruction : body) {
    if (!reader.read(instruction)) return std::nullopt;
  }
  return reader.form();
}

}  // namespace ingot::kernels::gemm

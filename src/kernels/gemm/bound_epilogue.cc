#include "kernels/gemm/bound_epilogue.h"

#include "base/checked.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/strided_walk.h"
#include "ops/unary.h"

namespace ingot::kernels::gemm {
namespace {

// The one stride of axes [first, last) walked in row-major order.
std::optional<int64_t> uniform_stride(const Shape& result, const Shape& strides, size_t first, size_t last) {
  int64_t stride = 0, extent = 0;
  for (size_t axis = last; axis-- > first;) {
    if (result[axis] == 1) continue;
    if (extent == 0) {
      stride = strides[axis];
      extent = result[axis];
    } else if (strides[axis] != stride * extent) {
      return std::nullopt;
    } else {
      extent *= result[axis];
    }
  }
  return stride;
}

}  // namespace

std::optional<RowView> view_by_rows(const Shape& shape, const RowLayout& layout) {
  const Shape& result = layout.result;
  const Shape strides = broadcast_strides(shape, result);
  const size_t columns = result.size() - layout.column_axes;
  const auto row = uniform_stride(result, strides, layout.product_axes, columns);
  const auto column = uniform_stride(result, strides, columns, result.size());
  if (!row || !column) return std::nullopt;
  RowView view{{}, *row, *column};
  const int64_t width = element_count(std::span(result).subspan(columns));
  if (width == 1) view.column = 1;
  const Shape products(result.begin(), result.begin() + static_cast<int64_t>(layout.product_axes));
  StridedWalk<1> walk(products, {Shape(strides.begin(), strides.begin() + static_cast<int64_t>(products.size()))});
  for (int64_t i = element_count(products); i > 0; --i, walk.next()) view.products.push_back(walk.offset());
  return view;
}

bool view_by_rows(const Problem& problem, size_t first_operand, const RowLayout& layout) {
  for (size_t input = first_operand; input < problem.inputs.size(); ++input) {
    if (!view_by_rows(problem.inputs[input].shape, layout)) return false;
  }
  return true;
}

const char* refuse_epilogue(std::span<const TileInstruction> body, const Problem& problem, size_t first_operand) {
  const size_t operands = problem.inputs.size() > first_operand ? problem.inputs.size() - first_operand : 0;
  if (operands > kMaxOperands) return "the epilogue has too many operands";
  for (const auto& input : problem.inputs) {
    if (input.present() && input.dtype != DType::kF32) return "an input is not f32";
  }
  return body.empty() ? nullptr : refuse_row_program(body, operands);
}

std::string epilogue_text(std::span<const TileInstruction> body) {
  std::string text;
  for (const TileInstruction& instruction : body) {
    text += " +";
    if (const auto* unary = instruction.op.as<Unary>()) {
      text += EnumNames<UnaryFn>::kNames[static_cast<size_t>(unary->fn)];
    } else if (const auto* binary = instruction.op.as<Binary>()) {
      text += EnumNames<BinaryFn>::kNames[static_cast<size_t>(binary->fn)];
    } else {
      text += instruction.op.name();
    }
  }
  return text;
}

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

BoundEpilogue::BoundEpilogue(const Problem& problem, RowLayout layout, size_t bias_input,
                             std::span<const TileInstruction> body, size_t first_operand, IsaLevel isa,
                             bool in_registers)
    : layout_(std::move(layout)), elements_(element_count(layout_.result)) {
  if (bias_input < problem.inputs.size() && problem.inputs[bias_input].present()) {
    bias_ = bind_operand(problem, bias_input, true);
  }
  if (body.empty()) return;
  if (const auto form = register_form(problem, body, first_operand); form && form->plain() && in_registers) {
    form_ = *form;
    if (form_.addend) addend_ = bind_operand(problem, *form_.addend, true);
    return;
  }
  for (size_t input = first_operand; input < problem.inputs.size(); ++input) {
    operands_.push_back(bind_operand(problem, input, false));
  }
  program_ = make_row_program(body, operands_.size(), isa);
}

BoundEpilogue::Operand BoundEpilogue::bind_operand(const Problem& problem, size_t input, bool column_vector) {
  const Shape& shape = problem.inputs[input].shape;
  Operand operand{input, {}, -1, broadcast_strides(shape, layout_.result)};
  auto view = view_by_rows(shape, layout_);
  if (!view || (column_vector && view->column != 1)) {
    operand.expanded = static_cast<int64_t>(scratch_bytes_);
    scratch_bytes_ += static_cast<size_t>(round_up(storage_bytes(DType::kF32, element_count(layout_.result)), 64));
    view = view_by_rows(layout_.result, layout_);
  }
  operand.view = std::move(*view);
  return operand;
}

void BoundEpilogue::prepare(const void* const* inputs, std::byte* scratch) const noexcept {
  const auto expand = [&](const Operand& operand) {
    if (operand.expanded < 0) return;
    const auto* from = static_cast<const float*>(inputs[operand.input]);
    auto* to = reinterpret_cast<float*>(scratch + operand.expanded);
    for (int64_t i = 0; i < elements_; ++i) {
      int64_t rest = i, offset = 0;
      for (size_t axis = layout_.result.size(); axis-- > 0; rest /= layout_.result[axis]) {
        offset += rest % layout_.result[axis] * operand.strides[axis];
      }
      to[i] = from[offset];
    }
  };
  if (bias_) expand(*bias_);
  if (addend_) expand(*addend_);
  for (const Operand& operand : operands_) expand(operand);
}

RowOperand BoundEpilogue::at(const Operand& operand, const void* const* inputs, const std::byte* scratch, int64_t index,
                             int64_t column) const noexcept {
  const auto* data = operand.expanded < 0 ? static_cast<const float*>(inputs[operand.input])
                                          : reinterpret_cast<const float*>(scratch + operand.expanded);
  const RowView& view = operand.view;
  return {data + view.products[static_cast<size_t>(index)] + column * view.column, view.row, view.column};
}

void BoundEpilogue::fill(const void* const* inputs, const std::byte* scratch, int64_t index, int64_t column,
                         Product& product) const noexcept {
  TileFinish& finish = product.finish;
  if (bias_) {
    const RowOperand bias = at(*bias_, inputs, scratch, index, column);
    finish.bias = bias.data;
    finish.bias_stride = bias.row_stride;
  }
  if (addend_) {
    const RowOperand addend = at(*addend_, inputs, scratch, index, column);
    finish.addend = addend.data;
    finish.addend_stride = addend.row_stride;
  }
  if (form_.relu) finish.low = 0;
  if (form_.low) finish.low = *static_cast<const float*>(inputs[*form_.low]);
  if (form_.high) finish.high = *static_cast<const float*>(inputs[*form_.high]);
  for (size_t i = 0; i < operands_.size(); ++i) {
    product.operands[i] = at(operands_[i], inputs, scratch, index, column);
  }
}

}  // namespace ingot::kernels::gemm

#include "kernels/pointwise/program.h"

#include <bit>
#include <cstring>

#include "base/error.h"
#include "ops/cast.h"
#include "ops/where.h"
#include "tensor/float_types.h"

namespace ingot::kernels {
namespace {

constexpr int kNowhere = -1;

// Emits steps in the order of the body. One value at a time is in the accumulator; a value that is needed again later
// is spilled to a slot when another takes its place.
class Emitter {
 public:
  Emitter(const ProgramSource& source, Program& program) : source_(source), program_(program) {
    const size_t values = source.inputs.size() + source.body.size();
    uses_.assign(values, 0);
    place_.assign(values, kNowhere);
    for (const int64_t result : source.results) ++uses_[result];
    for (size_t i = source.body.size(); i-- > 0;) {
      if (uses_[source.inputs.size() + i] == 0) continue;  // dead
      for (const int64_t operand : source.body[i].operands) ++uses_[operand];
    }
    for (size_t i = 0; i < source.inputs.size(); ++i) {
      if (is_float_in_memory(i)) place_[i] = static_cast<int>(i);
    }
  }

  void emit_all() {
    for (size_t i = 0; i < source_.inputs.size(); ++i) store_results(static_cast<int64_t>(i));
    for (size_t i = 0; i < source_.body.size(); ++i) {
      const auto value = static_cast<int64_t>(source_.inputs.size() + i);
      if (uses_[value] == 0) continue;
      i += emit(source_.body[i], value, i);
      store_results(static_cast<int64_t>(source_.inputs.size() + i));
    }
    push({});
  }

 private:
  // Whether steps may read the input as their operand as it is.
  bool is_float_in_memory(size_t input) const {
    return source_.inputs[input].splat || source_.inputs[input].dtype == DType::kF32;
  }
  bool is_brain_in_memory(int64_t value) const {
    return is_input(value) && !is_splat(value) && source_.inputs[value].dtype == DType::kBF16;
  }
  bool is_input(int64_t value) const { return value < static_cast<int64_t>(source_.inputs.size()); }
  bool is_slot(int place) const { return place >= static_cast<int>(program_.inputs + program_.results); }
  bool is_splat(int64_t value) const { return is_input(value) && source_.inputs[value].splat; }

  void push(const Step& step) { program_.full.push_back(step); }
  void push(StepCode code, int place, bool splat) {
    Step step;
    step.code = code;
    step.place = static_cast<uint16_t>(place);
    step.splat = splat;
    push(step);
  }

  int take_slot() {
    for (size_t i = 0; i < slot_used_.size(); ++i) {
      if (!slot_used_[i]) {
        slot_used_[i] = true;
        return slot_place(i);
      }
    }
    slot_used_.push_back(true);
    program_.slots = slot_used_.size();
    return slot_place(slot_used_.size() - 1);
  }
  int slot_place(size_t slot) const { return static_cast<int>(program_.inputs + program_.results + slot); }

  // Makes the value in the accumulator readable from memory too.
  void spill() {
    if (accumulator_ == kNowhere || place_[accumulator_] != kNowhere) return;
    place_[accumulator_] = take_slot();
    push(StepCode::kStore, place_[accumulator_], false);
  }
  // Before the accumulator is overwritten.
  void keep() {
    if (accumulator_ != kNowhere && uses_[accumulator_] > 0) spill();
  }
  void load(int64_t value) {
    if (accumulator_ == value) return;
    keep();
    Step step;
    step.code = StepCode::kLoad;
    if (place_[value] != kNowhere) {
      step.place = static_cast<uint16_t>(place_[value]);
      step.splat = is_splat(value);
    } else {
      step.place = static_cast<uint16_t>(value);
      step.type = source_.inputs[value].dtype;
    }
    push(step);
    accumulator_ = value;
  }
  void to_memory(int64_t value) {
    if (place_[value] != kNowhere) return;
    load(value);
    spill();
  }
  void use(int64_t value) {
    if (--uses_[value] > 0 || place_[value] == kNowhere || !is_slot(place_[value])) return;
    slot_used_[place_[value] - slot_place(0)] = false;
  }
  // The accumulator now holds `value`, computed from operands that were just used.
  void computed(int64_t value, std::initializer_list<int64_t> operands) {
    for (const int64_t operand : operands) use(operand);
    accumulator_ = value;
  }

  void store_results(int64_t value) {
    for (size_t k = 0; k < source_.results.size(); ++k) {
      if (source_.results[k] != value) continue;
      load(value);
      Step step;
      step.type = source_.outputs[k];
      step.code = source_.stream_results && step.type == DType::kF32 ? StepCode::kStream : StepCode::kStore;
      step.place = static_cast<uint16_t>(program_.inputs + k);
      push(step);
      use(value);
    }
  }

  // Returns how many further instructions were taken in.
  size_t emit(const TileInstruction& instruction, int64_t value, size_t index) {
    const auto& operands = instruction.operands;
    if (const auto* unary = instruction.op.as<Unary>()) {
      emit_unary(*unary, operands[0], value);
    } else if (const auto* binary = instruction.op.as<Binary>()) {
      if (binary->fn == BinaryFn::kMul && emit_mul_add(instruction, value, index)) return 1;
      emit_binary(binary->fn, operands[0], operands[1], value);
    } else if (const auto* cast = instruction.op.as<Cast>()) {
      emit_cast(*cast, operands[0], value);
    } else {
      emit_pair(StepCode::kWhere, operands[0], operands[1], operands[2], value);
    }
    return 0;
  }

  // An operand is about to be overwritten in the accumulator: keep it when it is needed after this instruction.
  void take_accumulator(int64_t value, int uses_now) {
    load(value);
    if (uses_[value] > uses_now) spill();
  }

  void emit_unary(const Unary& unary, int64_t x, int64_t value) {
    take_accumulator(x, 1);
    Step step;
    step.code = StepCode::kUnary;
    step.fn = static_cast<uint8_t>(unary.fn);
    step.alpha = static_cast<float>(unary.alpha);
    step.beta = static_cast<float>(unary.beta);
    push(step);
    computed(value, {x});
  }

  void emit_binary(BinaryFn fn, int64_t a, int64_t b, int64_t value) {
    Step step;
    step.fn = static_cast<uint8_t>(fn);
    const bool reverse = accumulator_ == b && accumulator_ != a;
    const int64_t held = reverse ? b : a, other = reverse ? a : b;
    const bool in_place = reads_brain(fn) && is_brain_in_memory(other) && place_[other] == kNowhere && a != b;
    if (!in_place) to_memory(other);
    take_accumulator(held, a == b ? 2 : 1);
    step.code = reverse && !is_commutative(fn) ? StepCode::kReverse : StepCode::kBinary;
    step.place = static_cast<uint16_t>(in_place ? other : place_[other]);
    if (in_place) step.type = DType::kBF16;
    step.splat = is_splat(other);
    push(step);
    computed(value, {a, b});
  }

  // acc = code(held, first, second).
  void emit_pair(StepCode code, int64_t held, int64_t first, int64_t second, int64_t value) {
    to_memory(first);
    to_memory(second);
    take_accumulator(held, (held == first) + (held == second) + 1);
    Step step;
    step.code = code;
    step.place = static_cast<uint16_t>(place_[first]);
    step.place2 = static_cast<uint16_t>(place_[second]);
    step.splat = is_splat(first);
    step.splat2 = is_splat(second);
    push(step);
    computed(value, {held, first, second});
  }

  // A product that only the next instruction, an addition, needs.
  bool emit_mul_add(const TileInstruction& product, int64_t value, size_t index) {
    if (index + 1 >= source_.body.size() || uses_[value] != 1 || is_result(value) || uses_[value + 1] == 0)
      return false;
    const TileInstruction& next = source_.body[index + 1];
    const auto* sum = next.op.as<Binary>();
    if (sum == nullptr || sum->fn != BinaryFn::kAdd) return false;
    const int64_t addend = next.operands[0] == value ? next.operands[1] : next.operands[0];
    if ((next.operands[0] != value && next.operands[1] != value) || addend == value) return false;
    // Worth it only when the addend need not pass through the accumulator.
    if (place_[addend] == kNowhere) return false;
    const bool second_held = accumulator_ == product.operands[1];
    emit_pair(StepCode::kMulAdd, product.operands[second_held], product.operands[!second_held], addend, value + 1);
    return true;
  }
  bool is_result(int64_t value) const {
    for (const int64_t result : source_.results) {
      if (result == value) return true;
    }
    return false;
  }

  DType dtype_of_value(int64_t value) const {
    if (is_input(value)) return source_.inputs[value].dtype;
    const TileInstruction& instruction = source_.body[value - source_.inputs.size()];
    if (const auto* cast = instruction.op.as<Cast>()) return cast->to;
    if (const auto* binary = instruction.op.as<Binary>(); binary && is_comparison(binary->fn)) return DType::kBool;
    if (const auto* unary = instruction.op.as<Unary>();
        unary && (unary->fn == UnaryFn::kIsNan || unary->fn == UnaryFn::kIsInf)) {
      return DType::kBool;
    }
    return dtype_of_value(instruction.operands[instruction.op.is<Where>() ? 1 : 0]);
  }

  void emit_cast(const Cast& cast, int64_t x, int64_t value) {
    take_accumulator(x, 1);
    const DType from = dtype_of_value(x);
    Step step;
    if ((from == DType::kBool) != (cast.to == DType::kBool)) {
      step.code = from == DType::kBool ? StepCode::kToFloat : StepCode::kToTruth;
      push(step);
    } else if ((cast.to == DType::kF16 || cast.to == DType::kBF16) && from != cast.to) {
      step.code = StepCode::kRound;
      step.type = cast.to;
      push(step);
    }
    computed(value, {x});
  }

  const ProgramSource& source_;
  Program& program_;
  std::vector<int> uses_;
  std::vector<int> place_;  // where the value can be read as floats, or kNowhere
  std::vector<bool> slot_used_;
  int64_t accumulator_ = kNowhere;
};

enum class Kind { kNumber, kTruth, kInteger, kOther };

Kind kind_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16: return Kind::kNumber;
    case DType::kBool: return Kind::kTruth;
    case DType::kU8:
    case DType::kI8:
    case DType::kI32:
    case DType::kI64: return Kind::kInteger;
    default: return Kind::kOther;
  }
}

// kOther when the machine lacks the operator on these operands.
Kind kind_of_result(const Op& op, std::span<const Kind> operands) {
  const Kind a = operands[0];
  if (const auto* unary = op.as<Unary>()) {
    if (unary->fn == UnaryFn::kNot) return a == Kind::kTruth ? a : Kind::kOther;
    if (a != Kind::kNumber || unary->fn == UnaryFn::kBitwiseNot) return Kind::kOther;
    return unary->fn == UnaryFn::kIsNan || unary->fn == UnaryFn::kIsInf ? Kind::kTruth : Kind::kNumber;
  }
  if (const auto* binary = op.as<Binary>()) {
    const Kind b = operands[1];
    switch (binary->fn) {
      case BinaryFn::kAnd:
      case BinaryFn::kOr:
      case BinaryFn::kXor: return a == Kind::kTruth && b == Kind::kTruth ? a : Kind::kOther;
      case BinaryFn::kPow: return a == Kind::kNumber && (b == a || b == Kind::kInteger) ? a : Kind::kOther;
      case BinaryFn::kBitwiseAnd:
      case BinaryFn::kBitwiseOr:
      case BinaryFn::kBitwiseXor:
      case BinaryFn::kShiftLeft:
      case BinaryFn::kShiftRight: return Kind::kOther;
      default: break;
    }
    if (a != Kind::kNumber || b != Kind::kNumber) return Kind::kOther;
    return is_comparison(binary->fn) ? Kind::kTruth : Kind::kNumber;
  }
  if (op.is<Where>()) {
    const bool fits = a == Kind::kTruth && operands[1] == operands[2] && operands[1] <= Kind::kTruth;
    return fits ? operands[1] : Kind::kOther;
  }
  if (const auto* cast = op.as<Cast>()) {
    const Kind to = kind_of(cast->to);
    if (to == Kind::kInteger) return cast->to != DType::kI64 && a == Kind::kNumber ? to : Kind::kOther;
    return a == Kind::kOther ? a : to;
  }
  return Kind::kOther;
}

}  // namespace

const char* refuse_program(const ProgramSource& source) {
  if (source.inputs.size() + source.results.size() + kMaxSlots > kMaxPlaces) return "too many inputs and outputs";
  std::vector<Kind> kinds;
  for (const ProgramInput& input : source.inputs) {
    kinds.push_back(kind_of(input.dtype));
    if (kinds.back() == Kind::kOther) return "an input's type is not one that programs of floats read";
  }
  for (const TileInstruction& instruction : source.body) {
    std::vector<Kind> operands;
    for (const int64_t operand : instruction.operands) {
      operands.push_back(kinds[operand]);
      // Integers come from memory and go to memory only.
      const bool from_memory = operand < static_cast<int64_t>(source.inputs.size());
      if (operands.back() == Kind::kInteger && !from_memory) return "integer arithmetic in a program of floats";
    }
    kinds.push_back(kind_of_result(instruction.op, operands));
    if (kinds.back() == Kind::kOther) return "an operator that programs of floats lack";
  }
  for (size_t i = 0; i < source.results.size(); ++i) {
    const int64_t result = source.results[i];
    if (kinds[result] != kind_of(source.outputs[i])) return "an output's type is not that of its value";
    if (kinds[result] == Kind::kInteger && result < static_cast<int64_t>(source.inputs.size())) {
      return "an integer passed through a program of floats";
    }
  }
  Program trial;
  trial.inputs = source.inputs.size();
  trial.results = source.results.size();
  Emitter(source, trial).emit_all();
  return trial.slots > kMaxSlots ? "too many values alive at once" : nullptr;
}

Program compile_program(const ProgramSource& source, const Machine& machine) {
  Program program;
  program.machine = &machine;
  program.inputs = source.inputs.size();
  program.results = source.results.size();
  for (const ProgramInput& input : source.inputs) {
    program.element_bytes.push_back(input.splat ? 0 : static_cast<uint8_t>(dtype_bits(input.dtype) / 8));
  }
  for (const DType dtype : source.outputs) {
    program.element_bytes.push_back(static_cast<uint8_t>(dtype_bits(dtype) / 8));
  }
  Emitter(source, program).emit_all();
  program.narrow = program.full;
  for (Step& step : program.full) step.run = machine.find(step, false);
  for (Step& step : program.narrow) step.run = machine.find(step, true);
  for (const Step& step : program.full) INGOT_ASSERT(step.run != nullptr, "every step has its function");
  return program;
}

float splat_value(DType dtype, const void* data) {
  switch (dtype) {
    case DType::kF32: return *static_cast<const float*>(data);
    case DType::kF16: return static_cast<float>(*static_cast<const F16*>(data));
    case DType::kBF16: return static_cast<float>(*static_cast<const BF16*>(data));
    case DType::kU8: return *static_cast<const uint8_t*>(data);
    case DType::kI8: return *static_cast<const int8_t*>(data);
    case DType::kI32: return static_cast<float>(*static_cast<const int32_t*>(data));
    case DType::kI64: return static_cast<float>(*static_cast<const int64_t*>(data));
    default: return std::bit_cast<float>(*static_cast<const uint8_t*>(data) != 0 ? ~uint32_t{0} : uint32_t{0});
  }
}

ProgramRun::ProgramRun(const Program& program) : program_(program) {
  const size_t ports = program.inputs + program.results;
  for (size_t i = 0; i < ports; ++i) places_.mask[i] = -1;
  for (size_t i = 0; i < program.slots; ++i) {
    places_.pointer[ports + i] = slots_[i];
    places_.mask[ports + i] = 0;
  }
}

void ProgramRun::run(int64_t count) noexcept {
  const int64_t rest = count & (program_.machine->lanes - 1);
  if (count > rest) program_.machine->run(program_.full.data(), program_.narrow.data(), places_, count - rest);
  if (rest > 0) run_rest(count - rest, rest);
}

// The last elements, fewer than a vector, by way of buffers that are a vector long.
void ProgramRun::run_rest(int64_t done, int64_t rest) noexcept {
  alignas(64) std::byte buffers[kMaxPlaces][128];
  const void* bound[kMaxPlaces];
  const size_t ports = program_.inputs + program_.results;
  for (size_t i = 0; i < ports; ++i) {
    const size_t bytes = program_.element_bytes[i];
    bound[i] = places_.pointer[i];
    if (bytes == 0 || places_.mask[i] == 0) continue;
    std::memset(buffers[i], 0, sizeof(buffers[i]));
    if (i < program_.inputs) {
      std::memcpy(buffers[i], static_cast<const std::byte*>(bound[i]) + done * bytes, rest * bytes);
    }
    places_.pointer[i] = buffers[i];
  }
  program_.machine->run(program_.full.data(), program_.narrow.data(), places_, program_.machine->lanes);
  for (size_t i = 0; i < ports; ++i) {
    const size_t bytes = program_.element_bytes[i];
    places_.pointer[i] = bound[i];
    if (i < program_.inputs) continue;
    std::byte* out = static_cast<std::byte*>(const_cast<void*>(bound[i]));
    std::memcpy(out + done * bytes, buffers[i], rest * bytes);
  }
}

}  // namespace ingot::kernels

// Typed programs: elementwise code on any of the usual number types, instruction by instruction over tiles in L1.
// Serves integers, f64 and mixtures, which are rare and small (masks, positions, shapes), and CPUs without AVX2.
#pragma once
#include "kernels/pointwise/program.h"

namespace ingot::kernels {

struct TypedArgs {
  void* result;
  const void* operands[3];
  int64_t count;
  double alpha, beta;
};
using TypedFunction = void (*)(const TypedArgs& args);

// Null when there is none for these types. Elements: bool, u8, i8, i32, i64, f32, f64; casts also from and to f16 and
// bf16; where: any type of 1, 2, 4 or 8 bytes.
TypedFunction find_typed(const Op& op, std::span<const DType> operands);
DType typed_result(const Op& op, std::span<const DType> operands);

struct TypedStep {
  TypedFunction run = nullptr;
  double alpha = 0, beta = 0;
  // Values as ops/fused.h numbers them.
  int64_t result = 0;
  int64_t operands[3] = {0, 0, 0};
  size_t operand_count = 0;
};

struct TypedProgram {
  std::vector<TypedStep> steps;
  std::vector<DType> types;      // of every value
  std::vector<int64_t> results;  // values that are outputs
  std::vector<size_t> slots;     // per value: where it lives when it is no input
  size_t slot_count = 0;
};

inline constexpr size_t kMaxTypedSlots = 12;
inline constexpr size_t kMaxTypedInputs = 12;
inline constexpr size_t kMaxTypedValues = 96;

// Null when compile_typed takes it, else a static reason.
const char* refuse_typed(const ProgramSource& source);
TypedProgram compile_typed(const ProgramSource& source);

}  // namespace ingot::kernels

// The machine of tile programs: an accumulator of four vectors, places in memory, and steps that call each other.
//
// A program is an array of steps. Each step works on one block (four vectors, or one at the end of a run) that is
// passed from step to step in registers, and ends in a call of the next step, which the compiler makes a jump; the
// last step returns. So values of a chain never leave the registers unless they are needed twice.
//
// Values are f32, or truth values as lanes of all ones or zeros.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/cpu.h"
#include "ops/binary.h"
#include "ops/unary.h"
#include "tensor/dtype.h"

namespace ingot::kernels {

inline constexpr int kMaxPlaces = 48;
inline constexpr int kMaxSlots = 16;
inline constexpr int64_t kMaxBlock = 64;  // floats of the widest block

enum class StepCode : uint8_t {
  kEnd,
  kLoad,     // acc = place, converted from `type`
  kStore,    // place = acc, converted to `type`
  kStream,   // the same past the caches where the address is aligned; f32 only
  kUnary,    // acc = fn(acc)
  kBinary,   // acc = fn(acc, place); the place holds f32 or, where reads_brain(fn), elements of `type`
  kReverse,  // acc = fn(place, acc)
  kMulAdd,   // acc = acc * place + place2
  kWhere,    // acc = acc ? place : place2
  kToTruth,  // acc = acc != 0 as lanes
  kToFloat,  // acc = lanes as 1 or 0
  kRound,    // acc rounded to `type` (f16, bf16)
};

// Whether the machine has fn with an operand of bf16 as it lies in memory.
constexpr bool reads_brain(BinaryFn fn) { return fn <= BinaryFn::kMul; }

struct Step {
  void (*run)() = nullptr;  // the ISA's function
  float alpha = 0, beta = 0;
  uint16_t place = 0, place2 = 0;
  // What `run` was chosen by.
  StepCode code = StepCode::kEnd;
  uint8_t fn = 0;                      // UnaryFn or BinaryFn
  DType type = DType::kF32;            // in memory
  bool splat = false, splat2 = false;  // the place holds one float for all lanes
};

// Where the places are for the run at hand. Element i of a place is at pointer + (i & mask) elements: mask is -1 for
// a tensor's elements and 0 for a slot that holds one block.
struct Places {
  const void* pointer[kMaxPlaces];
  int64_t mask[kMaxPlaces];
};

// One ISA's machine.
struct Machine {
  int64_t lanes;
  // Null when there is none. `narrow`: one vector instead of four.
  void (*(*find)(const Step& step, bool narrow))();
  // Runs full and narrow steps over elements [0, count) of the places; count is a multiple of `lanes`.
  void (*run)(const Step* full, const Step* narrow, const Places& places, int64_t count) noexcept;
};

namespace avx2 {
extern const Machine kMachine;
}
namespace avx512 {
extern const Machine kMachine;
}
namespace avx512bf16 {
extern const Machine kMachine;  // as avx512, but rounds to bf16 by one instruction, which takes subnormals as 0
}
// Null below AVX2.
const Machine* machine_of(IsaLevel isa);

}  // namespace ingot::kernels

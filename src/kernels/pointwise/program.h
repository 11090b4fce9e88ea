// Tile programs: elementwise code on f32 (and its 16-bit storage types and truth values) compiled for step.h's machine.
#pragma once
#include <span>
#include <vector>

#include "kernels/pointwise/step.h"
#include "ops/fused.h"

namespace ingot::kernels {

// How a program sees an input.
struct ProgramInput {
  DType dtype = DType::kF32;
  bool splat = false;  // one element for all: given as a float (truth values as lanes, see splat_value)
};

// Elementwise code as ops/fused.h numbers it.
struct ProgramSource {
  std::span<const TileInstruction> body;
  std::span<const int64_t> results;  // values that are outputs
  std::vector<ProgramInput> inputs;
  std::vector<DType> outputs;   // one per result
  bool stream_results = false;  // store f32 past the caches
};

// Compiled for one machine. Places: inputs, then results, then slots.
struct Program {
  const Machine* machine = nullptr;
  std::vector<Step> full, narrow;
  size_t inputs = 0, results = 0, slots = 0;
  std::vector<uint8_t> element_bytes;  // of inputs and results; 0 for splat inputs
};

// Null when compile_program takes it, else a static reason. Splat and stream flags don't matter.
const char* refuse_program(const ProgramSource& source);
Program compile_program(const ProgramSource& source, const Machine& machine);

// The element at `data` as a splat input wants it.
float splat_value(DType dtype, const void* data);

// A program on one thread: bind places, then run. Holds slots and the buffers of incomplete vectors.
class ProgramRun {
 public:
  explicit ProgramRun(const Program& program);
  void bind(size_t place, const void* data) { places_.pointer[place] = data; }
  // Binds an f32 input that is the same kMaxBlock floats for every block.
  void bind_block(size_t place, const float* data) {
    places_.pointer[place] = data;
    places_.mask[place] = 0;
  }
  // Elements [0, count) of the bound places. A result may be bound to the memory of an input of the same element size
  // when it is the only result.
  void run(int64_t count) noexcept;

 private:
  void run_rest(int64_t done, int64_t rest) noexcept;
  const Program& program_;
  Places places_;
  alignas(64) float slots_[kMaxSlots][kMaxBlock];
};

}  // namespace ingot::kernels

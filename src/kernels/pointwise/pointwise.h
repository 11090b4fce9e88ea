// Elementwise operators and fused groups of them as tile programs.
//
// A program of floats (program.h) runs in registers over whole rows; anything else with number types runs as a typed
// program (typed.h) over tiles. Operands broadcast as the Loop (loop.h) finds them. Nothing is summed, so how the
// work is cut changes no bits.
#pragma once
#include "kernels/kernel.h"
#include "kernels/pointwise/loop.h"
#include "kernels/pointwise/program.h"
#include "ops/fused.h"

namespace ingot::kernels {

// An operand of a program: an input of the problem, or several joined along an axis.
struct PointwiseOperand {
  std::vector<int64_t> inputs;
  int64_t axis = 0;
};

// The elementwise code of a problem, as ops/fused.h numbers it, with `operands` for the inputs: concatenations are no
// instructions but operands.
struct PointwiseBody {
  std::vector<PointwiseOperand> operands;
  std::vector<TileInstruction> body;
  std::vector<int64_t> results;
};
// Of a problem that refuse_operands takes.
PointwiseBody body_of(const Problem& problem);
// Null when the problem's operands can be walked, else a static reason.
const char* refuse_operands(const Problem& problem);
// Estimated nanoseconds per element of the body's arithmetic on one thread, with `lanes` floats per vector.
double arithmetic_ns(const PointwiseBody& body, int64_t lanes);
// Bytes read and written per output element, operands counted by their share.
double bytes_moved(const Problem& problem);
int64_t elements_of(const Problem& problem);  // of output 0; unknown sizes count as 64
// The body with the problem's types. `body` must outlive it.
ProgramSource source_of(const Problem& problem, const PointwiseBody& body);
// The walk of a bound problem in tasks of about four microseconds.
Loop loop_of(const Problem& problem, const PointwiseBody& body, double ns_per_element, int64_t longest_run);

std::unique_ptr<BoundKernel> bind_typed_program(const Problem& problem);

}  // namespace ingot::kernels

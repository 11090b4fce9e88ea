// Reductions as stages, each of [outer, size, inner] over its middle axis. A stage cuts a long middle axis into parts
// of a fixed length, whose results the next stage reduces: the order of a sum depends on the sizes alone, and several
// threads can share one long sum.
#pragma once
#include <cstdint>
#include <vector>

#include "kernels/kernel.h"
#include "ops/reduce.h"

namespace ingot::kernels {

struct ReduceStage {
  int64_t outer = 1, size = 1, inner = 1;
  int64_t part = 1;  // of the middle axis; the last part may be shorter
  int64_t parts() const { return size == 0 ? 1 : (size + part - 1) / part; }
  int64_t results() const { return outer * parts() * inner; }
};

// Stages that reduce `axes` of `shape`, innermost first; at least one.
std::vector<ReduceStage> reduce_stages(const Shape& shape, const std::vector<bool>& reduced);
// Which axes of the problem's first input are reduced; throws kInvalidArgument on wrong axes.
std::vector<bool> reduced_axes(const Problem& problem);

// What is done to an element before, and with two of them.
enum class ReduceStep : uint8_t { kSum, kSumOfAbsolute, kSumOfSquares, kProduct, kMin, kMax };
ReduceStep first_step(ReduceFn fn);
ReduceStep next_step(ReduceStep step);  // of results

struct ReduceArgs {
  const void* x;  // of a stage's element type
  float* y;
  int64_t size;            // elements of the middle axis
  int64_t inner, columns;  // columns at most inner, all of one outer index; 1 and 1: consecutive elements
};
using ReduceFunction = void (*)(const ReduceArgs& args) noexcept;
// y[i] = finished result of fn over `count` elements; x may be y.
using FinishFunction = void (*)(ReduceFn fn, const float* x, void* y, int64_t results, double count) noexcept;

// Null for types other than f32, f16 and bf16.
namespace avx2 {
ReduceFunction reduce_function(ReduceStep step, DType dtype, bool columns);
FinishFunction finish_function(DType dtype);
}  // namespace avx2
namespace avx512 {
ReduceFunction reduce_function(ReduceStep step, DType dtype, bool columns);
FinishFunction finish_function(DType dtype);
}  // namespace avx512

// Sums and their kin over elements of f32, f16 or bf16; `isa` at least AVX2.
std::unique_ptr<BoundKernel> bind_float_reduce(const Problem& problem, IsaLevel isa);

// Rows of i32, i64 and f64, and positions of largest elements, by plain code.
const char* refuse_typed_reduce(const Problem& problem);
std::unique_ptr<BoundKernel> bind_typed_reduce(const Problem& problem);
const char* refuse_arg_reduce(const Problem& problem);
std::unique_ptr<BoundKernel> bind_arg_reduce(const Problem& problem);

}  // namespace ingot::kernels

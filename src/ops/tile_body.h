// Straight-line elementwise code: the body of a fused group, the epilogue of matmul and conv.
#pragma once
#include "ops/eval.h"
#include "ops/fused.h"
#include "ops/infer.h"

namespace ingot {

// Facts of all values of the body: the inputs, then one per instruction. Throws kInvalidArgument when an operator is
// neither elementwise nor Concat, or an operand is not defined before it.
std::vector<Fact> infer_body(std::span<const TileInstruction> body, std::span<const Fact> inputs,
                             const FreshDim& fresh);
// Values of the same numbering. Checks as infer_body does.
std::vector<Value> eval_body(std::span<const TileInstruction> body, std::vector<Value> inputs, const EvalHost& host);

// Sets output 0 to what `epilogue` makes of `result`: its input 0 is `result`, the further ones are the node's inputs
// from `first_operand`. The shape must not grow.
void infer_epilogue(std::span<const TileInstruction> epilogue, InferContext& context, Fact result,
                    size_t first_operand);
// `result` holds doubles, or int64s for integer types, of `dtype` and `shape`; rounded to `dtype` before the epilogue.
void eval_epilogue(std::span<const TileInstruction> epilogue, EvalContext& context, DType dtype, const Shape& shape,
                   std::span<const double> result, size_t first_operand);
void eval_epilogue(std::span<const TileInstruction> epilogue, EvalContext& context, DType dtype, const Shape& shape,
                   std::span<const int64_t> result, size_t first_operand);

}  // namespace ingot

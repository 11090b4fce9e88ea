// Instructions of epilogues, for tests of matrix kernels.
#pragma once
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/fused.h"
#include "ops/unary.h"

namespace ingot::kernels::gemm {

inline TileInstruction cast(DType to, int64_t operand) { return {Cast{to}, {operand}}; }
inline TileInstruction unary(UnaryFn fn, int64_t operand) { return {Unary{fn}, {operand}}; }
inline TileInstruction binary(BinaryFn fn, int64_t a, int64_t b) { return {Binary{fn}, {a, b}}; }

}  // namespace ingot::kernels::gemm

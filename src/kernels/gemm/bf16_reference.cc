// For any CPU: blocks of bf16 as a matrix unit multiplies them, number by number.
#include <algorithm>

#include "kernels/gemm/bf16_gather.h"
#include "tensor/float_types.h"

namespace ingot::kernels::gemm {
namespace {

void nothing() noexcept {}

float wide(uint16_t bits) { return static_cast<float>(BF16::from_bits(bits)); }

void multiply(const Bf16BlockArgs& args) noexcept {
  for (int64_t r = 0; r < args.rows; ++r) {
    const uint16_t* a = args.a.at + r / kHalfRows * args.a.half_step + r % kHalfRows * args.a.row_step;
    float* sums = args.sums + r * args.sums_stride;
    if (!args.accumulate) std::fill_n(sums, args.vectors * 16, 0.0f);
    for (int64_t k = 0; k < args.depth; ++k) {
      const float value = wide(a[args.a.part(k / kBlockDepth) + k % kBlockDepth]);
      const uint16_t* b = args.b + k / 2 * args.b_step + k % 2;
      for (int64_t column = 0; column < args.vectors * 16; ++column) sums[column] += value * wide(b[2 * column]);
    }
  }
  if (args.meanwhile != nullptr) args.meanwhile->finish_rows();
}

constexpr Bf16BlockSet kBlocks = {nothing, nothing, gather_rows, multiply};

}  // namespace

const Bf16TileSet kReferenceBf16_32x32 = {
    {32, 2, 16, "bf16_blocks_32x16", 3, nullptr, nullptr}, nullptr, &kBlocks, reference_finisher};

}  // namespace ingot::kernels::gemm

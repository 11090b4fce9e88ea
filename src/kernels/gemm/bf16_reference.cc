// For any CPU: blocks of bf16 as a matrix unit multiplies them, number by number.
#include <algorithm>

#include "kernels/gemm/bf16_gather.h"
#include "tensor/float_types.h"

namespace ingot::kernels::gemm {
namespace {

constexpr int64_t kColumns = 32;

void nothing() noexcept {}

float wide(uint16_t bits) { return static_cast<float>(BF16::from_bits(bits)); }

template <bool with_activation, UnaryFn fn>
void finish(const Bf16FinishArgs& args, int64_t first, int64_t end) noexcept {
  const TileFinish& how = args.finish;
  for (int64_t r = first; r < end; ++r) {
    for (int64_t column = 0; column < args.columns; ++column) {
      float& sum = args.sums[r * kColumns + column];
      const float addend = args.addend.at == nullptr ? 0 : wide(args.addend.at[r * args.addend.stride + column]);
      float x = sum * how.alpha;
      if (how.bias != nullptr) x += how.bias[column];
      if (!args.addend_last) x += addend;
      if constexpr (with_activation) {
        x = static_cast<float>(apply_unary({fn, args.activation_alpha, args.activation_beta}, x));
      }
      x = x * args.scale + args.shift;
      if (args.addend_last) x += addend;
      if (x < how.low) x = how.low;  // NaN passes
      if (x > how.high) x = how.high;
      if (args.narrow != nullptr) {
        args.narrow[r * args.c_stride + column] = BF16(x).bits;
      } else {
        (args.wide != nullptr ? args.wide[r * args.c_stride + column] : sum) = x;
      }
    }
  }
}

Bf16FinishFn finisher(const Unary* activation) noexcept {
  if (activation == nullptr) return finish<false, UnaryFn::kAbs>;
  switch (activation->fn) {
    case UnaryFn::kHardSwish: return finish<true, UnaryFn::kHardSwish>;
    case UnaryFn::kSilu: return finish<true, UnaryFn::kSilu>;
    case UnaryFn::kLeakyRelu: return finish<true, UnaryFn::kLeakyRelu>;
    default: return nullptr;
  }
}

void multiply(const Bf16BlockArgs& args) noexcept {
  for (int64_t r = 0; r < args.rows; ++r) {
    const uint16_t* a = args.a.at + r / kHalfRows * args.a.half_step + r % kHalfRows * args.a.row_step;
    float* sums = args.sums + r * kColumns;
    if (!args.accumulate) std::fill_n(sums, kColumns, 0.0f);
    for (int64_t k = 0; k < args.depth; ++k) {
      const float value = wide(a[k / kBlockDepth * args.a.part_step + k % kBlockDepth]);
      const uint16_t* b = args.b + k / 2 * args.b_step + k % 2;
      for (int64_t column = 0; column < args.vectors * 16; ++column) sums[column] += value * wide(b[2 * column]);
    }
  }
  if (args.meanwhile != nullptr) args.meanwhile->finish_rows();
}

constexpr Bf16BlockSet kBlocks = {nothing, nothing, gather_rows, multiply, finisher};

}  // namespace

const Bf16TileSet kReferenceBf16_32x32 = {{32, 2, 16, "bf16_blocks_32x16", 3, nullptr, nullptr}, nullptr, &kBlocks};

}  // namespace ingot::kernels::gemm

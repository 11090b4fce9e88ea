// For any CPU: finishing number by number.
#include "kernels/gemm/finish.h"
#include "tensor/float_types.h"

namespace ingot::kernels::gemm {
namespace {

// 0 where there is none.
float addend_at(const FinishArgs& args, int64_t row, int64_t column) {
  const TileFinish& how = args.finish;
  if (how.addend != nullptr) return how.addend[row * how.addend_stride + column];
  if (args.addend.at == nullptr) return 0;
  return static_cast<float>(BF16::from_bits(args.addend.at[row * args.addend.stride + column]));
}

template <bool with_activation, UnaryFn fn> void finish(const FinishArgs& args, int64_t first, int64_t end) noexcept {
  const TileFinish& how = args.finish;
  for (int64_t r = first; r < end; ++r) {
    const int64_t to = args.row_map == nullptr ? r : args.row_map[r];
    if (to < 0) continue;
    for (int64_t column = 0; column < args.columns; ++column) {
      float& sum = args.sums[r * args.sums_stride + column];
      const float addend = addend_at(args, to, column);
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
        args.narrow[to * args.c_stride + column] = BF16(x).bits;
      } else {
        (args.wide != nullptr ? args.wide[to * args.c_stride + column] : sum) = x;
      }
    }
  }
}

}  // namespace

FinishFn reference_finisher(const Unary* activation) noexcept {
  if (activation == nullptr) return finish<false, UnaryFn::kAbs>;
  switch (activation->fn) {
    case UnaryFn::kHardSwish: return finish<true, UnaryFn::kHardSwish>;
    case UnaryFn::kSilu: return finish<true, UnaryFn::kSilu>;
    case UnaryFn::kLeakyRelu: return finish<true, UnaryFn::kLeakyRelu>;
    default: return nullptr;
  }
}

}  // namespace ingot::kernels::gemm

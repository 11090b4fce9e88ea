#include "kernels/gemm/finish.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tensor/float_types.h"

namespace ingot::kernels::gemm {
namespace {

struct Level {
  IsaLevel isa;
  FinisherOf finisher;
};
const Level kLevels[] = {{IsaLevel::kAvx2, avx2_finisher},
                         {IsaLevel::kAvx512, avx512_finisher},
                         {IsaLevel::kAvx512Bf16, avx512bf16_finisher}};

// What the finisher makes of every sum, as rows of `columns`, rounded to bf16.
std::vector<float> finished(const Level& level, const Unary& activation, std::vector<float> sums, int64_t columns) {
  std::vector<uint16_t> results(sums.size());
  FinishArgs args;
  args.rows_fn = level.finisher(&activation);
  args.sums = sums.data();
  args.sums_stride = args.c_stride = args.columns = columns;
  args.rows = static_cast<int64_t>(sums.size()) / columns;
  args.narrow = results.data();
  args.finish_rows();
  std::vector<float> values;
  for (const uint16_t bits : results) values.push_back(static_cast<float>(BF16::from_bits(bits)));
  return values;
}

TEST(Finish, GeluOfEveryBf16IsRoundedToANeighbour) {
  std::vector<float> sums;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto x = static_cast<float>(BF16::from_bits(static_cast<uint16_t>(bits)));
    sums.push_back(std::isfinite(x) ? x : 0.0f);
  }
  for (const Level& level : kLevels) {
    if (level.isa > cpu_isa()) continue;
    for (const int64_t columns : {16, 32, 64}) {
      const auto values = finished(level, Unary{UnaryFn::kGelu}, sums, columns);
      for (size_t i = 0; i < sums.size(); ++i) {
        const double x = sums[i], exact = 0.5 * x * std::erfc(-x / std::sqrt(2.0));
        ASSERT_NEAR(values[i], exact, std::abs(exact) * 0x1.2p-8 + 1e-8) << isa_name(level.isa) << " of " << x;
      }
    }
  }
}

TEST(Finish, GeluKeepsNaN) {
  for (const Level& level : kLevels) {
    if (level.isa > cpu_isa()) continue;
    const auto values = finished(level, Unary{UnaryFn::kGelu}, std::vector<float>(32, std::nanf("")), 32);
    for (const float value : values) EXPECT_TRUE(std::isnan(value)) << isa_name(level.isa);
  }
}

}  // namespace
}  // namespace ingot::kernels::gemm

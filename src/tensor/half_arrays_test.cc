#include "tensor/half_arrays.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace ingot {
namespace {

// Every f16 and bf16, what lies half way to the next and beside that, and patterns all over f32.
std::vector<float> numbers() {
  std::vector<float> all;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float f16 = F16::from_bits(static_cast<uint16_t>(bits));
    const float next = F16::from_bits(static_cast<uint16_t>(bits + 1));
    const float half_way = f16 + (next - f16) / 2;
    for (const float value : {f16, half_way}) {
      all.insert(all.end(), {value, std::nextafter(value, 1e30f), std::nextafter(value, -1e30f)});
    }
    for (const uint32_t low : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      all.push_back(std::bit_cast<float>(bits << 16 | low));
    }
  }
  return all;
}

TEST(HalfArrays, GiveTheF16ThatOneByOneGivesAndItsLargestBeyondThat) {
  const std::vector<float> from = numbers();
  std::vector<F16> to(from.size());
  to_saturated_f16(from.data(), to.data(), static_cast<int64_t>(from.size()));
  for (size_t i = 0; i < from.size(); ++i) {
    const F16 expected(std::clamp(from[i], -65504.0f, 65504.0f));
    ASSERT_EQ(to[i].bits, expected.bits) << from[i] << " " << std::bit_cast<uint32_t>(from[i]);
  }
}

TEST(HalfArrays, GiveTheBf16ThatOneByOneGives) {
  const std::vector<float> from = numbers();
  std::vector<BF16> to(from.size());
  to_bf16(from.data(), to.data(), static_cast<int64_t>(from.size()));
  for (size_t i = 0; i < from.size(); ++i) {
    ASSERT_EQ(to[i].bits, BF16(from[i]).bits) << from[i] << " " << std::bit_cast<uint32_t>(from[i]);
  }
}

TEST(HalfArrays, LeaveWhatFollowsAlone) {
  for (int64_t count = 0; count < 40; ++count) {
    const std::vector<float> from(40, 1.5f);
    std::vector<F16> to(41, F16::from_bits(7));
    to_saturated_f16(from.data(), to.data(), count);
    for (int64_t i = 0; i < 41; ++i) ASSERT_EQ(to[static_cast<size_t>(i)].bits, i < count ? 0x3e00 : 7);
  }
}

}  // namespace
}  // namespace ingot

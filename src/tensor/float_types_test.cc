#include "tensor/float_types.h"

#include <gtest/gtest.h>
#include <immintrin.h>

#include <limits>
#include <string>
#include <vector>

namespace ingot {
namespace {

using small_float::Format;

struct NamedFormat {
  const char* name;
  const Format& format;
  std::vector<uint32_t> nans, infinities;
  double largest, smallest;  // finite; subnormal
};

// The value sets that the OCP 8-bit and micro-scaling specifications and IEEE 754 state.
const std::vector<NamedFormat>& formats() {
  static const std::vector<NamedFormat> all = {
      {"f16", small_float::kF16, {}, {0x7c00, 0xfc00}, 65504, 0x1p-24},
      {"e4m3fn", small_float::kE4M3FN, {0x7f, 0xff}, {}, 448, 0x1p-9},
      {"e4m3fnuz", small_float::kE4M3FNUZ, {0x80}, {}, 240, 0x1p-10},
      {"e5m2", small_float::kE5M2, {0x7d, 0x7e, 0x7f, 0xfd, 0xfe, 0xff}, {0x7c, 0xfc}, 57344, 0x1p-16},
      {"e5m2fnuz", small_float::kE5M2FNUZ, {0x80}, {}, 57344, 0x1p-17},
      {"e2m1", small_float::kE2M1, {}, {}, 6, 0.5},
  };
  return all;
}

uint32_t pattern_count(const Format& format) { return 2u << (format.exponent_bits + format.mantissa_bits); }

TEST(SmallFloat, EveryPatternRoundTripsThroughF32) {
  for (const auto& [name, format, nans, infinities, largest, smallest] : formats()) {
    for (uint32_t bits = 0; bits < pattern_count(format); ++bits) {
      const float value = small_float::decode(bits, format);
      if (std::isnan(value)) continue;
      EXPECT_EQ(small_float::encode(value, format, false), bits) << name << " " << bits;
    }
  }
}

TEST(SmallFloat, NanAndInfinityPatternsAreThoseOfTheFormat) {
  for (const auto& [name, format, nans, infinities, largest, smallest] : formats()) {
    std::vector<uint32_t> found_nans, found_infinities;
    double found_largest = 0, found_smallest = 1e30;
    for (uint32_t bits = 0; bits < pattern_count(format); ++bits) {
      const double value = small_float::decode(bits, format);
      if (std::isnan(value)) {
        found_nans.push_back(bits);
      } else if (std::isinf(value)) {
        found_infinities.push_back(bits);
      } else if (value > 0) {
        found_largest = std::max(found_largest, value);
        found_smallest = std::min(found_smallest, value);
      }
    }
    if (std::string(name) != "f16") {
      EXPECT_EQ(found_nans, nans) << name;
    }
    EXPECT_EQ(found_infinities, infinities) << name;
    EXPECT_EQ(found_largest, largest) << name;
    EXPECT_EQ(found_smallest, smallest) << name;
  }
}

TEST(SmallFloat, PatternsOfOneSignAreOrdered) {
  for (const auto& [name, format, nans, infinities, largest, smallest] : formats()) {
    for (uint32_t bits = 0; bits < format.max_finite; ++bits) {
      EXPECT_LT(small_float::decode(bits, format), small_float::decode(bits + 1, format)) << name << " " << bits;
    }
  }
}

TEST(SmallFloat, RoundsToNearestAndTiesToEvenBetweenEveryPairOfNeighbours) {
  for (const auto& [name, format, nans, infinities, largest, smallest] : formats()) {
    for (uint32_t bits = 0; bits < format.max_finite; ++bits) {
      const float low = small_float::decode(bits, format), high = small_float::decode(bits + 1, format);
      const float middle = low + (high - low) / 2;  // exact: f32 has bits to spare
      const uint32_t even = bits % 2 == 0 ? bits : bits + 1;
      EXPECT_EQ(small_float::encode(middle, format, true), even) << name << " " << bits;
      EXPECT_EQ(small_float::encode(std::nextafter(middle, low), format, true), bits) << name << " " << bits;
      EXPECT_EQ(small_float::encode(std::nextafter(middle, high), format, true), bits + 1) << name << " " << bits;
    }
  }
}

TEST(SmallFloat, SpecialValuesFollowTheTableOfOnnxCast) {
  struct Row {
    const Format& format;
    bool saturate;
    uint32_t plus_inf, minus_inf, plus_over, minus_over, minus_zero;
  };
  const Row rows[] = {
      {small_float::kE4M3FN, true, 0x7e, 0xfe, 0x7e, 0xfe, 0x80},
      {small_float::kE4M3FN, false, 0x7f, 0xff, 0x7f, 0xff, 0x80},
      {small_float::kE4M3FNUZ, true, 0x7f, 0xff, 0x7f, 0xff, 0x00},
      {small_float::kE4M3FNUZ, false, 0x80, 0x80, 0x80, 0x80, 0x00},
      {small_float::kE5M2, true, 0x7b, 0xfb, 0x7b, 0xfb, 0x80},
      {small_float::kE5M2, false, 0x7c, 0xfc, 0x7c, 0xfc, 0x80},
      {small_float::kE5M2FNUZ, true, 0x7f, 0xff, 0x7f, 0xff, 0x00},
      {small_float::kE5M2FNUZ, false, 0x80, 0x80, 0x80, 0x80, 0x00},
      {small_float::kF16, false, 0x7c00, 0xfc00, 0x7c00, 0xfc00, 0x8000},
      {small_float::kE2M1, true, 0x7, 0xf, 0x7, 0xf, 0x8},
      {small_float::kE2M1, false, 0x7, 0xf, 0x7, 0xf, 0x8},
  };
  for (const Row& row : rows) {
    const auto encode = [&](float value) { return small_float::encode(value, row.format, row.saturate); };
    EXPECT_EQ(encode(INFINITY), row.plus_inf);
    EXPECT_EQ(encode(-INFINITY), row.minus_inf);
    EXPECT_EQ(encode(1e30f), row.plus_over);
    EXPECT_EQ(encode(-1e30f), row.minus_over);
    EXPECT_EQ(encode(-0.0f), row.minus_zero);
    EXPECT_EQ(encode(0.0f), 0u);
    EXPECT_EQ(encode(1e-30f), 0u);
    EXPECT_TRUE(row.format.has_nan ? std::isnan(small_float::decode(encode(NAN), row.format)) : encode(NAN) == 0x8u);
  }
}

TEST(SmallFloat, ValuesThatRoundBackBelowTheLimitDoNotOverflow) {
  EXPECT_EQ(F8E4M3FN(464.0f, false).bits, 0x7e);  // the tie with 480 goes to even: 448
  EXPECT_EQ(F8E4M3FN(464.1f, false).bits, 0x7f);
  EXPECT_EQ(F8E5M2(61439.0f, false).bits, 0x7b);
  EXPECT_EQ(F8E5M2(61440.0f, false).bits, 0x7c);
  EXPECT_EQ(F16(65519.0f).bits, 0x7bff);
  EXPECT_EQ(F16(65520.0f).bits, 0x7c00);
}

__attribute__((target("f16c"))) uint16_t hardware_f16(float value) {
  return static_cast<uint16_t>(_cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT));
}

TEST(F16, AgreesWithTheProcessor) {
  if (!__builtin_cpu_supports("avx2")) GTEST_SKIP() << "the processor has no F16C";
  for (uint64_t word = 0; word < (1ull << 32); word += 4093) {
    const auto value = std::bit_cast<float>(static_cast<uint32_t>(word));
    if (std::isnan(value)) continue;
    ASSERT_EQ(F16(value).bits, hardware_f16(value)) << word;
  }
}

TEST(BF16, IsTheRoundedUpperHalfOfF32) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = BF16::from_bits(static_cast<uint16_t>(bits));
    if (std::isnan(static_cast<float>(half))) {
      EXPECT_TRUE(std::isnan(static_cast<float>(BF16(half))));
    } else {
      EXPECT_EQ(BF16(static_cast<float>(half)).bits, bits);
    }
  }
  EXPECT_EQ(BF16(std::bit_cast<float>(0x3f808000u)).bits, 0x3f80);
  EXPECT_EQ(BF16(std::bit_cast<float>(0x3f818000u)).bits, 0x3f82);
  EXPECT_EQ(BF16(std::bit_cast<float>(0x3f808001u)).bits, 0x3f81);
  EXPECT_EQ(BF16(std::numeric_limits<float>::max()).bits, 0x7f80);
  EXPECT_TRUE(std::isnan(static_cast<float>(BF16(std::bit_cast<float>(0x7f800001u)))));
}

TEST(F8E8M0, EveryPowerOfTwoRoundTrips) {
  for (int bits = 0; bits < 255; ++bits) {
    const auto scale = F8E8M0::from_bits(static_cast<uint8_t>(bits));
    EXPECT_EQ(static_cast<float>(scale), std::ldexp(1.0f, bits - 127));
    for (const auto rounding : {E8M0Rounding::kUp, E8M0Rounding::kDown, E8M0Rounding::kNearest}) {
      EXPECT_EQ(F8E8M0(static_cast<float>(scale), false, rounding).bits, bits);
    }
  }
  EXPECT_TRUE(std::isnan(static_cast<float>(F8E8M0::from_bits(255))));
}

TEST(F8E8M0, RoundsAsAsked) {
  struct Row {
    float value;
    int up, down, nearest;
  };
  for (const Row& row : {Row{1.125f, 128, 127, 127}, Row{1.5f, 128, 127, 128}, Row{1.75f, 128, 127, 128},
                         Row{0x1.8p-127f, 1, 0, 1}, Row{0x1.4p-127f, 1, 0, 0}, Row{0x1.8p-126f, 2, 1, 2}}) {
    EXPECT_EQ(F8E8M0(row.value, true, E8M0Rounding::kUp).bits, row.up) << row.value;
    EXPECT_EQ(F8E8M0(row.value, true, E8M0Rounding::kDown).bits, row.down) << row.value;
    EXPECT_EQ(F8E8M0(row.value, true, E8M0Rounding::kNearest).bits, row.nearest) << row.value;
  }
}

TEST(F8E8M0, OutOfRangeValuesFollowTheTableOfOnnxCast) {
  constexpr auto kNearest = E8M0Rounding::kNearest;
  EXPECT_EQ(F8E8M0(0.0f).bits, 0);
  EXPECT_EQ(F8E8M0(INFINITY).bits, 254);
  EXPECT_EQ(F8E8M0(0x1.8p127f).bits, 254);
  EXPECT_EQ(F8E8M0(0x1p-140f).bits, 0);
  EXPECT_EQ(F8E8M0(NAN).bits, 255);
  EXPECT_EQ(F8E8M0(0.0f, false, kNearest).bits, 255);
  EXPECT_EQ(F8E8M0(INFINITY, false, kNearest).bits, 255);
  EXPECT_EQ(F8E8M0(0x1.8p127f, false, kNearest).bits, 255);
  EXPECT_EQ(F8E8M0(0x1p-140f, false, kNearest).bits, 255);
  EXPECT_EQ(F8E8M0(0x1.2p127f, false, kNearest).bits, 254);
}

}  // namespace
}  // namespace ingot

#include "tensor/elements.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace ingot {
namespace {

TEST(Elements, EveryIntegerTypeHoldsItsWholeRange) {
  for (int number = 1; number < kDTypeCount; ++number) {
    const auto dtype = static_cast<DType>(number);
    if (!is_int(dtype)) continue;
    const int bits = dtype_bits(dtype);
    const bool is_signed = is_signed_int(dtype);
    const int64_t low = is_signed ? static_cast<int64_t>(~uint64_t{0} << (bits - 1)) : 0;
    const auto high = static_cast<int64_t>(~uint64_t{0} >> (64 - bits + (is_signed ? 1 : 0)));
    Tensor tensor(dtype, {5});
    const int64_t values[] = {low, high, 0, 1, is_signed ? -1 : 2};
    for (int i = 0; i < 5; ++i) write_int(tensor, i, values[i]);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(read_int(tensor, i), values[i]) << dtype_name(dtype);
    if (bits < 64) {
      write_int(tensor, 0, high + 1);
      EXPECT_EQ(read_int(tensor, 0), low) << "wraps " << dtype_name(dtype);
      write_double(tensor, 1, static_cast<double>(low) + 0.75);
      EXPECT_EQ(read_int(tensor, 1), low + (is_signed ? 1 : 0)) << "truncates " << dtype_name(dtype);
    }
  }
}

TEST(Elements, PackedNeighboursDoNotDisturbEachOther) {
  std::mt19937 random(3);
  for (const DType dtype : {DType::kU4, DType::kI4, DType::kU2, DType::kI2, DType::kF4E2M1}) {
    const int bits = dtype_bits(dtype);
    Tensor tensor(dtype, {37});
    std::vector<uint8_t> expected(37, 0);
    for (int round = 0; round < 500; ++round) {
      const auto index = static_cast<size_t>(random() % 37);
      expected[index] = static_cast<uint8_t>(random() % (1u << bits));
      write_packed(tensor.mutable_raw(), bits, static_cast<int64_t>(index), expected[index]);
    }
    for (size_t i = 0; i < 37; ++i) EXPECT_EQ(read_packed(tensor.raw(), bits, static_cast<int64_t>(i)), expected[i]);
  }
}

TEST(Elements, PackedOrderIsLowBitsFirst) {
  const uint8_t bytes[] = {0xb1};
  EXPECT_EQ(read_packed(bytes, 4, 0), 0x1);
  EXPECT_EQ(read_packed(bytes, 4, 1), 0xb);
  EXPECT_EQ(read_packed(bytes, 2, 0), 1);
  EXPECT_EQ(read_packed(bytes, 2, 3), 2);
  const Tensor signed_pair(DType::kI4, {2}, bytes, nullptr);
  EXPECT_EQ(to_ints(signed_pair), (std::vector<int64_t>{1, -5}));
}

TEST(Elements, UnsignedSixtyFourBitsKeepTheirPattern) {
  Tensor tensor = Tensor::of<uint64_t>({1}, {std::numeric_limits<uint64_t>::max()});
  EXPECT_EQ(read_int(tensor, 0), -1);
  EXPECT_EQ(read_double(tensor, 0), 18446744073709551616.0);
  write_double(tensor, 0, 9223372036854775808.0);
  EXPECT_EQ(tensor.data<uint64_t>()[0], uint64_t{1} << 63);
}

TEST(Elements, DoublesOutsideTheIntegersGiveAValueNotUndefinedBehaviour) {
  Tensor tensor(DType::kI32, {1});
  for (const double value : {1e300, -1e300, static_cast<double>(INFINITY), static_cast<double>(NAN), 1e19}) {
    write_double(tensor, 0, value);
    EXPECT_EQ(to_ints(convert(Tensor::scalar<double>(value), DType::kI32)), to_ints(tensor));
  }
}

TEST(Elements, ConversionToSmallFloatsRoundsOnce) {
  // Just above a tie of f16: f32 would round it to the tie, a second rounding then to even.
  const double above_tie = 1.0 + 0x1p-11 + 0x1p-40;
  Tensor f16(DType::kF16, {1}), bf16(DType::kBF16, {1});
  write_double(f16, 0, above_tie);
  EXPECT_EQ(read_double(f16, 0), 1.0 + 0x1p-10);
  write_double(bf16, 0, 1.0 + 0x1p-8 + 0x1p-40);
  EXPECT_EQ(read_double(bf16, 0), 1.0 + 0x1p-7);
  write_double(bf16, 0, -(1.0 + 0x1p-8 - 0x1p-40));
  EXPECT_EQ(read_double(bf16, 0), -1.0);
  write_int(bf16, 0, (int64_t{1} << 40) + (int64_t{1} << 32) + 1);
  EXPECT_EQ(read_double(bf16, 0), std::ldexp(1.0 + 0x1p-7, 40));
  EXPECT_EQ(to_doubles(convert(Tensor::scalar<double>(17.0 + 0x1p-40), DType::kF8E4M3FN))[0], 18.0);
}

TEST(Elements, ConvertFollowsOnnxCast) {
  const Tensor floats = Tensor::of<float>({5}, {-1.5f, 0.0f, 0.25f, 300.0f, NAN});
  const Tensor bools = convert(floats, DType::kBool);
  EXPECT_EQ(std::vector<bool>(bools.data<bool>(), bools.data<bool>() + 5),
            (std::vector<bool>{true, false, true, true, true}));
  EXPECT_EQ(to_ints(convert(Tensor::of<int16_t>({1}, {200}), DType::kI8))[0], -56);
  EXPECT_EQ(to_doubles(convert(Tensor::of<bool>({2}, {true, false}), DType::kF16)), (std::vector<double>{1, 0}));
  EXPECT_EQ(to_doubles(convert(floats, DType::kF8E4M3FN))[3], 288.0);
  EXPECT_EQ(to_doubles(convert(Tensor::scalar(1000.0f), DType::kF8E4M3FN))[0], 448.0);
  EXPECT_TRUE(std::isnan(to_doubles(convert(Tensor::scalar(1000.0f), DType::kF8E4M3FN, false))[0]));
  EXPECT_THROW(convert(floats, DType::kC64), Error);
  EXPECT_THROW(convert(floats, DType::kString), Error);
}

TEST(Elements, ConvertBetweenEveryPairOfRealTypesKeepsSmallIntegers) {
  for (int from = 1; from < kDTypeCount; ++from) {
    for (int to = 1; to < kDTypeCount; ++to) {
      const auto a = static_cast<DType>(from), b = static_cast<DType>(to);
      if (is_complex(a) || is_complex(b) || a == DType::kString || b == DType::kString) continue;
      Tensor one(a, {3});
      for (int64_t i = 0; i < 3; ++i) write_int(one, i, 1);
      EXPECT_EQ(to_doubles(convert(one, b)), (std::vector<double>{1, 1, 1})) << dtype_name(a) << " " << dtype_name(b);
    }
  }
}

TEST(Elements, CopyElementMovesEveryType) {
  for (int number = 1; number < kDTypeCount; ++number) {
    const auto dtype = static_cast<DType>(number);
    Tensor from(dtype, {5}), to(dtype, {5});
    if (dtype == DType::kString) {
      from.mutable_data<std::string>()[3] = "three";
    } else if (is_packed(dtype)) {
      write_packed(from.mutable_raw(), dtype_bits(dtype), 3, 1);
    } else {
      static_cast<uint8_t*>(from.mutable_raw())[3 * dtype_bits(dtype) / 8] = 1;
    }
    copy_element(from, 3, to, 3);
    EXPECT_TRUE(identical(from, to)) << dtype_name(dtype);
  }
}

}  // namespace
}  // namespace ingot

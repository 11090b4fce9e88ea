#include "ops/fourier.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "ops/op_testing.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

TEST(Dft, InvertsItself) {
  for (const int64_t size : {1, 2, 3, 8, 12, 15}) {
    Tensor x(DType::kF64, {2, size, 1});
    for (int64_t i = 0; i < x.count(); ++i) write_double(x, i, static_cast<double>(i * i % 7));
    const Tensor spectrum = eval_tensor(Dft{1, false, true}, {x});
    EXPECT_EQ(spectrum.shape(), (Shape{2, size / 2 + 1, 2}));
    const Tensor back = eval_tensor(Dft{1, true, true}, {spectrum, Tensor::scalar<int64_t>(size)});
    ASSERT_EQ(back.shape(), x.shape());
    for (int64_t i = 0; i < x.count(); ++i) EXPECT_NEAR(read_double(back, i), read_double(x, i), 1e-12);
  }
}

TEST(Dft, InfersLengths) {
  EXPECT_EQ(infer_text(Dft{1, false, true}, {fact("f32[b,n,1]")}), "f32[b,1+floor(n,2),2]");
  EXPECT_EQ(infer_text(Dft{1, true, true}, {fact("f32[b,n,2]")}), "f32[b,-2+2*n,1]");
  EXPECT_EQ(infer_text(Dft{}, {fact("f32[?]")}), "f32[?]");
  EXPECT_THROW(infer_text(Dft{-1}, {fact("f32[b,n,1]")}), Error);
  EXPECT_THROW(eval_tensor(Dft{1}, {Tensor(DType::kF32, {1, 4, 3})}), Error);
  EXPECT_THROW(eval_tensor(Dft{1}, {Tensor(DType::kF32, {1, 4, 1}), Tensor::scalar<int64_t>(-1)}), Error);
}

TEST(Stft, CountsFrames) {
  EXPECT_EQ(infer_text(Stft{}, {fact("f32[b,160,1]"), Fact::of(Tensor::scalar<int64_t>(10)), fact("f32[16]")}),
            "f32[b,15,9,2]");
  const Tensor signal(DType::kF32, {1, 4});
  const Tensor step = Tensor::scalar<int64_t>(1);
  EXPECT_EQ(eval_tensor(Stft{}, {signal, step, Tensor(DType::kF32, {5})}).shape(), (Shape{1, 0, 3, 2}));
  EXPECT_THROW(eval_tensor(Stft{}, {signal, Tensor::scalar<int64_t>(0), Tensor(DType::kF32, {2})}), Error);
  EXPECT_THROW(eval_tensor(Stft{}, {signal, step, Tensor(DType::kF32, {2}), Tensor::scalar<int64_t>(3)}), Error);
}

// A phase taken there, of (noise, negative), would be pi or -pi by chance.
TEST(Stft, FirstAndMiddleBinsOfARealSignalHaveExactlyNoImaginaryPart) {
  for (const int64_t size : {2, 6, 16, 20}) {
    Tensor signal(DType::kF32, {1, 5 * size}), window(DType::kF32, {size});
    for (int64_t i = 0; i < signal.count(); ++i) write_double(signal, i, std::sin(0.37 * static_cast<double>(i)));
    for (int64_t i = 0; i < size; ++i) write_double(window, i, 0.1 + std::sin(static_cast<double>(i)));
    const Tensor y = eval_tensor(Stft{}, {signal, Tensor::scalar<int64_t>(3), window});
    const int64_t frames = y.dim(1), bins = size / 2 + 1;
    ASSERT_EQ(y.shape(), (Shape{1, frames, bins, 2}));
    for (int64_t frame = 0; frame < frames; ++frame) {
      EXPECT_EQ(read_double(y, (frame * bins) * 2 + 1), 0.0);
      EXPECT_EQ(read_double(y, (frame * bins + size / 2) * 2 + 1), 0.0);
    }
  }
}

TEST(Stft, IsTheTransformOfEachFrameTimesTheWindow) {
  constexpr int64_t kSize = 20, kStep = 5, kFrames = 5, kBins = kSize / 2 + 1;
  Tensor signal(DType::kF32, {1, 43}), window(DType::kF32, {kSize});
  for (int64_t i = 0; i < signal.count(); ++i) write_double(signal, i, static_cast<double>(i * i % 11) - 5);
  for (int64_t i = 0; i < kSize; ++i) write_double(window, i, static_cast<double>(i % 4) / 4);
  const Tensor y = eval_tensor(Stft{}, {signal, Tensor::scalar<int64_t>(kStep), window});
  ASSERT_EQ(y.shape(), (Shape{1, kFrames, kBins, 2}));
  for (int64_t at = 0; at < kFrames * kBins; ++at) {
    std::complex<double> sum = 0;
    for (int64_t n = 0; n < kSize; ++n) {
      const double angle = -2 * std::numbers::pi * static_cast<double>(at % kBins * n) / kSize;
      sum += read_double(signal, at / kBins * kStep + n) * read_double(window, n) * std::polar(1.0, angle);
    }
    EXPECT_NEAR(read_double(y, at * 2), sum.real(), 1e-5);
    EXPECT_NEAR(read_double(y, at * 2 + 1), sum.imag(), 1e-5);
  }
}

}  // namespace
}  // namespace ingot

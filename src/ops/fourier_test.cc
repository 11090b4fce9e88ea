#include "ops/fourier.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace ingot

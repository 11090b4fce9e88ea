// Attention as graphs that cuDNN accepts. That needs the library and no GPU; engines are looked for on one.
#include "cuda/cudnn_attention.h"

#include <gtest/gtest.h>

#include "cuda/cudnn.h"

namespace ingot::cuda {
namespace {

using device::Attention;

// 2 batches of 6 heads of 64 over 10 queries and 12 keys; q, k and v side by side in rows of 3 * 384.
Attention packed() {
  Attention a;
  a.dtype = DType::kF16;
  a.batch = 2, a.heads = a.kv_heads = 6, a.queries = a.keys = 12, a.size = a.value_size = 64;
  a.q = a.k = a.v = {12 * 1152, 64, 1152};
  a.y = {12 * 384, 64, 384};
  a.scale = 0.125;
  return a;
}

class AttentionGraphs : public testing::Test {
 protected:
  void SetUp() override {
    if (!cudnn_library().found()) GTEST_SKIP() << cudnn_library().detail();
  }
  static std::vector<std::string> forms(const Attention& a) {
    EXPECT_EQ(attention_refusal(a), "");
    for (const std::string& form : attention_forms(a)) attention_graph(a, form, nullptr);
    return attention_forms(a);
  }
};

TEST_F(AttentionGraphs, CudnnTakesEveryForm) {
  Attention a = packed();
  EXPECT_EQ(forms(a).back(), "graph");
  a.dtype = DType::kBF16;
  a.kv_heads = 2;
  a.k = a.v = {12 * 128, 64, 128};
  EXPECT_EQ(forms(a).back(), "graph");
  a.causal = true;
  EXPECT_EQ(forms(a), std::vector<std::string>{"graph"});
  for (const auto& strides : {std::array<int64_t, 4>{12, 0, 0, 1}, {0, 0, 12, 1}, {864, 144, 12, 1}, {0, 0, 0, 0}}) {
    a.mask = Attention::Mask{DType::kBF16, strides};
    EXPECT_EQ(forms(a), std::vector<std::string>{"graph"});
    a.mask->dtype = DType::kF32;
    EXPECT_EQ(forms(a), std::vector<std::string>{"graph"});
  }
}

TEST_F(AttentionGraphs, ReasonsNameWhatCudnnLacks) {
  Attention a = packed();
  a.dtype = DType::kF32;
  EXPECT_NE(attention_refusal(a).find("f16"), std::string::npos);
  a = packed();
  a.softcap = 3;
  EXPECT_NE(attention_refusal(a).find("caps"), std::string::npos);
  a = packed();
  a.size = 20;
  EXPECT_NE(attention_refusal(a).find("multiples of 8"), std::string::npos);
  a = packed();
  a.q[2] = 1156;
  EXPECT_NE(attention_refusal(a).find("16 bytes"), std::string::npos);
  a = packed();
  a.mask = Attention::Mask{DType::kBool, {12, 0, 0, 1}};
  EXPECT_NE(attention_refusal(a).find("boolean"), std::string::npos);
  a.mask->dtype = DType::kF16;
  a.unseen_is_zero = true;
  EXPECT_NE(attention_refusal(a).find("no key"), std::string::npos);
}

TEST_F(AttentionGraphs, AttributesThatCudnnDeclinesAreNamed) {
  Attention a = packed();
  a.batch = -1;
  try {
    attention_graph(a, "graph", nullptr);
    FAIL() << "cuDNN took it";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kUnsupported);
    EXPECT_NE(error.message().find("status"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace ingot::cuda

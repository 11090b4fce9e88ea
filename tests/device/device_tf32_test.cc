// TF32 in fp32 plans: only where it is asked for.
#include <gtest/gtest.h>

#include "device_session.h"
#include "gpu_testing.h"
#include "kernels/cuda/device_row.h"

namespace ingot {
namespace {

using runtime::Session;

constexpr const char* kProductAndConvolution = R"(graph g(%x: f32[1,16,16,64]) {
    %w: f32[128,64,3,3] = const random(1)
    %v: f32[128,256] = const random(2)
    %c = conv{pads=[1,1,1,1], channels_last=true}(%x, %w)
    %y = matmul(%c, %v)
    return %c, %y
  })";

Session session(const std::string& device, const std::string& precision, bool tf32) {
  const auto built = plan_for(ir::parse_graph(kProductAndConvolution), device, precision);
  const auto bytes = std::make_shared<const std::vector<std::byte>>(plan::serialize_plan(*built));
  plan::Plan plan = plan::parse_plan(*bytes, bytes);
  if (tf32) plan.info.options["tf32"] = "true";
  return Session(std::make_shared<const plan::Plan>(std::move(plan)), {{.threads = 1}});
}

TEST(Tf32, IsOffUnlessAPlanInF32AsksForIt) {
  EXPECT_FALSE(session("null", "fp32", false).device()->report().tf32);
  EXPECT_TRUE(session("null", "fp32", true).device()->report().tf32);
  EXPECT_FALSE(session("null", "fp16", true).device()->report().tf32);
}

TEST(Tf32, IsPartOfWhatAChoiceIsKeptBy) {
  device::Convolution convolution, rounding;
  rounding.tf32 = true;
  EXPECT_NE(device::text_of(convolution), device::text_of(rounding));
  EXPECT_FALSE(device::as_product(convolution)->tf32);
  EXPECT_TRUE(device::as_product(rounding)->tf32);
  EXPECT_NE(device::text_of(*device::as_product(convolution)), device::text_of(*device::as_product(rounding)));
}

TEST(Tf32, IsOfLibrariesWorkInF32) {
  device::MatrixProduct product;
  product.dtype = DType::kF32;
  device::Convolution half;
  half.dtype = DType::kF16;
  kernels::cuda::Emission emission(3);
  emission[0].work = product;
  emission[1].work = half;
  emission[2].work = kernels::cuda::Choice{product, {}};
  kernels::cuda::allow_tf32(emission);
  EXPECT_TRUE(std::get<device::MatrixProduct>(emission[0].work).tf32);
  EXPECT_FALSE(std::get<device::Convolution>(emission[1].work).tf32);
  const auto& choice = std::get<kernels::cuda::Choice>(emission[2].work);
  EXPECT_TRUE(std::get<device::MatrixProduct>(choice.problem).tf32);
}

TEST(Tf32, RoundsOnAGpuOnlyWhereItIsAskedFor) {
  std::string reason;
  if (open_gpu(reason) == nullptr) GTEST_SKIP() << reason;
  const ir::Graph graph = ir::parse_graph(kProductAndConvolution);
  const auto inputs = random_inputs(graph), expected = ir::interpret(graph, inputs);
  for (const bool tf32 : {false, true}) {
    Session each = session("cuda", "fp32", tf32);
    std::vector<Value> outputs(2);
    each.run(inputs, outputs);
    for (size_t i = 0; i < outputs.size(); ++i) {
      const double error = relative_error(outputs[i].tensor(), expected[i].tensor());
      EXPECT_LE(error, tf32 ? 2e-3 : 1e-5) << "output " << i;
    }
  }
}

}  // namespace
}  // namespace ingot

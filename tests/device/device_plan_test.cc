#include <gtest/gtest.h>

#include <algorithm>

#include "base/hash.h"
#include "cuda/compiler.h"
#include "device_session.h"
#include "kernels/cuda/device_row.h"

namespace ingot {
namespace {

using runtime::Session;

class DevicePlan : public testing::TestWithParam<DeviceCase> {
 protected:
  ir::Graph graph = ir::parse_graph(GetParam().text);
};

TEST_P(DevicePlan, EveryStepHasADeviceKernel) {
  const auto plan = plan_for(graph, "null", "fp16");
  for (const plan::Step& step : plan->program.steps) {
    EXPECT_NE(step.kind, plan::StepKind::kEvaluate) << step.op.text() << ": " << step.reason;
  }
}

TEST_P(DevicePlan, RunsOnTheNullDeviceAsOneGraph) {
  Session session(plan_for(graph, "null", "fp16"), {{.threads = 1}});
  std::vector<Value> outputs(graph.outputs().size());
  session.run(random_inputs(graph), outputs);
  const auto expected = ir::interpret(graph, random_inputs(graph));
  for (size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_EQ(outputs[i].tensor().type_text(), expected[i].tensor().type_text());
  }
  const auto report = session.device()->report();
  EXPECT_EQ(report.graphs, 1u);
  EXPECT_TRUE(report.host_steps.empty());
  EXPECT_GE(report.arena_bytes, report.largest_live_set);
  EXPECT_LE(static_cast<double>(report.arena_bytes), 1.15 * static_cast<double>(report.largest_live_set));
}

TEST_P(DevicePlan, GeneratedSourcesCompileForHopper) {
  if (!cuda::nvrtc_library().found()) GTEST_SKIP() << cuda::nvrtc_library().detail();
  const ir::Graph after = fused(graph);
  for (const DType storage : {DType::kF32, DType::kF16, DType::kBF16}) {
    std::string source = kernels::cuda::kernel_prelude();
    int count = 0;
    for (const ir::NodeId id : after.order()) {
      const ir::Node& node = after.node(id);
      kernels::Problem problem{node.op, {}, {}};
      const auto operand = [&](ir::ValueId value) {
        if (value == ir::kNoValue) return kernels::Operand{};
        return kernels::Operand{after.fact(value).dtype(), *constant_shape(*after.fact(value).shape),
                                after.constant(value) != nullptr};
      };
      for (const ir::ValueId value : node.inputs) problem.inputs.push_back(operand(value));
      for (const ir::ValueId value : node.outputs) problem.outputs.push_back(operand(value));
      const char* reason = nullptr;
      const auto* row = kernels::cuda::pick_device_row(problem, reason);
      ASSERT_NE(row, nullptr) << node.op.text() << ": " << reason;
      for (const kernels::cuda::Call& whole : row->emit(problem, storage)) {
        const auto* conv = std::get_if<device::Convolution>(&whole.work);
        for (const auto& call : conv != nullptr ? kernels::cuda::split_convolution(whole) : std::vector{whole}) {
          const auto* kernel = kernels::cuda::own_kernel(call);
          if (kernel == nullptr) continue;
          source += kernels::cuda::kernel_source(*kernel, fmt::format("k{}", count++));
        }
      }
    }
    EXPECT_GT(cuda::compile_cubin(source, 9, 0).size(), 0u) << source;
  }
}

std::vector<std::string> sources_of_a_session(const ir::Graph& graph) {
  std::vector<std::string> sources;
  device::observe_null_sources([&](const std::string& source) { sources.push_back(source); });
  Session session(plan_for(graph, "null", "fp16"), {{.threads = 1}});
  std::vector<Value> outputs(graph.outputs().size());
  session.run(random_inputs(graph), outputs);
  device::observe_null_sources({});
  return sources;
}

TEST_P(DevicePlan, SourcesOfASessionCompileForHopper) {
  if (!cuda::nvrtc_library().found()) GTEST_SKIP() << cuda::nvrtc_library().detail();
  for (const std::string& source : sources_of_a_session(graph))
    EXPECT_GT(cuda::compile_cubin(source, 9, 0).size(), 0u) << source;
}

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_P(DevicePlan, EveryKernelWaitsOnceForThoseAhead) {
  for (const std::string& source : sources_of_a_session(graph)) {
    const std::string kernels = source.substr(kernels::cuda::kernel_prelude().size());
    EXPECT_GT(count_of(kernels, "__global__"), 0u);
    EXPECT_EQ(count_of(kernels, "__global__"), count_of(kernels, "after_others();"));
  }
}

TEST_P(DevicePlan, AgreesWithTheInterpreterOnAGpu) {
  const struct {
    const char* precision;
    double bound;
  } precisions[] = {{"fp32", 1e-5}, {"fp16", 3e-3}, {"bf16", 2e-2}};
  const auto expected = ir::interpret(graph, random_inputs(graph));
  for (const auto& [precision, bound] : precisions) {
    std::unique_ptr<Session> session;
    try {
      session = std::make_unique<Session>(plan_for(graph, "cuda", precision), runtime::SessionOptions{{.threads = 1}});
    } catch (const Error& error) {
      if (error.code() != Code::kDevice) throw;
      GTEST_SKIP() << error.what();
    }
    std::vector<Value> outputs(graph.outputs().size());
    session->run(random_inputs(graph), outputs);
    session->run(random_inputs(graph), outputs);
    for (size_t i = 0; i < outputs.size(); ++i) {
      EXPECT_LE(relative_error(outputs[i].tensor(), expected[i].tensor()), bound) << precision << " output " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, DevicePlan, testing::ValuesIn(kDeviceCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(DeviceSession, ConvolutionBiasAndActivationAreOneOperation) {
  const ir::Graph graph = ir::parse_graph(kDeviceCases[0].text);
  Session session(plan_for(graph, "null", "fp32"), {{.threads = 1}});
  std::vector<Value> outputs(1);
  session.run(random_inputs(graph), outputs);
  EXPECT_EQ(session.device()->report().operations, 1u);
}

TEST(DeviceSession, WhatIsReadWhereItLiesIsNoOperation) {
  const std::pair<std::string_view, size_t> cases[] = {{"attention_written_out", 1},
                                                       {"views_of_merged_heads", 2},         // product, attention
                                                       {"views_of_slices_side_by_side", 2},  // attention, fused
                                                       {"views_whose_rows_are_not_dense", 4},
                                                       {"windows_rolled", 4},        // norm, two products, sum
                                                       {"patches_merged", 2},        // norm, product
                                                       {"dense_concatenations", 4},  // two of each
                                                       {"concatenations_of_odd_channels", 3},
                                                       {"class_token", 1},
                                                       {"sum_and_norm", 4},  // three norms, one sum

                                                       {"squeeze_and_excite", 3},  // mean, both products, scaling
                                                       {"squeeze_and_excite_of_odd_sizes", 1},
                                                       {"attention_in_windows", 1},
                                                       {"attention_in_windows_of_one_picture", 1}};
  for (const auto& [name, operations] : cases) {
    const auto* each = std::find_if(std::begin(kDeviceCases), std::end(kDeviceCases),
                                    [&, wanted = name](const DeviceCase& other) { return other.name == wanted; });
    ASSERT_NE(each, std::end(kDeviceCases));
    const ir::Graph graph = ir::parse_graph(each->text);
    Session session(plan_for(graph, "null", "fp32"), {{.threads = 1}});
    std::vector<Value> outputs(graph.outputs().size());
    session.run(random_inputs(graph), outputs);
    EXPECT_EQ(session.device()->report().operations, operations) << name;
  }
}

TEST(DeviceSession, BlocksOfSqueezeAndExciteAreFewOperationsInSixteenBits) {
  const std::pair<std::string_view, size_t> cases[] = {
      {"squeeze_and_excite_block", 3},  // the convolution and its mean, both products, the scale and the convolution
      {"squeeze_and_excite_block_of_many_channels", 3},
      {"depthwise_and_mean_of_wide_pictures", 1},
      {"small_convolutions", 3}};
  for (const auto& [name, operations] : cases) {
    const auto* each = std::find_if(std::begin(kDeviceCases), std::end(kDeviceCases),
                                    [&, wanted = name](const DeviceCase& other) { return other.name == wanted; });
    const ir::Graph graph = ir::parse_graph(each->text);
    Session session(plan_for(graph, "null", "fp16"), {{.threads = 1}});
    std::vector<Value> outputs(graph.outputs().size());
    session.run(random_inputs(graph), outputs);
    const size_t conversions = graph.inputs().size() + graph.outputs().size();
    EXPECT_EQ(session.device()->report().operations, operations + conversions) << name;
  }
}

TEST(DeviceSession, StepsWithoutKernelsRunOnTheHostBetweenGraphs) {
  const ir::Graph graph = ir::parse_graph(R"(graph g(%x: f32[4,6]) {
    %h = hardmax(%x)
    %y = unary{fn=neg}(%h)
    return %x, %h, %y
  })");
  Session session(plan_for(graph, "null", "fp16"), {{.threads = 1}});
  const auto inputs = random_inputs(graph), expected = ir::interpret(graph, inputs);
  std::vector<Value> outputs(3);
  session.run(inputs, outputs);
  EXPECT_EQ(relative_error(outputs[0].tensor(), expected[0].tensor()), 0);
  EXPECT_EQ(relative_error(outputs[1].tensor(), expected[1].tensor()), 0);
  const auto report = session.device()->report();
  ASSERT_EQ(report.host_steps.size(), 1u);
  EXPECT_EQ(report.host_steps[0].second, "no device kernel has this operator");
}

TEST(DeviceSession, SizesOfTheRunAreNoStepsOfTheHost) {
  const ir::Graph graph = ir::parse_graph(R"(graph g(%x: f32[n,12]) {
    %zero: i64[] = const 0
    %one: i64[] = const 1
    %n = sizes{elements=[n], scalar=true}()
    %r = range(%zero, %n, %one)
    %h = slice{starts=[floor(n,2)], ends=[n], axes=[0]}(%x)
    %e = unary{fn=exp}(%h)
    %p = pad{pads=[floor(n,2),0,0,0]}(%e)
    return %r, %e, %p
  })");
  Session session(plan_for(graph, "null", "fp32"), {{.threads = 1}});
  for (const int64_t size : {4, 6}) {
    std::vector<Value> outputs(3);
    session.run(std::vector<Value>{random_tensor(DType::kF32, {size, 12}, 1)}, outputs);
    EXPECT_EQ(outputs[0].tensor().shape(), Shape{size});
    EXPECT_EQ(outputs[2].tensor().shape(), (Shape{size, 12}));
    EXPECT_TRUE(session.device()->report().host_steps.empty());
  }
}

TEST(DeviceSession, AnInputUnderAnotherShapeIsNoStepOfTheHost) {
  const ir::Graph graph = ir::parse_graph(R"(graph g(%x: f32[n,4,3]) {
    %r = reshape{shape=[n,12]}(%x)
    %y = unary{fn=neg}(%r)
    return %y
  })");
  Session session(plan_for(graph, "null", "fp16"), {{.threads = 1}});
  std::vector<Value> outputs(1);
  session.run(std::vector<Value>{random_tensor(DType::kF32, {5, 4, 3}, 1)}, outputs);
  EXPECT_EQ(outputs[0].tensor().shape(), (Shape{5, 12}));
  EXPECT_TRUE(session.device()->report().host_steps.empty());
}

TEST(DeviceSession, StepsOfTheHostRunByItsKernels) {
  const ir::Graph graph = ir::parse_graph(R"(graph g(%x: f32[2,3,5,6,4]) {
    %w: f32[8,3,2,3,2] = const random(1)
    %b: f32[8] = const random(2)
    %y = conv{pads=[0,1,0,0,1,0]}(%x, %w, %b)
    %p = pool{kernel=[2,2,2], strides=[1,1,1]}(%y)
    return %y, %p
  })");
  lower::LowerOptions options;
  options.device = "cuda";
  plan::Plan plan = lower::lower(graph, graph, options);
  plan.info.kernel_abi = plan::kernel_abi();
  plan.info.options = {{"device", "null"}, {"precision", "fp32"}};
  Session session(std::make_shared<const plan::Plan>(std::move(plan)), {{.threads = 1}});
  const auto inputs = random_inputs(graph), expected = ir::interpret(graph, inputs);
  std::vector<Value> outputs(2);
  session.run(inputs, outputs);
  EXPECT_LE(relative_error(outputs[0].tensor(), expected[0].tensor()), 1e-6);
  EXPECT_LE(relative_error(outputs[1].tensor(), expected[1].tensor()), 1e-6);
  EXPECT_EQ(session.device()->report().host_steps.size(), 2u);
}

TEST(DeviceSession, ProfilesHaveOneTimePerStep) {
  const ir::Graph graph = ir::parse_graph(kDeviceCases[0].text);
  Session session(plan_for(graph, "null", "fp16"), {{.threads = 1}});
  std::vector<Value> outputs(1);
  std::vector<runtime::StepTiming> timings;
  runtime::RunControl control;
  control.timings = &timings;
  session.run(random_inputs(graph), outputs, control);
  EXPECT_EQ(timings.size(), session.plan().program.steps.size());
}

TEST(DeviceSession, ProfilersSeeRangesOfARunAndOfEveryStepThatIsTimed) {
  const ir::Graph graph = ir::parse_graph(R"(graph g(%x: f32[1,8,8,16]) {
    %w: f32[16,16,3,3] = const random(1)
    %a = conv{pads=[1,1,1,1], channels_last=true}(%x, %w)
    %y = softmax{axis=3}(%a)
    return %y
  })");
  Session session(plan_for(graph, "null", "fp16"), {{.threads = 1}});
  std::vector<Value> outputs(1);
  std::vector<std::string> ranges;
  std::vector<runtime::StepTiming> timings;
  runtime::RunControl control;
  device::observe_null_ranges([&](const std::string& name) { ranges.push_back(name); });
  session.run(random_inputs(graph), outputs);
  EXPECT_EQ(ranges, (std::vector<std::string>{"bind", "", "run", ""}));
  ranges.clear();
  control.timings = &timings;
  session.run(random_inputs(graph), outputs, control);
  device::observe_null_ranges({});
  EXPECT_EQ(ranges, (std::vector<std::string>{"run", "", "0 conv", "", "1 softmax", ""}));
}

TEST(DeviceSession, NewShapesBindAgain) {
  const ir::Graph graph = ir::parse_graph(R"(graph g(%x: f32[n,4]) {
    %y = unary{fn=neg}(%x)
    return %y
  })");
  Session session(plan_for(graph, "null", "fp32"), {{.threads = 1}});
  for (const int64_t size : {2, 5, 2}) {
    std::vector<Value> inputs{random_tensor(DType::kF32, {size, 4}, 1)}, outputs(1);
    session.run(inputs, outputs);
    EXPECT_EQ(outputs[0].tensor().shape(), (Shape{size, 4}));
  }
}

TEST(DeviceSession, SaysWhatIsMissingWithoutADriver) {
  const ir::Graph graph = ir::parse_graph(kDeviceCases[0].text);
  try {
    Session session(plan_for(graph, "cuda:31", "fp16"), {{.threads = 1}});
    GTEST_SKIP() << "this machine has many GPUs";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kDevice) << error.what();
  }
}

}  // namespace
}  // namespace ingot

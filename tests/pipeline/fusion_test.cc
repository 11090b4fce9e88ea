// How many steps the usual blocks of models become, all passes together, and that they still compute the same.
#include <gtest/gtest.h>

#include "ir/interpreter.h"
#include "ir/text.h"
#include "lower/lower.h"
#include "passes/pipeline.h"
#include "runtime/session.h"
#include "tensor/compare.h"
#include "tensor/random.h"

namespace ingot {
namespace {

struct Fused {
  int64_t kernels = 0;  // steps that do work
  std::string text;
};

// Runs every pass, lowers, and runs the plan against the interpreter on the graph as it came; equal bits at every
// number of threads.
Fused fuse(const char* text, const std::vector<Shape>& inputs) {
  ir::Graph graph = ir::parse_graph(text);
  const ir::Graph before = graph.clone();
  for (const auto& stages : {passes::portable_stages(), passes::target_stages()}) passes::run_passes(graph, stages);
  lower::LowerOptions options;
  options.target = kernels::this_machine(2);
  plan::Plan plan = lower::lower(graph, graph, options);
  plan.info.kernel_abi = plan::kernel_abi();
  Fused result{0, plan::plan_text(plan)};
  for (const plan::Step& step : plan.program.steps) result.kernels += step.kind != plan::StepKind::kView;
  const auto shared = std::make_shared<const plan::Plan>(std::move(plan));
  std::vector<Value> values;
  for (const Shape& shape : inputs) values.emplace_back(random_tensor(DType::kF32, shape, 7 + values.size()));
  const auto expected = ir::interpret(before, values);
  std::vector<Value> first;
  for (const int threads : {2, 1, 16}) {
    runtime::Session session(shared, {{.threads = threads}});
    std::vector<Value> outputs(expected.size());
    session.run(values, outputs);
    for (size_t i = 0; i < expected.size(); ++i) {
      const auto comparison = compare(outputs[i], expected[i], {1e-4, 1e-6, 1e-5});
      EXPECT_TRUE(comparison.equal) << "output " << i << ": " << comparison.reason;
      EXPECT_TRUE(first.empty() || identical(outputs[i].tensor(), first[i].tensor())) << threads << " threads";
    }
    if (first.empty()) first = std::move(outputs);
  }
  return result;
}

TEST(Fusion, ConvolutionNormalisationBiasAndActivationAreOneStep) {
  const Fused fused = fuse(R"(graph main(%x: f32[n,8,8,3]) {
    %w: f32[6,3,3,3] = const random(1)
    %bias: f32[6] = const random(2)
    %scale: f32[6,1,1] = const random(3)
    %shift: f32[6,1,1] = const random(4)
    %t = transpose{permutation=[0,3,1,2]}(%x)
    %c = conv{pads=[1,1,1,1]}(%t, %w, %bias)
    %m = binary{fn=mul}(%c, %scale)
    %a = binary(%m, %shift)
    %r = unary{fn=relu}(%a)
    %y = transpose{permutation=[0,2,3,1]}(%r)
    return %y as "y"
  })",
                           {{2, 8, 8, 3}});
  EXPECT_EQ(fused.kernels, 1) << fused.text;
}

TEST(Fusion, ThreeSiblingsOnOneInputAreOneStep) {
  const Fused fused = fuse(R"(graph main(%x: f32[n,10,16]) {
    %wq: f32[16,16] = const random(1)
    %wk: f32[16,8] = const random(2)
    %wv: f32[16,8] = const random(3)
    %bq: f32[16] = const random(4)
    %q0 = matmul(%x, %wq)
    %q = binary(%q0, %bq)
    %k = matmul(%x, %wk)
    %v = matmul(%x, %wv)
    return %q as "q", %k as "k", %v as "v"
  })",
                           {{2, 10, 16}});
  EXPECT_EQ(fused.kernels, 1) << fused.text;
}

TEST(Fusion, ThreeConvolutionBranchesOnOneInputAreOneStep) {
  const Fused fused = fuse(R"(graph main(%x: f32[n,6,6,16]) {
    %wa: f32[24,16,1,1] = const random(1)
    %wb: f32[4,16,1,1] = const random(2)
    %wc: f32[40,16,1,1] = const random(3)
    %bias: f32[24] = const random(4)
    %a0 = conv{channels_last=true}(%x, %wa, %bias)
    %a = unary{fn=relu}(%a0)
    %b = conv{channels_last=true}(%x, %wb)
    %c0 = conv{channels_last=true}(%x, %wc)
    %c = unary{fn=silu}(%c0)
    return %a as "a", %b as "b", %c as "c"
  })",
                           {{2, 6, 6, 16}});
  EXPECT_EQ(fused.kernels, 1) << fused.text;
}

TEST(Fusion, ADenseLayersConcatenationNormalisationAndActivationAreOneStep) {
  const Fused fused = fuse(R"(graph main(%x: f32[n,13,9,64], %a: f32[n,13,9,32], %b: f32[n,13,9,31]) {
    %scale: f32[127,1,1] = const random(1)
    %shift: f32[127,1,1] = const random(2)
    %w: f32[8,127,1,1] = const random(3)
    %xt = transpose{permutation=[0,3,1,2]}(%x)
    %at = transpose{permutation=[0,3,1,2]}(%a)
    %bt = transpose{permutation=[0,3,1,2]}(%b)
    %c = concat{axis=1}(%xt, %at, %bt)
    %m = binary{fn=mul}(%c, %scale)
    %s = binary(%m, %shift)
    %r = unary{fn=relu}(%s)
    %p = conv(%r, %w)
    %y = transpose{permutation=[0,2,3,1]}(%p)
    return %y as "y"
  })",
                           {{2, 13, 9, 64}, {2, 13, 9, 32}, {2, 13, 9, 31}});
  EXPECT_EQ(fused.kernels, 2) << fused.text;
}

TEST(Fusion, AConcatenationThatOthersNeedIsAStepOfItsOwn) {
  const Fused fused = fuse(R"(graph main(%x: f32[n,50,64], %a: f32[n,50,32]) {
    %scale: f32[96] = const random(1)
    %w: f32[96,8] = const random(2)
    %c = concat{axis=2}(%x, %a)
    %m = binary{fn=mul}(%c, %scale)
    %y = unary{fn=tanh}(%m)
    %z = matmul(%c, %w)
    return %y as "y", %z as "z"
  })",
                           {{2, 50, 64}, {2, 50, 32}});
  EXPECT_EQ(fused.kernels, 3) << fused.text;
}

TEST(Fusion, AnInvertedBottleneckIsOneStep) {
  const Fused fused = fuse(R"(graph main(%x: f32[n,8,h,w]) {
    %we: f32[48,8,1,1] = const random(1)
    %wd: f32[48,1,3,3] = const random(2)
    %wp: f32[8,48,1,1] = const random(3)
    %bias: f32[48] = const random(4)
    %e0 = conv(%x, %we, %bias)
    %e = unary{fn=relu}(%e0)
    %d0 = conv{group=48, pads=[1,1,1,1]}(%e, %wd, %bias)
    %d = unary{fn=silu}(%d0)
    %p = conv(%d, %wp)
    %s = binary(%p, %x)
    %y = transpose{permutation=[0,2,3,1]}(%s)
    return %y as "y"
  })",
                           {{2, 8, 41, 30}});
  EXPECT_EQ(fused.kernels, 2) << fused.text;  // and the data's conversion to channels-last
}

}  // namespace
}  // namespace ingot

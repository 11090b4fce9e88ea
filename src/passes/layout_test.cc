// Transposes that sink, cancel and carry the channels-last layout.
#include "passes/min_cut.h"
#include "passes/pass_testing.h"
#include "passes/passes.h"
#include "passes/permute.h"
#include "passes/reshape_groups.h"

namespace ingot::passes {
namespace {

TEST(MinCut, FindsTheCheapestCut) {
  MinCut cut;
  const int source = cut.add_vertex(), a = cut.add_vertex(), b = cut.add_vertex(), sink = cut.add_vertex();
  cut.add_edge(source, a, 10);
  cut.add_edge(source, b, 2);
  cut.add_edge(a, b, 3);
  cut.add_edge(a, sink, 4);
  cut.add_edge(b, sink, 9);
  const auto side = cut.source_side(source, sink);
  EXPECT_EQ(side, (std::vector<bool>{true, true, false, false}));
}

TEST(MinCut, OfEqualCutsTakesTheLargestSourceSide) {
  MinCut cut;
  const int source = cut.add_vertex(), a = cut.add_vertex(), sink = cut.add_vertex();
  cut.add_edge(source, a, 5);
  cut.add_edge(a, sink, 5);
  EXPECT_EQ(cut.source_side(source, sink), (std::vector<bool>{true, true, false}));
}

DimShape dims(std::initializer_list<const char*> texts) {
  DimShape shape;
  for (const char* text : texts) shape.push_back(Dim::parse(text));
  return shape;
}

TEST(ReshapeGroups, TellWhichAxesBelongTogether) {
  const auto groups = reshape_groups(dims({"n", "c", "h", "w"}), dims({"n", "c", "h*w"}));
  ASSERT_TRUE(groups);
  ASSERT_EQ(groups->size(), 3u);
  EXPECT_EQ((*groups)[2].from_count, 2u);
  EXPECT_FALSE(reshape_groups(dims({"n", "c"}), dims({"m", "k"})));
  EXPECT_TRUE(reshape_groups(dims({"n", "1", "6"}), dims({"n", "2", "3", "1"})));
}

TEST(SinkTransposes, MeetAndVanish) {
  const auto result = rewrite({sink_transposes(), cancel_movement(), fold_constants()}, R"(graph g(%x: f32[n,4,5,6]) {
    %bias: f32[4] = const random(1)
    %shift: f32[5,1,4] = const random(2)
    %t = transpose{permutation=[0,2,3,1]}(%x)
    %a = unary{fn=relu}(%t)
    %b = binary(%a, %bias)
    %c = binary{fn=mul}(%b, %shift)
    %d = softmax{axis=3}(%c)
    %e = slice{starts=[1], ends=[4], axes=[1]}(%d)
    %f = reduce{fn=mean, axes=[2]}(%e)
    %g = concat{axis=1}(%f, %f)
    %y = transpose{permutation=[0,3,1,2]}(%g)
    return %y
  })");
  EXPECT_EQ(result.ops().find("transpose"), std::string::npos) << result.text();
  expect_same_numbers(result);
}

TEST(SinkTransposes, GoThroughReshapesThatKeepBlocksTogether) {
  const auto result = rewrite({sink_transposes(), cancel_movement()}, R"(graph g(%x: f32[n,h,w,4]) {
    %t = transpose{permutation=[0,3,1,2]}(%x)
    %r = reshape{shape=[n,4,h*w]}(%t)
    %y = transpose{permutation=[0,2,1]}(%r)
    return %y
  })");
  EXPECT_EQ(result.ops(), "reshape{shape=[n,h*w,4], allow_zero=true}");
  expect_same_numbers(result);
}

TEST(SinkTransposes, StayBeforeReshapesThatJoinOtherAxes) {
  const auto result = rewrite(sink_transposes(), R"(graph g(%x: f32[n,4,6]) {
    %t = transpose{permutation=[0,2,1]}(%x)
    %y = reshape{shape=[n,24]}(%t)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "the reshape joins axes that the transpose parts");
}

TEST(SinkTransposes, StayWhenAnotherOperandWouldNeedOne) {
  const auto result = rewrite(sink_transposes(), R"(graph g(%x: f32[n,4,6], %z: f32[n,6,4]) {
    %t = transpose{permutation=[0,2,1]}(%x)
    %y = binary(%t, %z)
    return %y
  })");
  EXPECT_EQ(result.patches(), 0);
  EXPECT_EQ(result.refusals(), "an operand would have to be transposed");
}

std::vector<Pass> layout() {
  return {channels_last(), sink_transposes(), cancel_movement(), fold_constants(), merge_equal(), count_layouts()};
}

int64_t conversions(const Rewritten& result) {
  int64_t count = 0;
  for (const ir::NodeId id : result.after.order()) {
    count += std::string(result.after.node(id).op.name()) == "transpose";
  }
  return count;
}

TEST(ChannelsLast, ABottleneckConvertsItsInputAndOutputOnly) {
  const auto result = rewrite(layout(), R"(graph g(%x: f32[n,3,h,w]) {
    %w0: f32[8,3,3,3] = const random(1)
    %w1: f32[8,8,1,1] = const random(2)
    %w2: f32[8,1,3,3] = const random(3)
    %w3: f32[8,8,1,1] = const random(4)
    %w4: f32[8,8,1,1] = const random(5)
    %a = conv{pads=[1,1,1,1]}(%x, %w0)
    %p = pool{kernel=[3,3], strides=[2,2], pads=[1,1,1,1]}(%a)
    %b = conv(%p, %w1)
    %s = unary{fn=sigmoid}(%b)
    %c = binary{fn=mul}(%b, %s)
    %d = conv{group=8, pads=[1,1,1,1]}(%c, %w2)
    %m = reduce{fn=mean, axes=[2,3]}(%d)
    %e = conv(%m, %w3)
    %gate = unary{fn=hard_sigmoid, alpha=0.2, beta=0.5}(%e)
    %f = binary{fn=mul}(%d, %gate)
    %k = conv(%f, %w4)
    %y = binary(%k, %p)
    return %y
  })");
  EXPECT_EQ(conversions(result), 2) << result.text();
  expect_same_numbers(result);
}

TEST(ChannelsLast, ClassifiersEndWithoutConversion) {
  const auto result = rewrite(layout(), R"(graph g(%x: f32[n,h,w,3]) {
    %w0: f32[8,3,3,3] = const random(1)
    %fc: f32[8,10] = const random(2)
    %t = transpose{permutation=[0,3,1,2]}(%x)
    %a = conv{pads=[1,1,1,1]}(%t, %w0)
    %b = reduce{fn=mean, axes=[2,3], keepdims=false}(%a)
    %y = matmul(%b, %fc)
    return %y
  })");
  EXPECT_EQ(conversions(result), 0) << result.text();
  expect_same_numbers(result);
}

TEST(ChannelsLast, UpsamplingDecodersStayInOneLayout) {
  const auto result = rewrite(layout(), R"(graph g(%x: f32[n,h,w,4]) {
    %w0: f32[4,4,2,2] = const random(1)
    %w1: f32[6,8,1,1] = const random(2)
    %t = transpose{permutation=[0,3,1,2]}(%x)
    %a = conv_transpose{strides=[2,2]}(%t, %w0)
    %b = resize{coordinates=asymmetric, nearest=floor, scales=[1,1,2,2]}(%t)
    %c = concat{axis=1}(%a, %b)
    %d = conv(%c, %w1)
    %y = transpose{permutation=[0,2,3,1]}(%d)
    return %y
  })");
  EXPECT_EQ(conversions(result), 0) << result.text();
  expect_same_numbers(result);
}

TEST(ChannelsLast, UpsamplingAtTheEndIsConvertedWhileSmall) {
  const auto result = rewrite(layout(), R"(graph g(%x: f32[n,h,w,4]) {
    %w: f32[6,4,1,1] = const random(1)
    %t = transpose{permutation=[0,3,1,2]}(%x)
    %a = conv(%t, %w)
    %y = resize{mode=linear, sizes=[320,320], axes=[2,3]}(%a)
    return %y
  })");
  const std::string ops = result.ops();
  EXPECT_LT(ops.rfind("transpose"), ops.find("resize")) << ops;
  expect_same_numbers(result);
}

TEST(ChannelsLast, GraphsWithoutConvolutionsStayAsTheyAre) {
  const auto result = rewrite(layout(), R"(graph g(%x: f32[n,4,5,6]) {
    %a = pool{kernel=[2,2]}(%x)
    %y = unary{fn=relu}(%a)
    return %y
  })");
  EXPECT_EQ(conversions(result), 0);
}

TEST(ChannelsLast, TargetsWithoutItKeepChannelsFirst) {
  auto options = strict_options();
  options.target.channels_last = false;
  const auto result = rewrite(channels_last(), R"(graph g(%x: f32[n,3,4,4]) {
    %w: f32[8,3,1,1] = const random(1)
    %y = conv(%x, %w)
    return %y
  })",
                              options);
  EXPECT_EQ(result.patches(), 0);
}

}  // namespace
}  // namespace ingot::passes

#include "service/placement.h"

#include <gtest/gtest.h>

#include "ir/text.h"
#include "lower/lower.h"

namespace ingot::service {
namespace {

Placement placement_of(const char* text) {
  const ir::Graph graph = ir::parse_graph(text);
  lower::LowerOptions options;
  options.device = "cuda";
  return estimate_placement(lower::lower(graph, graph, options), kernels::this_machine(1));
}

TEST(Placement, LargeProductsBelongOnTheDevice) {
  const Placement placement = placement_of(R"(graph g(%x: f32[2048,2048]) {
    %w: f32[2048,2048] = const random(1)
    %y = matmul(%x, %w)
    return %y
  })");
  EXPECT_FALSE(placement.prefers_cpu());
  EXPECT_LT(placement.device, placement.cpu);
  EXPECT_EQ(placement.host_steps, 0u);
}

TEST(Placement, LittleWorkBetweenStepsOfTheHostBelongsOnTheCpu) {
  const Placement placement = placement_of(R"(graph g(%x: f32[4,6]) {
    %a = unary{fn=exp}(%x)
    %h = hardmax(%a)
    %b = unary{fn=exp}(%h)
    %i = hardmax(%b)
    %y = unary{fn=exp}(%i)
    return %y
  })");
  EXPECT_TRUE(placement.prefers_cpu());
  EXPECT_EQ(placement.host_steps, 2u);
  EXPECT_GT(placement.transfers, 0.08);
}

TEST(Placement, UnknownSizesCountAsSomethingTypical) {
  const Placement placement = placement_of(R"(graph g(%x: f32[n,4096]) {
    %w: f32[4096,4096] = const random(1)
    %y = matmul(%x, %w)
    return %y
  })");
  EXPECT_GT(placement.cpu, 0);
  EXPECT_FALSE(placement.prefers_cpu());
}

}  // namespace
}  // namespace ingot::service

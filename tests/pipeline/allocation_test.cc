// Counts what a run allocates: operator new of this program, and the pages of tensors through their constructor.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "ir/text.h"
#include "pipeline_testing.h"
#include "runtime/session.h"

namespace {
std::atomic<int64_t> allocations{0};
}  // namespace

__attribute__((noinline)) void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
// The standard library's temporary buffers ask with nothrow: the pair of new and delete must stay one pair under
// sanitizers.
__attribute__((noinline)) void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
__attribute__((noinline)) void operator delete(void* memory) noexcept { std::free(memory); }
__attribute__((noinline)) void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace ingot {
namespace {

TEST(PlanRun, ARunOfSeenShapesWithBoundOutputsAllocatesNothing) {
  const auto graph = ir::parse_graph(R"(graph main(%x: f32[n,8]) {
    %w: f32[8,16] = const random(1)
    %y = matmul(%x, %w)
    %r = unary{fn=relu}(%y)
    %z = softmax(%r)
    return %z as "z"
  })");
  runtime::Session session(plan_of(graph), {{.threads = 1}});
  ASSERT_TRUE(session.executor()->allocating_steps().empty());
  std::vector<Value> inputs{Tensor(DType::kF32, {4, 8})}, outputs{Tensor(DType::kF32, {4, 16})};
  const runtime::RunControl control;
  session.run(inputs, outputs, control);
  const int64_t before = allocations;
  for (int i = 0; i < 10; ++i) session.run(inputs, outputs, control);
  EXPECT_EQ(allocations - before, 0);
}

}  // namespace
}  // namespace ingot

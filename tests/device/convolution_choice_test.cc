// Convolutions with an epilogue that libraries lack: an own kernel, or the library and a kernel behind it.
#include <gtest/gtest.h>

#include <algorithm>

#include "device_session.h"
#include "gpu_testing.h"
#include "runtime/operation_table.h"

namespace ingot {
namespace {

using device::Address;
using kernels::cuda::Call;
using kernels::cuda::Choice;
using kernels::cuda::Slot;

constexpr const char* kSlow = "  for (int i = 0; i < 3; ++i) __nanosleep(1000000);\n";  // and computes nothing

// The only step of a graph, as its row emits it, and what its operands hold.
struct Step {
  explicit Step(const char* name) {
    const auto* each = std::find_if(std::begin(kDeviceCases), std::end(kDeviceCases),
                                    [&](const DeviceCase& other) { return std::string_view(other.name) == name; });
    const ir::Graph graph = ir::parse_graph(each->text), after = fused(graph);
    const std::vector<Value> given = random_inputs(graph);
    expected = ir::interpret(graph, given)[0].tensor();
    const ir::Node& node = after.node(after.order().front());
    kernels::Problem problem{node.op, {}, {}};
    for (const ir::ValueId value : node.inputs) {
      const Tensor* constant = after.constant(value);
      const auto at = std::find(after.inputs().begin(), after.inputs().end(), value) - after.inputs().begin();
      inputs.push_back(constant != nullptr ? *constant : given[static_cast<size_t>(at)].tensor());
      problem.inputs.push_back({inputs.back().dtype(), inputs.back().shape(), constant != nullptr});
    }
    problem.outputs.push_back({expected.dtype(), expected.shape()});
    const char* reason = nullptr;
    const auto* row = kernels::cuda::pick_device_row(problem, reason);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (problem.inputs[i].constant && row->pack != nullptr) inputs[i] = row->pack(problem, i, inputs[i]);
    }
    emission = row->emit(problem, DType::kF32);
  }
  std::vector<Tensor> inputs;
  Tensor expected;
  std::vector<Call> emission;
};

// What the only call of the step leaves in its output, in f32; `choice`: how it was chosen.
Tensor run(device::Device& device, const Step& step, const Call& call, std::string& choice) {
  runtime::Preparation spent;
  runtime::OperationTable table(device, spent);
  table.prepare(call);
  table.compile();
  const auto operation = table.operation(call);
  choice = operation->choice;
  std::vector<device::Buffer> buffers;
  std::vector<Address> operands;
  size_t result = 0;
  for (const Slot& slot : call.operands) {
    const bool input = slot.kind == Slot::kInput;
    if (!input) result = operands.size();
    const Tensor& tensor = input ? step.inputs[slot.index] : step.expected;
    buffers.emplace_back(device, tensor.byte_size());
    operands.push_back(buffers.back().address());
    if (input) device.copy_in(operands.back(), tensor.raw(), tensor.byte_size());
  }
  const device::Buffer workspace(device, operation->workspace_bytes);
  operation->enqueue(operands, workspace.address());
  Tensor actual = Tensor::uninitialized(DType::kF32, step.expected.shape());
  device.copy_out(actual.mutable_raw(), operands[result], actual.byte_size());
  return actual;
}

constexpr const char* kCases[] = {"conv_any_epilogue", "conv_any_epilogue_of_many_channels",
                                  "conv_any_epilogue_of_three_channels"};

TEST(ConvolutionChoice, TheLibraryWithAKernelBehindItGivesTheSameAsTheOwnKernel) {
  std::string reason;
  const auto device = open_gpu(reason);
  if (device == nullptr) GTEST_SKIP() << reason;
  int of_library = 0;
  for (const char* name : kCases) {
    const Step step(name);
    for (const bool library : {true, false}) {
      Call call = step.emission[0];
      auto& choice = std::get<Choice>(call.work);
      (library ? choice.own : choice.rest->kernel).body = kSlow;
      std::string chosen;
      const Tensor actual = run(*device, step, call, chosen);
      if (library && chosen.rfind("own kernel: ", 0) == 0) continue;  // the library proposes nothing
      of_library += library ? 1 : 0;
      EXPECT_EQ(chosen.rfind("own kernel", 0) == 0, !library) << name << ": " << chosen;
      EXPECT_LE(relative_error(actual, step.expected), 1e-5) << name << ": " << chosen;
    }
  }
  EXPECT_GT(of_library, 0);
}

TEST(ConvolutionWithAnyEpilogue, IsOneCallThatLeavesTheChoiceToTheDevice) {
  for (const char* name : kCases) {
    const Step step(name);
    ASSERT_EQ(step.emission.size(), 1u) << name;
    const auto* choice = std::get_if<Choice>(&step.emission[0].work);
    ASSERT_NE(choice, nullptr) << name;
    const auto& conv = std::get<device::Convolution>(choice->problem);
    EXPECT_EQ(conv.activation, device::Activation::kNone);
    ASSERT_TRUE(choice->rest) << name;
    const size_t of_library = conv.bias ? 4 : 3;
    EXPECT_EQ(of_library + choice->rest->more_bytes.size(), step.emission[0].operands.size());
    std::vector<size_t> in_place{2, 2};
    for (size_t i = of_library; i < step.emission[0].operands.size(); ++i) in_place.insert(in_place.end() - 1, i);
    EXPECT_EQ(choice->rest->operands, in_place);
  }
}

}  // namespace
}  // namespace ingot

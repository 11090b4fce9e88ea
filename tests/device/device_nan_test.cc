// NaN, infinities and masks that hide everything, on a GPU as in the interpreter.
#include <gtest/gtest.h>

#include <limits>

#include "device_session.h"
#include "tensor/compare.h"

namespace ingot {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

const DeviceCase kCases[] = {
    {"largest_of_rows", R"(graph g(%x: f32[40,300]) {
      %y = reduce{fn=max, axes=[1]}(%x)
      return %y
    })"},
    {"largest_of_columns", R"(graph g(%x: f32[300,40]) {
      %y = reduce{fn=max, axes=[0]}(%x)
      return %y
    })"},
    {"least_of_apart", R"(graph g(%x: f32[6,50,7]) {
      %y = reduce{fn=min, axes=[0,2]}(%x)
      return %y
    })"},
    {"exponents_summed", R"(graph g(%x: f32[40,30]) {
      %y = reduce{fn=log_sum_exp, axes=[0]}(%x)
      return %y
    })"},
    {"largest_of_windows", R"(graph g(%x: f32[1,9,9,16]) {
      %y = pool{kernel=[3,3], strides=[2,2], pads=[1,1,1,1], channels_last=true}(%x)
      return %y
    })"},
    {"softmax_of_rows_and_columns", R"(graph g(%x: f32[30,40]) {
      %y = softmax{axis=1}(%x)
      %z = softmax{axis=0}(%x)
      return %y, %z
    })"},
    {"activations", R"(graph g(%x: f32[500]) {
      %a = unary{fn=relu}(%x)
      %b = unary{fn=hard_sigmoid, alpha=0.2, beta=0.5}(%x)
      %c = unary{fn=hard_swish}(%x)
      return %a, %b, %c
    })"},
    {"hidden_queries", R"(graph g(%q: f32[1,2,70,32], %x: f32[1,2,70,32], %m: bool[1,1,70,70]) {
      %y = attention(%q, %x, %x, %m)
      return %y
    })"},
    {"hidden_queries_that_count_as_zero", R"(graph g(%q: f32[1,2,70,32], %x: f32[1,2,70,32], %m: bool[1,1,70,70]) {
      %y = attention{unseen_is_zero=true}(%q, %x, %x, %m)
      return %y
    })"},
    {"hidden_queries_and_nan_that_count_as_zero",
     R"(graph g(%q: f32[1,2,70,20], %x: f32[1,2,70,20], %m: bool[1,1,70,70]) {
      %y = attention{nan_is_zero=true}(%q, %x, %x, %m)
      return %y
    })"},
    {"hidden_queries_of_odd_size", R"(graph g(%q: f32[1,2,9,20], %x: f32[1,2,9,20], %m: bool[1,1,9,9]) {
      %y = attention(%q, %x, %x, %m)
      return %y
    })"}};

// Every 97th number of the first input is NaN; of masks the first row and the fifth are false.
std::vector<Value> inputs_of(const ir::Graph& graph) {
  std::vector<Value> inputs = random_inputs(graph);
  for (Value& input : inputs) {
    Tensor tensor = input.tensor();
    if (tensor.dtype() == DType::kBool) {
      for (int64_t i = 0; i < tensor.dim(-1); ++i) {
        for (const int64_t row : {0, 5}) write_double(tensor, row * tensor.dim(-1) + i, 0);
      }
    } else if (&input == &inputs.front()) {
      for (int64_t i = 1; i < tensor.count(); i += 97) write_double(tensor, i, kNan);
    }
    input = tensor;
  }
  return inputs;
}

class DeviceNan : public testing::TestWithParam<DeviceCase> {};

TEST_P(DeviceNan, IsWhereTheInterpreterHasIt) {
  const ir::Graph graph = ir::parse_graph(GetParam().text);
  const auto expected = ir::interpret(graph, inputs_of(graph));
  for (const auto& [precision, bound] : {std::pair("fp32", 1e-5), std::pair("fp16", 4e-3), std::pair("bf16", 3e-2)}) {
    std::unique_ptr<runtime::Session> session;
    try {
      session = std::make_unique<runtime::Session>(plan_for(graph, "cuda", precision),
                                                   runtime::SessionOptions{{.threads = 1}});
    } catch (const Error& error) {
      if (error.code() != Code::kDevice) throw;
      GTEST_SKIP() << error.what();
    }
    std::vector<Value> outputs(graph.outputs().size());
    session->run(inputs_of(graph), outputs);
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Comparison result = compare(outputs[i].tensor(), expected[i].tensor(), {bound, bound, bound});
      EXPECT_TRUE(result.equal) << precision << " output " << i << ": " << result.reason;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, DeviceNan, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ingot

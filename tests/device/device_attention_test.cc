// Attention by the device's library, in place of a kernel that refuses to run, against the interpreter; on a GPU.
#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "device_session.h"
#include "gpu_testing.h"

namespace ingot {
namespace {

using device::Address;
using device::Attention;

class Refusing : public device::Operation {
 public:
  void enqueue(std::span<const Address>, Address) override { fail(Code::kUnsupported, "this kernel runs nowhere"); }
};

// How q, k, v and y lie: [b, h, s, d]; [b, s, h * d]; q, k and v together as [b, s, 3 * h * d].
enum class Layout { kHeadsApart, kHeadsTogether, kPacked };

struct Case {
  const char* name;
  int64_t heads, kv_heads, queries, keys, size;
  Layout layout = Layout::kHeadsApart;
  bool causal = false;
  Shape mask;  // none where empty; its axes are batch, head, query and key
};
void PrintTo(const Case& each, std::ostream* to) { *to << each.name; }
constexpr int64_t kBatch = 2;

const Case kCases[] = {
    {"bert_base", 12, 12, 128, 128, 64, Layout::kHeadsTogether},
    {"bert_large", 16, 16, 384, 384, 64, Layout::kHeadsTogether},
    {"bert_masked", 12, 12, 128, 128, 64, Layout::kHeadsTogether, false, {kBatch, 1, 1, 128}},
    {"bert_masked_by_query", 16, 16, 384, 384, 64, Layout::kHeadsTogether, false, {kBatch, 1, 384, 384}},
    {"vit", 12, 12, 197, 197, 64, Layout::kPacked},
    {"vit_masked", 12, 12, 197, 197, 64, Layout::kPacked, false, {kBatch, 1, 1, 197}},
    {"gpt2", 12, 12, 64, 64, 64, Layout::kPacked, true},
    {"gpt2_mask_of_all", 12, 12, 64, 64, 64, Layout::kPacked, false, {1, 1, 64, 64}},
    {"causal_and_masked", 12, 12, 128, 128, 64, Layout::kPacked, true, {kBatch, 1, 1, 128}},
    {"swin", 3, 3, 49, 49, 32, Layout::kPacked, false, {1, 3, 49, 49}},
    {"swin_plain", 3, 3, 49, 49, 32, Layout::kPacked},
    {"mask_by_head_and_batch", 12, 12, 128, 128, 32, Layout::kHeadsApart, false, {kBatch, 12, 128, 128}},
    {"shared_keys", 8, 2, 128, 200, 64},
    {"one_query", 12, 12, 1, 384, 64, Layout::kHeadsTogether},
};

Tensor zeros(DType type, const Shape& shape) {
  Tensor tensor = Tensor::uninitialized(type, shape);
  std::memset(tensor.mutable_raw(), 0, static_cast<size_t>(tensor.byte_size()));
  return tensor;
}

// An operand's elements among others, in the device's type.
struct Placed {
  Tensor memory;
  int64_t offset = 0;
  std::array<int64_t, 3> strides{};
};

// Calls `visit` with the position of each element of [b, h, s, d] there and in the memory.
void each_element(const Shape& shape, const Placed& place, const std::function<void(int64_t, int64_t)>& visit) {
  int64_t index = 0;
  for (int64_t b = 0; b < shape[0]; ++b) {
    for (int64_t h = 0; h < shape[1]; ++h) {
      for (int64_t s = 0; s < shape[2]; ++s) {
        const int64_t row = place.offset + b * place.strides[0] + h * place.strides[1] + s * place.strides[2];
        for (int64_t d = 0; d < shape[3]; ++d) visit(index++, row + d);
      }
    }
  }
}

// Room for [b, h, s, d], `parts` of which lie side by side in a row and this is number `part`.
Placed place(Layout layout, DType type, const Shape& shape, int64_t parts, int64_t part) {
  const int64_t h = shape[1], s = shape[2], d = shape[3];
  if (layout == Layout::kHeadsApart) return {zeros(type, {element_count(shape)}), 0, {h * s * d, s * d, d}};
  if (layout == Layout::kHeadsTogether) parts = 1, part = 0;
  return {zeros(type, {element_count(shape) * parts}), part * h * d, {s * parts * h * d, d, parts * h * d}};
}

class LibraryAttention : public testing::TestWithParam<std::tuple<Case, DType>> {
 protected:
  void SetUp() override {
    std::string reason;
    device = open_gpu(reason);
    if (device == nullptr) GTEST_SKIP() << reason;
    for (const device::Part& part : device->properties().parts) {
      if (part.name == "cuDNN" && !part.found) GTEST_SKIP() << part.detail;
    }
    make_inputs();
  }

  void make_inputs() {
    const auto add = [&](Shape shape) {
      inputs.emplace_back(convert(convert(random_tensor(DType::kF32, shape, inputs.size() + 1), type), DType::kF32));
    };
    add({kBatch, c.heads, c.queries, c.size});
    add({kBatch, c.kv_heads, c.keys, c.size});
    add({kBatch, c.kv_heads, c.keys, c.size});
    if (c.mask.empty()) return;
    add(c.mask);
    Tensor mask = inputs.back().tensor();
    for (int64_t i = 0; i < mask.count(); ++i) {
      if (i % c.mask[3] > c.mask[3] * 3 / 4) write_double(mask, i, type == DType::kF16 ? -65504 : -98304);
    }
    inputs.back() = mask;
  }

  Tensor expected() const {
    std::string parameters, arguments;
    const char* names[] = {"q", "k", "v", "m"};
    for (size_t i = 0; i < inputs.size(); ++i) {
      const std::string comma = i > 0 ? ", " : "";
      parameters += fmt::format("{}%{}: f32{}", comma, names[i], shape_text(inputs[i].tensor().shape()));
      arguments += fmt::format("{}%{}", comma, names[i]);
    }
    const ir::Graph graph =
        ir::parse_graph(fmt::format("graph g({}) {{\n %y = attention{{scale=0.15, causal={}}}({})\n return %y\n}}",
                                    parameters, c.causal, arguments));
    return ir::interpret(graph, inputs)[0].tensor();
  }

  // The operands on the device: one buffer each, or q, k and v in one.
  Tensor run() {
    Attention a;
    a.dtype = type;
    a.batch = kBatch, a.heads = c.heads, a.kv_heads = c.kv_heads, a.queries = c.queries, a.keys = c.keys;
    a.size = a.value_size = c.size;
    a.scale = 0.15;
    a.causal = c.causal;
    std::vector<device::Buffer> buffers;
    std::vector<Address> operands;
    const auto put = [&](const Tensor& memory, int64_t offset) {
      buffers.emplace_back(*device, memory.byte_size());
      device->copy_in(buffers.back().address(), memory.raw(), memory.byte_size());
      operands.push_back(buffers.back().address() + static_cast<Address>(offset * (dtype_bits(memory.dtype()) / 8)));
    };
    std::array<int64_t, 3>* strides[] = {&a.q, &a.k, &a.v};
    for (size_t i = 0; i < 3; ++i) {
      const Tensor& tensor = inputs[i].tensor();
      Placed there = place(c.layout, type, tensor.shape(), 3, static_cast<int64_t>(i));
      each_element(tensor.shape(), there,
                   [&](int64_t from, int64_t to) { write_double(there.memory, to, read_double(tensor, from)); });
      *strides[i] = there.strides;
      put(there.memory, there.offset);
    }
    if (!c.mask.empty()) {
      a.mask = Attention::Mask{type, {}};
      int64_t dense = 1;
      for (size_t axis = 4; axis-- > 0; dense *= c.mask[axis]) a.mask->strides[axis] = c.mask[axis] > 1 ? dense : 0;
      put(convert(inputs[3].tensor(), type), 0);
    }
    const Shape shape{kBatch, c.heads, c.queries, c.size};
    Placed y = place(c.layout, type, shape, 1, 0);
    a.y = y.strides;
    put(y.memory, 0);
    const auto operation = device->attention(a, {"refusing", [] { return std::make_unique<Refusing>(); }});
    choice = operation->choice;
    const device::Buffer workspace(*device, operation->workspace_bytes);
    operation->enqueue(operands, workspace.address());
    device->copy_out(y.memory.mutable_raw(), buffers.back().address(), y.memory.byte_size());
    Tensor result = zeros(DType::kF32, shape);
    each_element(shape, y, [&](int64_t to, int64_t from) { write_double(result, to, read_double(y.memory, from)); });
    return result;
  }

  const Case& c = std::get<0>(GetParam());
  const DType type = std::get<1>(GetParam());
  std::unique_ptr<device::Device> device;
  std::vector<Value> inputs;
  std::string choice;
};

TEST_P(LibraryAttention, AgreesWithTheInterpreter) {
  Tensor actual;
  try {
    actual = run();
  } catch (const Error& error) {
    FAIL() << error.what() << "\n" << choice;
  }
  std::printf("%s\n", choice.c_str());
  EXPECT_EQ(choice.rfind("cuDNN", 0), 0u) << choice;
  EXPECT_LE(relative_error(actual, expected()), type == DType::kF16 ? 2e-3 : 1.5e-2) << choice;
}

INSTANTIATE_TEST_SUITE_P(Cases, LibraryAttention,
                         testing::Combine(testing::ValuesIn(kCases), testing::Values(DType::kF16, DType::kBF16)),
                         [](const auto& info) {
                           return fmt::format("{}_{}", std::get<0>(info.param).name,
                                              dtype_name(std::get<1>(info.param)));
                         });

constexpr const char* kBooleanMask = R"(graph g(%q: f32[2,4,70,32], %k: f32[2,4,70,32], %v: f32[2,4,70,32],
    %m: bool[2,1,1,70]) {
  %y = attention(%q, %k, %v, %m)
  return %y
})";

// The choice that the only step of the graph ends with.
std::string choice_of(const char* text, const std::string& device) {
  const ir::Graph graph = ir::parse_graph(text);
  runtime::Session session(plan_for(graph, device, "fp16"), {{.threads = 1}});
  std::vector<Value> outputs(1);
  session.run(random_inputs(graph), outputs);
  const auto report = session.device()->report();
  return report.choices.size() == 1 ? report.choices[0].second : "none";
}

TEST(AttentionChoice, IsReportedWithItsReasonWhereThereIsNoLibrary) {
  EXPECT_EQ(choice_of(kBooleanMask, "null"), "own kernel: the null device has no library");
}

TEST(AttentionChoice, IsTheOwnKernelWithTheReasonWhereTheLibraryDeclines) {
  try {
    const std::string choice = choice_of(kBooleanMask, "cuda");
    EXPECT_EQ(choice.rfind("own kernel: cuDNN", 0), 0u) << choice;
  } catch (const Error& error) {
    if (error.code() != Code::kDevice) throw;
    GTEST_SKIP() << error.what();
  }
}

}  // namespace
}  // namespace ingot

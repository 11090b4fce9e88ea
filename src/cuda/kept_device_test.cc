// What a GPU keeps for later processes; skips where there is none.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/folder_testing.h"
#include "base/log.h"
#include "cuda/cuda_device.h"
#include "device/code_folder.h"
#include "tensor/float_types.h"

namespace ingot::cuda {
namespace {

using device::Address;
using device::Buffer;

constexpr const char* kDouble = R"(extern "C" __global__ void twice(const float* x, float* y) {
  y[threadIdx.x] = 2 * x[threadIdx.x];
})";

struct Outcome {
  std::vector<uint16_t> convolution, product;
  float doubled = 0;
  device::Effort effort;
};

class KeptDevice : public testing::Test {
 protected:
  void SetUp() override {
    try {
      open_cuda_device(0, device::no_store());
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
    set_log_sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); });
  }
  void TearDown() override { set_log_sink(nullptr); }

  static std::vector<uint16_t> run(device::Device& device, device::Operation& operation,
                                   const std::vector<int64_t>& elements, size_t result) {
    std::vector<Buffer> buffers;
    std::vector<Address> operands;
    for (const int64_t count : elements) {
      std::vector<uint16_t> content(static_cast<size_t>(count));
      for (size_t i = 0; i < content.size(); ++i) content[i] = F16(static_cast<float>(i % 7) / 8 - 0.25f).bits;
      buffers.emplace_back(device, count * 2);
      operands.push_back(buffers.back().address());
      device.copy_in(operands.back(), content.data(), count * 2);
    }
    const Buffer workspace(device, operation.workspace_bytes);
    const auto graph = device.capture([&] { operation.enqueue(operands, workspace.address()); });
    graph->enqueue({}, 0);
    std::vector<uint16_t> back(static_cast<size_t>(elements[result]));
    device.copy_out(back.data(), operands[result], elements[result] * 2);
    return back;
  }

  // As a process of its own would.
  Outcome run_all() {
    const auto store = std::make_shared<device::FolderStore>(folder.path / "device", folder.path / "tuning.jsonl");
    const auto device = open_cuda_device(0, store);
    Outcome outcome;
    device::Convolution c;  // residual and activation: cuDNN compiles code for it
    c.dtype = DType::kF16;
    c.n = 1, c.h = c.w = c.out_h = c.out_w = 14, c.c = c.m = 64;
    c.kernel = {3, 3}, c.pad_begin = c.pad_end = {1, 1};
    c.bias = c.residual = true;
    c.activation = device::Activation::kRelu;
    const int64_t pixels = int64_t{14} * 14 * 64;
    device::MatrixProduct p;
    p.dtype = DType::kF16;
    p.m = 96, p.n = 128, p.k = 64;
    const device::LibraryProblem problems[] = {{c}, {p}};
    device->recall(problems);
    outcome.convolution = run(*device, *device->convolution(c, nullptr), {pixels, 64 * 9 * 64, pixels, 64, pixels}, 2);
    outcome.product = run(*device, *device->matrix_product(p, nullptr), {96 * 64, 64 * 128, 96 * 128}, 2);
    const float one = 1;
    const Buffer x(*device, 4), y(*device, 4);
    device->copy_in(x.address(), &one, 4);
    const Address operands[] = {x.address(), y.address()};
    device->load(kDouble)->operation({"twice", {1, 1, 1}, {1, 1, 1}})->enqueue(operands, 0);
    device->copy_out(&outcome.doubled, y.address(), 4);
    outcome.effort = device->effort();
    store->save_choices();
    return outcome;
  }

  TemporaryFolder folder;
  std::vector<std::string> lines;
};

TEST_F(KeptDevice, CompilesAndMeasuresOnceForAllProcesses) {
  const Outcome cold = run_all(), warm = run_all();
  EXPECT_EQ(cold.effort.compiled, 1);
  EXPECT_EQ(cold.effort.measured, 2);
  EXPECT_EQ(warm.effort.compiled, 0);
  EXPECT_EQ(warm.effort.code_found, 1);
  EXPECT_EQ(warm.effort.measured, 0);
  EXPECT_EQ(warm.effort.remembered, 2);
  EXPECT_EQ(warm.effort.recalled.size(), 2u) << "cuDNN's and cuBLASLt's";
  EXPECT_EQ(warm.convolution, cold.convolution);
  EXPECT_EQ(warm.product, cold.product);
  EXPECT_EQ(warm.doubled, 2);
  EXPECT_TRUE(lines.empty()) << lines.front();
}

TEST_F(KeptDevice, MakesAgainWhatIsDamaged) {
  const Outcome cold = run_all();
  const auto files = device::CodeFolder(folder.path / "device").files();
  for (const auto& file : files) std::filesystem::resize_file(file.path, file.bytes / 2);
  const Outcome warm = run_all();
  EXPECT_EQ(warm.effort.compiled, 1);
  EXPECT_EQ(warm.effort.remembered, 2);
  EXPECT_EQ(warm.convolution, cold.convolution);
  EXPECT_EQ(lines.size(), files.size());
}

TEST_F(KeptDevice, ChoosesAgainWhatNoLongerHolds) {
  run_all();
  const auto database = folder.path / "tuning.jsonl";
  tuning::update(database, [](tuning::Database& known) {
    const auto all = known.entries();
    for (const auto& [key, entry] : all) known.put(key, {"no such candidate", {}, false});
  });
  EXPECT_EQ(run_all().effort.measured, 2);
  EXPECT_EQ(lines.size(), 2u);
  EXPECT_EQ(run_all().effort.remembered, 2);
}

}  // namespace
}  // namespace ingot::cuda

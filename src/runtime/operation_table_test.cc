#include "runtime/operation_table.h"

#include <gtest/gtest.h>

namespace ingot::runtime {
namespace {

using kernels::cuda::Call;
using kernels::cuda::KernelText;

class Operations : public testing::Test {
 protected:
  void SetUp() override {
    device::observe_null_sources([this](const std::string& source) { sources.push_back(source); });
  }
  void TearDown() override { device::observe_null_sources({}); }
  static Call call(size_t number, size_t bytes) {
    KernelText kernel;
    kernel.parameters = "float* y";
    kernel.body = fmt::format("  y[0] = {};\n//{}\n", number, std::string(bytes, 'x'));
    return {kernel, {{}}, {}};
  }

  std::unique_ptr<device::Device> device = device::open_device("null");
  Preparation spent;
  OperationTable table{*device, spent};
  std::vector<std::string> sources;
};

TEST_F(Operations, OfManyKernelsAreCompiledAsSeveralSources) {
  std::vector<Call> calls;
  for (size_t i = 0; i < 12; ++i) {
    for (const Call& each : table.prepare(call(i, 8 << 10))) calls.push_back(each);
  }
  table.compile();
  EXPECT_GT(sources.size(), 2u);
  EXPECT_LT(sources.size(), 12u);
  for (const Call& each : calls) EXPECT_NE(table.operation(each), nullptr);  // a module without the kernel throws
}

TEST_F(Operations, ThatAreEqualAreCompiledOnce) {
  table.prepare(call(1, 8));
  table.prepare(call(1, 8));
  table.compile();
  ASSERT_EQ(sources.size(), 1u);
  const std::string entry = "__global__";
  EXPECT_EQ(sources[0].find(entry), sources[0].rfind(entry));
}

TEST_F(Operations, OfLibrariesAloneCompileNothing) {
  table.prepare({device::MatrixProduct{}, {{}, {}, {}}, {}});
  table.compile();
  EXPECT_TRUE(sources.empty());
}

}  // namespace
}  // namespace ingot::runtime

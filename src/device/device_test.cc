// What every device keeps: run on the null device everywhere, on a GPU where there is one.
#include "device/device.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <numeric>
#include <thread>

#include "base/error.h"

namespace ingot::device {
namespace {

class EveryDevice : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    try {
      device_ = open_device(GetParam());
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
  }
  bool computes() const { return std::string(GetParam()) != "null"; }
  std::unique_ptr<Device> device_;
};

constexpr const char* kDouble = R"(extern "C" __global__ void twice(const float* x, float* y) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  y[i] = 2 * x[i];
})";

std::vector<float> counting(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 1.0f);
  return values;
}

TEST_P(EveryDevice, HasANameAndProcessors) {
  const Properties properties = device_->properties();
  EXPECT_FALSE(properties.name.empty());
  EXPECT_GT(properties.processors, 0);
}

TEST_P(EveryDevice, KeepsTheBytesThatAreCopiedIn) {
  const std::vector<float> values = counting(1000);
  const Buffer buffer(*device_, 4000);
  EXPECT_EQ(buffer.address() % 256, 0u);
  device_->copy_in(buffer.address(), values.data(), 4000);
  std::vector<float> back(1000);
  device_->copy_out(back.data(), buffer.address(), 4000);
  EXPECT_EQ(back, values);
}

TEST_P(EveryDevice, HasWhatIsUploadedPieceByPiece) {
  const int64_t bytes = 5 * kPieceBytes + 12;
  const Buffer buffer(*device_, bytes);
  const auto word = [](int64_t at) { return static_cast<uint32_t>(at / 4 * 2654435761u); };
  for (int round = 0; round < 2; ++round) {
    device_->upload(buffer.address(), bytes, [&](std::byte* piece, int64_t begin, int64_t size) {
      for (int64_t i = 0; i < size; i += 4) {
        const uint32_t value = word(begin + i) + static_cast<uint32_t>(round);
        std::memcpy(piece + i, &value, 4);
      }
    });
  }
  std::vector<uint32_t> back(static_cast<size_t>(bytes / 4));
  device_->copy_out(back.data(), buffer.address(), bytes);
  for (size_t i = 0; i < back.size(); ++i) ASSERT_EQ(back[i], word(static_cast<int64_t>(i) * 4) + 1) << i;
}

TEST_P(EveryDevice, RecordsWhileOthersWaitForAllWork) {
  const auto waiting = open_device(GetParam());
  const Buffer x(*device_, 1024), y(*device_, 1024);
  const Address operands[] = {x.address(), y.address()};
  const auto twice = device_->load(kDouble)->operation({"twice", {2, 1, 1}, {128, 1, 1}});
  std::atomic<bool> done{false};
  std::thread other([&] {
    while (!done) EXPECT_NO_THROW(waiting->synchronize_all());
  });
  for (int i = 0; i < 200; ++i) {
    EXPECT_NO_THROW(device_->capture([&] { twice->enqueue(operands, 0); }));
  }
  done = true;
  other.join();
}

TEST_P(EveryDevice, GivesMemoryForNoBytes) {
  const Buffer buffer(*device_, 0);
  EXPECT_NE(buffer.address(), 0u);
  device_->copy_in(buffer.address(), nullptr, 0);
}

TEST_P(EveryDevice, StaysUsableAfterRunningOutOfMemory) {
  try {
    const Buffer buffer(*device_, int64_t{1} << 60);
    FAIL() << "such a device has not been built";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kOutOfMemory) << error.what();
  }
  const Buffer buffer(*device_, 256);
  device_->synchronize();
}

TEST_P(EveryDevice, RunsKernelsAndReplaysCapturedOnes) {
  const std::vector<float> values = counting(256);
  const Buffer x(*device_, 1024), y(*device_, 1024);
  device_->copy_in(x.address(), values.data(), 1024);
  const auto twice = device_->load(kDouble)->operation({"twice", {2, 1, 1}, {128, 1, 1}});
  const Address there[] = {x.address(), y.address()}, back[] = {y.address(), x.address()};
  const auto four_times = device_->capture([&] {
    twice->enqueue(there, 0);
    twice->enqueue(back, 0);
  });
  four_times->enqueue({}, 0);
  four_times->enqueue({}, 0);
  EXPECT_GE(device_->time([&] { twice->enqueue(there, 0); }), 0);
  std::vector<float> result(256);
  device_->copy_out(result.data(), x.address(), 1024);
  const float factor = computes() ? 16 : 1;
  for (size_t i = 0; i < 256; ++i) ASSERT_EQ(result[i], factor * values[i]) << i;
}

TEST_P(EveryDevice, NamesTheKernelThatAModuleLacks) {
  const auto module = device_->load(kDouble);
  try {
    module->operation({"thrice", {1, 1, 1}, {1, 1, 1}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kDevice);
    EXPECT_NE(error.message().find("thrice"), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, EveryDevice, testing::Values("null", "cuda"),
                         [](const auto& info) { return std::string(info.param); });

TEST(CudaDevice, GivesTheCompilersLogOnAnError) {
  std::unique_ptr<Device> device;
  try {
    device = open_device("cuda");
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();
  }
  try {
    device->load("this is no program");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInternal);
    EXPECT_NE(error.message().find("error"), std::string::npos) << error.what();
  }
}

TEST(OpenDevice, RefusesNamesItDoesNotKnow) {
  for (const char* name : {"", "gpu", "cuda:", "cuda:x", "cuda:99999"}) {
    try {
      open_device(name);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kInvalidArgument) << name;
    }
  }
}

TEST(OpenDevice, SaysWhatIsMissingWhereThereIsNoGpu) {
  try {
    open_device("cuda:31");
    GTEST_SKIP() << "this machine has many GPUs";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kDevice);
    EXPECT_GT(error.message().size(), 20u) << error.what();
  }
}

TEST(CudaParts, EachSaysWhereItIsOrWhyItIsMissing) {
  const auto parts = cuda_parts();
  ASSERT_FALSE(parts.empty());
  for (const Part& part : parts) {
    EXPECT_FALSE(part.name.empty());
    EXPECT_FALSE(part.detail.empty()) << part.name;
  }
}

}  // namespace
}  // namespace ingot::device

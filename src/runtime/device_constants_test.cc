// On the null device, whose memory is the host's.
#include "runtime/device_constants.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "base/error.h"
#include "base/thread_pool.h"

namespace ingot::runtime {
namespace {

Tensor counting(int64_t count) {
  Tensor tensor = Tensor::uninitialized(DType::kF32, {count});
  std::iota(tensor.mutable_data<float>(), tensor.mutable_data<float>() + count, 0.0f);
  return tensor;
}

Tensor reversed(const Tensor& tensor) {
  Tensor result = Tensor::uninitialized(tensor.dtype(), tensor.shape());
  std::reverse_copy(tensor.data<float>(), tensor.data<float>() + tensor.count(), result.mutable_data<float>());
  return result;
}

template <class T> const T* at(device::Address address) { return reinterpret_cast<const T*>(address); }

class Constants : public testing::TestWithParam<int> {
 protected:
  std::shared_ptr<device::Device> device = device::open_device("null");
  ThreadPool pool{GetParam()};
  const kernels::Parallel parallel = kernels::parallel_on(pool);
};

TEST_P(Constants, LieOnTheDeviceInTheTypeAndLayoutThatWasAskedFor) {
  const int64_t count = 3 * device::kPieceBytes / 4 + 1001;  // more than a piece, also in 16 bits
  const Tensor many = counting(count), few = counting(3);
  DeviceConstants constants(device, DType::kF16);
  const device::Address as_is = constants.address(0, "", many, {}),
                        turned = constants.address(0, "turned", many, reversed);
  const device::Address small = constants.address(1, "", few, {});
  constants.copy_all(parallel);
  for (int64_t i = 0; i < count; ++i) {
    const float value = std::min(static_cast<float>(i), 65504.0f);
    ASSERT_EQ(at<F16>(as_is)[i].bits, F16(value).bits) << i;
    ASSERT_EQ(at<F16>(turned)[count - 1 - i].bits, F16(value).bits) << i;
  }
  EXPECT_EQ(at<F16>(small)[2].bits, F16(2.0f).bits);
  EXPECT_EQ(constants.bytes(), 2 * (2 * count + 3));
}

TEST_P(Constants, KeepTheirBytesWhereTheTypeIsTheSame) {
  const Tensor tensor = counting(device::kPieceBytes);
  DeviceConstants constants(device, DType::kF32);
  const device::Address address = constants.address(0, "", tensor, {});
  constants.copy_all(parallel);
  EXPECT_EQ(std::memcmp(at<float>(address), tensor.raw(), static_cast<size_t>(tensor.byte_size())), 0);
}

TEST_P(Constants, AreCopiedOnce) {
  DeviceConstants constants(device, DType::kBF16);
  const device::Address address = constants.address(0, "", counting(10), {});
  constants.copy_all(parallel);
  const auto before = device::null_usage();
  EXPECT_EQ(constants.address(0, "", counting(10), {}), address);
  constants.copy_all(parallel);
  EXPECT_EQ(device::null_usage().copies_in, before.copies_in);
  EXPECT_EQ(constants.bytes(), 20);
}

TEST_P(Constants, ThatCannotBeLaidOutAreForgotten) {
  const int64_t before = device::null_usage().live_bytes;
  DeviceConstants constants(device, DType::kF32);
  constants.address(0, "", counting(10), [](const Tensor&) -> Tensor { fail(Code::kOutOfMemory, "no memory"); });
  EXPECT_THROW(constants.copy_all(parallel), Error);
  constants.forget_new();
  EXPECT_EQ(device::null_usage().live_bytes, before);
  const device::Address address = constants.address(0, "", counting(10), {});
  constants.copy_all(parallel);
  EXPECT_EQ(at<float>(address)[9], 9.0f);
}

TEST_P(Constants, ShareWhatWasReservedAndAreCopiedTogether) {
  const std::vector<Tensor> tensors{counting(3), counting(1000), counting(1), counting(70000)};
  DeviceConstants constants(device, DType::kBF16);
  int64_t room = 0;
  for (const Tensor& each : tensors) room += constants.room_for(each);
  constants.reserve(room);
  const auto before = device::null_usage();
  std::vector<device::Address> addresses;
  for (size_t i = 0; i < tensors.size(); ++i) {
    addresses.push_back(constants.address(static_cast<int32_t>(i), "", tensors[i], {}));
  }
  EXPECT_EQ(device::null_usage().live_bytes, before.live_bytes);
  constants.copy_all(parallel);
  EXPECT_EQ(device::null_usage().copies_in, before.copies_in + 1);
  for (size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(addresses[i] % 256, 0u);
    for (int64_t k = 0; k < tensors[i].count(); ++k) {
      ASSERT_EQ(at<BF16>(addresses[i])[k].bits, BF16(static_cast<float>(k)).bits) << i << " " << k;
    }
  }
  constants.address(4, "", counting(5), {});
  EXPECT_EQ(device::null_usage().live_bytes, before.live_bytes + 256) << "beyond what was reserved";
}

TEST_P(Constants, ThatAreForgottenLeaveWhatWasThereBefore) {
  const int64_t before = device::null_usage().live_bytes;
  DeviceConstants constants(device, DType::kF32);
  constants.reserve(512);
  const device::Address first = constants.address(0, "", counting(10), {});
  constants.copy_all(parallel);
  const device::Address second = constants.address(1, "", counting(11), {});
  constants.address(-1, "table", counting(12), {});
  constants.forget_new();
  EXPECT_EQ(device::null_usage().live_bytes, before + 512);
  EXPECT_TRUE(constants.has(0, "") && !constants.has(1, "") && !constants.has(-1, "table"));
  EXPECT_EQ(constants.address(2, "", counting(13), {}), second);
  constants.copy_all(parallel);
  EXPECT_EQ(at<float>(first)[9], 9.0f);
  EXPECT_EQ(at<float>(second)[12], 12.0f);
}

INSTANTIATE_TEST_SUITE_P(Threads, Constants, testing::Values(1, 3));

}  // namespace
}  // namespace ingot::runtime

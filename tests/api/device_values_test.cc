// Values in device memory through the C++ interface, on the null device.
#include <gtest/gtest.h>
#include <ingot/ingot.hpp>

#include "models.h"

namespace ingot {
namespace {

constexpr int64_t kSize = 64;

ingot::Session session_on(const std::string& device) {
  const auto bytes = relu_model(kSize);
  return ingot::Session(Builder(bytes.data(), bytes.size()).option("device", device).build());
}

TEST(DeviceValues, KeepTheirBytesThereAndBack) {
  const std::vector<float> x{1, 2, 3, 4};
  const auto there = ingot::Value::borrow(x.data(), {4}).to_device("null");
  EXPECT_EQ(there.device(), "null");
  const auto back = there.to_host();
  EXPECT_EQ(back.device(), "cpu");
  EXPECT_EQ(std::vector<float>(back.data<float>(), back.data<float>() + 4), x);
}

TEST(DeviceValues, OutputsStayOnTheDeviceWhenAskedTo) {
  ingot::Session session = session_on("null");
  ingot_run_options options = default_run_options();
  const unsigned char stays[] = {1};
  options.outputs_on_device = stays;
  std::vector<ingot::Value> inputs;
  inputs.push_back(ingot::Value::allocate_device(INGOT_F32, "null", {2, kSize}));
  const auto outputs = session.run(inputs, options);
  EXPECT_EQ(outputs[0].device(), "null");
  EXPECT_EQ(outputs[0].shape(), (ingot::v1::Shape{2, kSize}));
  ingot::Session on_cpu = session_on("cpu");
  std::vector<ingot::Value> host;
  host.push_back(ingot::Value::allocate(INGOT_F32, {2, kSize}));
  EXPECT_EQ(on_cpu.run(host, options)[0].device(), "cpu");
}

TEST(DeviceValues, AreWrittenWithinTheirDevice) {
  const std::vector<float> x{1, 2, 3, 4};
  const auto from = ingot::Value::borrow(x.data(), {4}).to_device("null");
  auto to = ingot::Value::allocate_device(INGOT_F32, "null", {4});
  to.write(from);
  const auto back = to.to_host();
  EXPECT_EQ(std::vector<float>(back.data<float>(), back.data<float>() + 4), x);
}

// What gives a run memory on the device, and how often it was asked to.
struct Giver {
  ingot::Value memory = ingot::Value::allocate_device(INGOT_F32, "null", {2, kSize});
  int asked = 0;
  static void* give(void* self, size_t, const ingot_tensor_type*) {
    auto* giver = static_cast<Giver*>(self);
    ++giver->asked;
    return const_cast<void*>(giver->memory.tensor().data);
  }
  ingot_run_options options(const unsigned char* stays) {
    ingot_run_options result = default_run_options();
    result.outputs_on_device = stays;
    result.place_output = give;
    result.user = this;
    return result;
  }
};

TEST(DeviceValues, OutputsAreMadeInMemoryOfTheDeviceThatTheCallerGives) {
  ingot::Session session = session_on("null");
  std::vector<ingot::Value> inputs;
  inputs.push_back(ingot::Value::allocate_device(INGOT_F32, "null", {2, kSize}));
  Giver giver;
  const unsigned char stays[] = {1};
  const auto outputs = session.run(inputs, giver.options(stays));
  EXPECT_EQ(outputs[0].device(), "null");
  EXPECT_EQ(outputs[0].tensor().data, giver.memory.tensor().data);
  EXPECT_EQ(giver.asked, 1);
}

TEST(DeviceValues, AreRefusedWhereTheirBytesAreReadByTheHost) {
  const auto there = ingot::Value::allocate_device(INGOT_F32, "null", {2, kSize});
  std::vector<ingot::Value> items;
  items.push_back(there.share());
  EXPECT_THROW(ingot::Value::sequence(items), ingot::Exception);
  ingot::Session session = session_on("cpu");
  EXPECT_THROW(session.run(items), ingot::Exception);
  EXPECT_THROW(ingot::Value::allocate_device(INGOT_STRING, "null", {1}), ingot::Exception);
  EXPECT_THROW(ingot::Value::allocate_device(INGOT_F32, "nowhere", {1}), ingot::Exception);
}

}  // namespace
}  // namespace ingot

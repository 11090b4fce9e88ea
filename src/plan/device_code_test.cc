// The section of a plan that carries compiled kernels.
#include <gtest/gtest.h>

#include "plan/plan.h"
#include "plan/plan_fuzzing.h"

namespace ingot::plan {
namespace {

Plan plan_with(std::vector<DeviceCode> code) {
  Plan plan;
  plan.info.kernel_abi = kernel_abi();
  plan.device_code = std::move(code);
  return plan;
}
DeviceCode code_of(uint64_t source, int32_t major, std::string_view machine_code, std::string_view intermediate) {
  return {{source, source + 1}, major, 0, as_bytes(machine_code), as_bytes(intermediate)};
}
const std::vector<DeviceCode> kTwo = {code_of(1, 9, "cubin", "ptx text"), code_of(2, 8, "other cubin", "")};

// Where the section lies in the file, by its entry in the table.
SectionEntry& device_code_entry(std::vector<std::byte>& bytes) {
  auto* header = reinterpret_cast<Header*>(bytes.data());
  auto* table = reinterpret_cast<SectionEntry*>(header + 1);
  for (uint32_t i = 0; i < header->section_count; ++i) {
    if (table[i].id == static_cast<uint32_t>(Section::kDeviceCode)) return table[i];
  }
  throw std::logic_error("no such section");
}
std::string fault_of(Bytes bytes) {
  try {
    parse_plan(bytes, nullptr);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInvalidPlan);
    return error.message();
  }
  return "";
}

TEST(PlanDeviceCode, ComesBackAsItWasWritten) {
  const auto bytes = serialize_plan(plan_with(kTwo));
  const Plan plan = parse_plan(bytes, nullptr);
  ASSERT_EQ(plan.device_code.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(plan.device_code[i].source, kTwo[i].source);
    EXPECT_EQ(plan.device_code[i].major, kTwo[i].major);
    EXPECT_EQ(as_text(plan.device_code[i].machine_code), as_text(kTwo[i].machine_code));
    EXPECT_EQ(as_text(plan.device_code[i].intermediate), as_text(kTwo[i].intermediate));
  }
}

TEST(PlanDeviceCode, IsListedByArchitectureInTheTextAndInDifferences) {
  const Plan without = plan_with({}), with = plan_with(kTwo);
  EXPECT_EQ(diff_plans(without, with),
            "+device code sm_80: 1 sources, 11 bytes of machine code, 0 of PTX\n"
            "+device code sm_90: 1 sources, 5 bytes of machine code, 8 of PTX\n");
}

TEST(PlanDeviceCode, OfWrongContentIsRefused) {
  auto bytes = serialize_plan(plan_with(kTwo));
  bytes[device_code_entry(bytes).offset + 50] ^= std::byte{1};
  EXPECT_NE(fault_of(bytes).find("section 6 is damaged"), std::string::npos) << fault_of(bytes);
}

// With every hash put right, as whoever means harm would.
TEST(PlanDeviceCode, CutOffAnywhereIsRefused) {
  const auto whole = serialize_plan(plan_with(kTwo));
  auto copy = whole;
  const uint64_t size = device_code_entry(copy).size;
  for (uint64_t left = 1; left < size; ++left) {
    auto bytes = whole;
    device_code_entry(bytes).size = left;
    EXPECT_NE(fault_of(with_right_hashes(bytes)), "") << left;
  }
}

TEST(PlanDeviceCode, WithHugeCountsIsRefused) {
  const auto whole = serialize_plan(plan_with(kTwo));
  for (const uint64_t at : {0, 8 + 24}) {  // entries; bytes of the first cubin
    for (const uint64_t count : {uint64_t{3000}, uint64_t{1} << 40, UINT64_MAX}) {
      auto bytes = whole;
      std::memcpy(bytes.data() + device_code_entry(bytes).offset + at, &count, sizeof(count));
      EXPECT_NE(fault_of(with_right_hashes(bytes)), "") << at << " " << count;
    }
  }
}

}  // namespace
}  // namespace ingot::plan

// Knobs, log, CPU features and hashes.
#include <gtest/gtest.h>

#include <thread>

#include "base/cpu.h"
#include "base/environment_testing.h"
#include "base/hash.h"
#include "base/knobs.h"
#include "base/log.h"

namespace ingot {
namespace {

TEST(Knobs, EveryKnobHasAnIngotNameAndADocumentation) {
  EXPECT_FALSE(all_knobs().empty());
  for (const Knob* knob : all_knobs()) {
    EXPECT_EQ(std::string(knob->name).rfind("INGOT_", 0), 0u) << knob->name;
    EXPECT_GT(std::string(knob->doc).size(), 10u) << knob->name;
  }
}

TEST(Knobs, TheEnvironmentWinsOverTheDefault) {
  const Environment set("INGOT_LOG", "error");
  EXPECT_EQ(knobs::log_level.get(), "error");
}

TEST(Cpu, IsaNamesRoundTripAndUnknownOnesListTheValid) {
  for (int i = 0; i <= static_cast<int>(IsaLevel::kAmx); ++i) {
    const auto level = static_cast<IsaLevel>(i);
    EXPECT_EQ(parse_isa(isa_name(level)), level);
  }
  try {
    parse_isa("mmx");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("avx512_vnni"), std::string::npos);
  }
}

TEST(Cpu, TheKnobLowersTheLevelButNeverRaisesIt) {
  const IsaLevel whole = [] {
    const Environment none("INGOT_ISA", "");
    return cpu_isa();
  }();
  for (int i = 0; i <= static_cast<int>(IsaLevel::kAmx); ++i) {
    const auto wanted = static_cast<IsaLevel>(i);
    const Environment set("INGOT_ISA", isa_name(wanted));
    EXPECT_EQ(cpu_isa(), std::min(whole, wanted));
  }
  EXPECT_GE(cpu_features().cores, 1);
  EXPECT_GT(cpu_features().l1d_bytes, 0);
}

TEST(Log, LinesBelowTheLevelAreDropped) {
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  const LogLevel before = log_level();
  set_log_level(LogLevel::kWarning);
  log(LogLevel::kInfo, "quiet {}", 1);
  log(LogLevel::kError, "loud {}", 2);
  set_log_level(before);
  set_log_sink({});
  EXPECT_EQ(lines, std::vector<std::string>{"loud 2"});
}

TEST(Log, TheSinkIsNeverEnteredTwiceAtOnce) {
  int inside = 0, most = 0, calls = 0;
  set_log_sink([&](LogLevel, std::string_view) {
    most = std::max(most, ++inside);
    ++calls;
    --inside;
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 500; ++i) log(LogLevel::kError, "line {}", i);
    });
  }
  for (auto& thread : threads) thread.join();
  set_log_sink({});
  EXPECT_EQ(most, 1);
  EXPECT_EQ(calls, 2000);
}

TEST(Hash, MatchesPublishedVectorsOfXxh3) {
  EXPECT_EQ(hash64(Bytes{}), 0x2D06800538D394C2ull);
  EXPECT_EQ(hash128(Bytes{}).hex(), "99aa06d3014798d86001c324468d497f");
}

TEST(Hash, OneFlippedBitChangesIt) {
  std::vector<std::byte> bytes(1000);
  const Hash128 before = hash128(bytes);
  for (size_t i = 0; i < bytes.size(); i += 37) {
    bytes[i] = std::byte{1};
    EXPECT_NE(hash128(bytes), before);
    EXPECT_NE(hash64(bytes), hash64(bytes, 1));
    bytes[i] = std::byte{0};
  }
  EXPECT_EQ(hash128(bytes), before);
}

}  // namespace
}  // namespace ingot

// Choices made again with operations of the null device.
#include "cuda/recall.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/error.h"
#include "base/folder_testing.h"
#include "base/log.h"

namespace ingot::cuda {
namespace {

class Recall : public testing::Test {
 protected:
  void SetUp() override {
    set_log_sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); });
    device::observe_null_operations([this](auto operands) { ++runs, operand_count = operands.size(); });
  }
  void TearDown() override {
    device::observe_null_operations({});
    set_log_sink(nullptr);
    EXPECT_EQ(device::null_usage().live_bytes, before);
  }
  // Of which `best` was chosen before; "": none was.
  Choice choice(const std::string& problem, const std::string& best) {
    Choice choice{{problem, "sm_90", "A GPU", 1, 1}, {64, 32, 16}, {}, {}};
    choice.candidates = [this] {
      return std::vector<Candidate>{{"proposed", [this] { return device->matrix_product({}, nullptr); }}};
    };
    choice.kept = [this](const std::string& name) -> std::unique_ptr<device::Operation> {
      if (name == "broken") fail(Code::kDevice, "not made");
      return name == "kept" ? device->matrix_product({}, nullptr) : nullptr;
    };
    if (!best.empty()) store.keep_choice(choice.key, {best, {{best, 5}}, false});
    return choice;
  }

  TemporaryFolder folder;
  device::FolderStore store{folder.path / "device", folder.path / "tuning.jsonl"};
  std::unique_ptr<device::Device> device = device::open_device("null");
  std::vector<std::string> lines;
  std::atomic<int> runs = 0;
  std::atomic<size_t> operand_count = 0;
  const int64_t before = device::null_usage().live_bytes;
};

TEST_F(Recall, MakesAndRunsOnceWhatIsRememberedAndLeavesTheRestToBeChosenInSilence) {
  std::vector<Choice> choices;
  for (const char* best : {"kept", "", "proposed", "broken", kNoChoice, "gone"}) {
    choices.push_back(choice(std::string("product ") + best, best));
  }
  const auto all = recall_all(*device, store, choices, [] {});
  ASSERT_EQ(all.size(), 6u);
  ASSERT_TRUE(all[0] && all[2]);
  EXPECT_TRUE(all[0]->remembered && all[0]->kept);
  EXPECT_EQ(all[0]->ns.at("kept"), 5);
  EXPECT_TRUE(all[2]->remembered && !all[2]->kept);
  for (const size_t i : {1, 3, 4, 5}) EXPECT_FALSE(all[i]) << i;
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(operand_count, 3u);
  EXPECT_TRUE(lines.empty());
}

TEST_F(Recall, WorksOnSeveralThreadsThatEachPrepareThemselves) {
  std::vector<Choice> choices;
  for (int i = 0; i < 40; ++i) choices.push_back(choice(fmt::format("product {}", i), "kept"));
  std::atomic<int> prepared = 0;
  const auto all = recall_all(*device, store, choices, [&] { ++prepared; });
  for (const auto& each : all) EXPECT_TRUE(each);
  EXPECT_EQ(runs, 40);
  EXPECT_EQ(prepared, 40);
}

TEST_F(Recall, TakesNoMemoryWhereNothingIsRemembered) {
  device = device::open_device("null:memory=1");
  const std::vector<Choice> choices{choice("product", "")};
  EXPECT_FALSE(recall_all(*device, store, choices, [] { throw std::logic_error("a thread worked"); })[0]);
}

TEST_F(Recall, SaysThatThereIsNoRoomForTheOperands) {
  device = device::open_device("null:memory=32");
  const std::vector<Choice> choices{choice("product", "kept")};
  try {
    recall_all(*device, store, choices, [] {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kOutOfMemory);
  }
}

}  // namespace
}  // namespace ingot::cuda

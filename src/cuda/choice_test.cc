// Choosing with operations of the null device, which says of each run whose operands it got.
#include "cuda/choice.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include "base/error.h"
#include "base/folder_testing.h"
#include "base/log.h"

namespace ingot::cuda {
namespace {

using device::Operation;

class Choosing : public testing::Test {
 protected:
  void SetUp() override {
    set_log_sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); });
    device::observe_null_operations([this](auto) { ++runs; });
  }
  void TearDown() override {
    device::observe_null_operations({});
    set_log_sink(nullptr);
  }
  // Refuses those of `broken`.
  Choice choice(const std::vector<std::string>& names, const std::set<std::string>& broken = {}) {
    Choice choice{{"device matmul", "sm_90", "A GPU", 1, 1}, {64, 32, 16}, {}, {}};
    choice.candidates = [this, names, broken] {
      std::vector<Candidate> all;
      for (const std::string& name : names) all.push_back({name, [this, name, broken] { return make(name, broken); }});
      return all;
    };
    return choice;
  }
  std::unique_ptr<Operation> make(const std::string& name, const std::set<std::string>& broken) {
    if (broken.count(name) > 0) fail(Code::kUnsupported, "not made");
    made.push_back(name);
    return device->matrix_product({}, nullptr);
  }
  // As another process would.
  Chosen choose_anew(const Choice& choice) {
    made.clear(), lines.clear();
    runs = 0;
    device::FolderStore store(folder.path / "device", folder.path / "tuning.jsonl");
    struct SaveAtEnd {
      device::Store& store;
      ~SaveAtEnd() { store.save_choices(); }
    } save_at_end{store};
    return choose(*device, store, choice);
  }

  TemporaryFolder folder;
  std::unique_ptr<device::Device> device = device::open_device("null");
  std::vector<std::string> made, lines;
  int runs = 0;
};

TEST_F(Choosing, MeasuresEveryCandidateOnceAndThenMakesOnlyTheOneThatWon) {
  const Chosen first = choose_anew(choice({"a", "b", "c"}));
  EXPECT_FALSE(first.remembered);
  EXPECT_EQ(made.size(), 3u);
  EXPECT_EQ(first.ns.size(), 3u);
  EXPECT_GT(runs, 3);
  for (int again = 0; again < 3; ++again) {
    const Chosen later = choose_anew(choice({"a", "b", "c"}));
    EXPECT_TRUE(later.remembered);
    EXPECT_EQ(later.name, first.name);
    EXPECT_EQ(made, std::vector{first.name});
    EXPECT_EQ(runs, 1);
    EXPECT_TRUE(lines.empty());
  }
}

TEST_F(Choosing, HoldsForOneGpuAndItsVersionsOnly) {
  choose_anew(choice({"a", "b"}));
  Choice newer = choice({"a", "b"});
  newer.key.cpu = "A GPU, newer driver";
  EXPECT_FALSE(choose_anew(newer).remembered);
  EXPECT_TRUE(choose_anew(choice({"a", "b"})).remembered);
}

TEST_F(Choosing, MeasuresAgainAndSaysSoWhenWhatItRemembersIsRefused) {
  const std::string won = choose_anew(choice({"a", "b"})).name, other = won == "a" ? "b" : "a";
  const Chosen chosen = choose_anew(choice({"a", "b"}, {won}));
  EXPECT_EQ(chosen.name, other);
  EXPECT_FALSE(chosen.remembered);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(won), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("not made"), std::string::npos) << lines[0];
  EXPECT_EQ(choose_anew(choice({"a", "b"}, {won})).name, other);
  EXPECT_TRUE(lines.empty());
}

TEST_F(Choosing, LeavesOutTheOtherCandidatesWhenItsPatienceIsOver) {
  Choice hasty = choice({"a", "b", "c"}, {"a"});
  hasty.patience = 0;
  EXPECT_EQ(choose_anew(hasty).name, "b");
  EXPECT_EQ(made, std::vector<std::string>{"b"});
}

TEST_F(Choosing, LeavesOutAnEngineThatWouldOutlastItsPatience) {
  Experiences engines = {{"cuDNN engine 8", {3, 3, 0}}};
  Choice hasty = choice({"own kernel", "cuDNN engine 8 2=1", "cuDNN engine 9"});
  hasty.patience = 2;
  hasty.engines = &engines;
  choose_anew(hasty);
  EXPECT_EQ(made, (std::vector<std::string>{"own kernel", "cuDNN engine 9"}));
  EXPECT_EQ(engines.at("cuDNN engine 8").longest, 3);
  EXPECT_GT(engines.at("own kernel").longest, 0);
}

TEST_F(Choosing, LeavesOutAnEngineThatTakesLongAndWasNoMatchLately) {
  Experiences engines = {{"cuDNN engine 8", {3, 1, 2}},   // whose first took longest
                         {"cuDNN engine 7", {3, 1, 1}},   // not yet
                         {"cuDNN engine 6", {3, 0, 9}}};  // as quick as any but the first time
  Choice wise = choice({"own kernel", "cuDNN engine 8 2=1", "cuDNN engine 7", "cuDNN engine 6"});
  wise.engines = &engines;
  choose_anew(wise);
  EXPECT_EQ(made, (std::vector<std::string>{"own kernel", "cuDNN engine 7", "cuDNN engine 6"}));
  Choice alone = choice({"cuDNN engine 8 2=1"});
  alone.key.problem = "another";
  alone.engines = &engines;
  EXPECT_EQ(choose_anew(alone).name, "cuDNN engine 8 2=1");
}

TEST(Experience, CountsChoicesThatAnotherEngineWonByFarUntilItIsNear) {
  Experiences engines;
  for (int round = 1; round <= 3; ++round) {
    learn({{"cuDNN engine 8 2=1", 40}, {"cuDNN engine 8 2=2", 20}, {"cuDNN engine 9", 14}, {"own kernel", 10}},
          engines);
    EXPECT_EQ(engines.at("cuDNN engine 8").lost, round);
    EXPECT_EQ(engines.at("cuDNN engine 9").lost, 0);
    EXPECT_EQ(engines.at("own kernel").lost, 0);
  }
  learn({{"cuDNN engine 8 2=1", 40}, {"cuDNN engine 8 2=2", 12}, {"own kernel", 10}}, engines);
  EXPECT_EQ(engines.at("cuDNN engine 8").lost, 0);
  learn({}, engines);
}

TEST_F(Choosing, MeasuresAgainWhenWhatItRemembersIsNoLongerProposed) {
  choose_anew(choice({"a"}));
  const Chosen chosen = choose_anew(choice({"b"}));
  EXPECT_EQ(chosen.name, "b");
  EXPECT_EQ(lines.size(), 1u);
}

TEST_F(Choosing, MeasuresAgainWhenWhatItRemembersFailsToRun) {
  choose_anew(choice({"a", "b"}));
  device = device::open_device("null:fault=1");
  const Chosen chosen = choose_anew(choice({"a", "b"}));
  EXPECT_FALSE(chosen.remembered);
  EXPECT_EQ(lines.size(), 1u);
}

TEST_F(Choosing, TakesWhatIsKeptReadyWithoutAskingForCandidates) {
  const std::string won = choose_anew(choice({"a", "b"})).name;
  Choice kept = choice({});
  kept.candidates = []() -> std::vector<Candidate> { throw std::logic_error("asked for candidates"); };
  kept.kept = [&](const std::string& name) { return make(name, {}); };
  const Chosen chosen = choose_anew(kept);
  EXPECT_TRUE(chosen.remembered && chosen.kept);
  EXPECT_EQ(made, std::vector{won});
}

TEST_F(Choosing, LeavesOutWhatIsRefusedAndFailsWhenNothingIsLeft) {
  EXPECT_EQ(choose_anew(choice({"a", "b"}, {"a"})).name, "b");
  EXPECT_EQ(runs, 0) << "one is not measured";
  Choice other = choice({"a", "b"}, {"a", "b"});
  other.key.problem = "another";
  try {
    choose_anew(other);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kUnsupported);
  }
  other.candidates = []() -> std::vector<Candidate> { throw std::logic_error("asked again"); };
  try {
    choose_anew(other);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kUnsupported) << "the second process knows";
  }
}

}  // namespace
}  // namespace ingot::cuda

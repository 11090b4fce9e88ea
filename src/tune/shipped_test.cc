// The measurements that come with the library, tuning/*.jsonl.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "plan/plan.h"
#include "tune/tuner.h"

namespace ingot::tune {
namespace {

std::map<std::string, Database> shipped() {  // by microarchitecture
  std::map<std::string, Database> databases;
  for (const auto& file : std::filesystem::directory_iterator("tuning")) {
    if (file.path().extension() == ".jsonl") databases[file.path().stem()] = Database::read(file.path());
  }
  return databases;
}

TEST(ShippedTuning, HoldsForTheMicroarchitectureThatNamesTheFile) {
  const std::set<std::string> names = {"zen4", "sapphire_rapids"};
  const auto databases = shipped();
  ASSERT_FALSE(databases.empty());
  for (const auto& [name, database] : databases) {
    EXPECT_TRUE(names.contains(name)) << name;
    for (const auto& [key, entry] : database.entries()) EXPECT_EQ(key.cpu, name) << key.problem;
  }
}

// Where this fails after a change of kernels, `./dev ship-tuning` measures again.
TEST(ShippedTuning, NamesKernelsOfThisLibrary) {
  for (const auto& [name, database] : shipped()) {
    for (const auto& [key, entry] : database.entries()) {
      EXPECT_EQ(key.kernels, plan::kernel_abi()) << name << ": " << key.problem;
      EXPECT_NE(kernels::find_row(entry.best), nullptr) << name << ": " << entry.best;
    }
  }
}

TEST(ShippedTuning, HasOnlyChoicesThatGainOverTheCostModel) {
  for (const auto& [name, database] : shipped()) {
    for (const auto& [key, entry] : database.entries()) {
      ASSERT_TRUE(entry.ns.contains(entry.best) && entry.ns.contains(entry.model)) << key.problem;
      EXPECT_GT(entry.ns.at(entry.model), 1.05 * entry.ns.at(entry.best)) << key.problem;
    }
  }
}

TEST(ShippedTuning, AnEntryServesMoreThreadsThanItWasMeasuredWithButNotFewer) {
  const std::string name = cpu_features().microarchitecture;
  if (name.empty()) GTEST_SKIP() << "this CPU has no name that measurements ship for";
  Database database;
  for (const int threads : {2, 8}) {
    Key key = key_of("p", kernels::this_machine(threads));
    key.cpu = name;
    database.put(key, {"row" + std::to_string(threads), {}, false});
  }
  const auto known = [&](int threads) { return best_known(database, key_of("p", kernels::this_machine(threads))); };
  EXPECT_EQ(known(1), nullptr);
  EXPECT_EQ(known(2)->best, "row2");
  EXPECT_EQ(known(7)->best, "row2");
  EXPECT_EQ(known(64)->best, "row8");
}

}  // namespace
}  // namespace ingot::tune

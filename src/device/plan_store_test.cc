#include "device/plan_store.h"

#include <gtest/gtest.h>

#include "base/folder_testing.h"

namespace ingot::device {
namespace {

DeviceCode code_of(uint64_t source, int32_t major, int32_t minor, std::string_view code, std::string_view ptx) {
  return {{source, 0}, major, minor, as_bytes(code), as_bytes(ptx)};
}
const DeviceCode kCode[] = {code_of(1, 8, 0, "code 80", "ptx 80"), code_of(1, 9, 0, "code 90", "ptx 90"),
                            code_of(1, 10, 0, "code 100", "ptx 100"), code_of(2, 9, 0, "code 90", "")};

TEST(PlanStore, GivesMachineCodeForItsOwnCapabilityAlone) {
  const auto store = with_code(no_store(), kCode);
  EXPECT_EQ(as_text(store->brought_code({1, 0}, 9, 0)), "code 90");
  EXPECT_EQ(as_text(store->brought_code({1, 0}, 9, 1)), "");
  EXPECT_EQ(as_text(store->brought_code({1, 1}, 9, 0)), "");
  EXPECT_EQ(as_text(no_store()->brought_code({1, 0}, 9, 0)), "");
}

TEST(PlanStore, GivesTheIntermediateCodeOfTheHighestCapabilityThatServes) {
  const auto store = with_code(no_store(), kCode);
  EXPECT_EQ(as_text(store->brought_intermediate({1, 0}, 9, 0)), "ptx 90");
  EXPECT_EQ(as_text(store->brought_intermediate({1, 0}, 8, 9)), "ptx 80");
  EXPECT_EQ(as_text(store->brought_intermediate({1, 0}, 12, 0)), "ptx 100");
  EXPECT_EQ(as_text(store->brought_intermediate({1, 0}, 7, 5)), "");
  EXPECT_EQ(as_text(store->brought_intermediate({2, 0}, 9, 0)), "");
}

TEST(PlanStore, PutsNothingThatWasBroughtAmongWhatIsKept) {
  const TemporaryFolder folder;
  const auto kept = std::make_shared<FolderStore>(folder.path / "device", folder.path / "tuning.jsonl");
  const auto store = with_code(kept, kCode);
  store->keep_code("source", "compiled here");
  store->brought_code({1, 0}, 9, 0);
  EXPECT_EQ(kept->find_code("source"), "compiled here");
  EXPECT_EQ(store->find_code("source"), "compiled here");
  EXPECT_TRUE(kept->brought_code({1, 0}, 9, 0).empty());
}

}  // namespace
}  // namespace ingot::device

#include "cuda/continued.h"

#include <gtest/gtest.h>

namespace ingot::cuda {
namespace {

using device::Address;
using device::Operation;

class Noting : public Operation {
 public:
  Noting(std::vector<std::vector<Address>>& runs, int64_t workspace) : runs_(runs) { workspace_bytes = workspace; }
  void enqueue(std::span<const Address> operands, Address) override {
    runs_.emplace_back(operands.begin(), operands.end());
  }

 private:
  std::vector<std::vector<Address>>& runs_;
};

TEST(Continued, RunsTheLibraryOnItsOperandsAndTheRestOnAll) {
  std::vector<std::vector<Address>> runs;
  device::OwnOperation own;
  own.make_rest = [&] { return std::make_unique<Noting>(runs, 16); };
  const auto whole = continued(std::make_unique<Noting>(runs, 512), 3, &own);
  EXPECT_EQ(whole->workspace_bytes, 512);
  const Address operands[] = {1, 2, 3, 4, 5};
  whole->enqueue(operands, 0);
  EXPECT_EQ(runs, (std::vector<std::vector<Address>>{{1, 2, 3}, {1, 2, 3, 4, 5}}));
  EXPECT_NE(&library_part(*whole), whole.get());
  EXPECT_EQ(library_part(*whole).workspace_bytes, 512);
}

TEST(Continued, IsTheLibrarysOperationWhereNothingIsLeft) {
  std::vector<std::vector<Address>> runs;
  const device::OwnOperation own;
  for (const device::OwnOperation* each : {&own, static_cast<const device::OwnOperation*>(nullptr)}) {
    const auto whole = continued(std::make_unique<Noting>(runs, 0), 3, each);
    EXPECT_EQ(&library_part(*whole), whole.get());
  }
  EXPECT_EQ(continued(nullptr, 3, &own), nullptr);
}

}  // namespace
}  // namespace ingot::cuda

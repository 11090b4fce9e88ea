#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "kernels/kernel.h"

namespace ingot::kernels {
namespace {

// "kConvTransposeFamily" of "conv_transpose".
std::string symbol_of(const Family& family) {
  std::string symbol = "k";
  bool upper = true;
  for (const char* c = family.name; *c != 0; ++c) {
    if (*c != '_') symbol += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(*c))) : *c;
    upper = *c == '_';
  }
  return symbol + "Family";
}

TEST(Benches, EveryFamilyHasOne) {
  std::string benches;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("src/kernels")) {
    if (!entry.path().string().ends_with("_bench.cc")) continue;
    std::ifstream file(entry.path());
    benches.append(std::istreambuf_iterator<char>(file), {});
  }
  for (const Family* family : all_families()) {
    EXPECT_NE(benches.find(symbol_of(*family)), std::string::npos) << "no bench of family " << family->name;
  }
}

}  // namespace
}  // namespace ingot::kernels

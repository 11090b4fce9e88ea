// Every operator of ONNX at every opset has a converter, or a line in unsupported.txt that says why not.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "onnx/convert/convert.h"

namespace ingot::onnx {
namespace {

const std::string kFolder = "src/onnx/convert/";  // tests run at the top of the source tree

struct Listed {
  std::string domain, name;
  std::map<int64_t, bool> versions;  // since -> deprecated
};

std::vector<Listed> listed_operators() {
  std::ifstream file(kFolder + "operators.txt");
  std::vector<Listed> operators;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    std::istringstream words(line);
    Listed each;
    words >> each.domain >> each.name;
    if (each.domain == "ai.onnx") each.domain = "";
    for (std::string word; words >> word;) each.versions[std::stoll(word)] = word.back() == 'x';
    operators.push_back(each);
  }
  return operators;
}

// "domain operator: reason" lines.
std::map<std::string, std::string> unsupported_operators() {
  std::ifstream file(kFolder + "unsupported.txt");
  std::map<std::string, std::string> reasons;
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("#") || colon == std::string::npos) continue;
    reasons[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return reasons;
}

// The opsets promised at which the operator exists and has no converter.
std::vector<int64_t> missing_opsets(const Listed& each) {
  const bool main = each.domain.empty();
  std::vector<int64_t> missing;
  for (int64_t opset = main ? 7 : 1; opset <= (main ? 27 : 5); ++opset) {
    auto version = each.versions.upper_bound(opset);
    if (version == each.versions.begin() || (--version)->second) continue;
    if (find_converter(each.domain, each.name, opset) == nullptr) missing.push_back(opset);
  }
  return missing;
}

TEST(Completeness, EveryOperatorIsConvertedAtEveryOpsetOrSaysWhyNot) {
  const auto operators = listed_operators();
  ASSERT_GT(operators.size(), 200u) << "run at the top of the source tree";
  auto reasons = unsupported_operators();
  for (const Listed& each : operators) {
    const std::string key = (each.domain.empty() ? "ai.onnx" : each.domain) + " " + each.name;
    const auto missing = missing_opsets(each);
    const bool excused = reasons.erase(key) > 0;
    if (missing.empty()) {
      EXPECT_FALSE(excused) << key << " is supported: take it out of unsupported.txt";
    } else {
      EXPECT_TRUE(excused) << "no converter for " << key << " at opset " << missing.front() << " (and "
                           << missing.size() - 1 << " more)";
    }
  }
  for (const auto& [key, reason] : reasons) ADD_FAILURE() << "unsupported.txt: ONNX has no operator " << key;
}

TEST(Completeness, RowsOfOneOperatorDoNotOverlap) {
  std::map<std::string, std::vector<std::pair<int64_t, int64_t>>> ranges;
  for (const Converter& row : all_converters()) {
    EXPECT_LE(row.since, row.until) << row.op_type;
    auto& known = ranges[std::string(row.domain) + ":" + row.op_type];
    for (const auto& [since, until] : known) {
      EXPECT_TRUE(row.since > until || row.until < since) << row.op_type << " has two rows for one opset";
    }
    known.emplace_back(row.since, row.until);
  }
}

}  // namespace
}  // namespace ingot::onnx

#include "conformance/expected.h"

#include <fstream>

#include "base/error.h"

namespace ingot::conformance {

Expected read_expected(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) fail(Code::kNotFound, "cannot read {}", path.string());
  Expected expected;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    const size_t colon = line.find(": ");
    if (colon == std::string::npos || colon + 2 >= line.size()) {
      fail(Code::kInvalidArgument, "{}: no reason in the line '{}'", path.string(), line);
    }
    expected[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return expected;
}

void write_expected(const std::filesystem::path& path, const Expected& expected) {
  std::ofstream file(path, std::ios::trunc);
  file << "# Every case of ONNX's backend tests that does not pass, with its reason. A case that starts to pass or to\n"
          "# fail changes this file in the same commit: ingot_conformance --expected FILE --write-expected\n";
  for (const auto& [id, reason] : expected) file << id << ": " << reason << "\n";
  if (!file.flush()) fail(Code::kIo, "cannot write {}", path.string());
}

}  // namespace ingot::conformance

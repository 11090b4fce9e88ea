// The file of cases that do not pass: "folder/case: reason" lines, '#' comments.
#pragma once
#include <filesystem>
#include <map>
#include <string>

namespace ingot::conformance {

using Expected = std::map<std::string, std::string>;  // id -> reason

// Throws Error(kInvalidArgument) on a line without reason.
Expected read_expected(const std::filesystem::path& path);
void write_expected(const std::filesystem::path& path, const Expected& expected);

}  // namespace ingot::conformance

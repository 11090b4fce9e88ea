// Names of options as people type them: '-' and '_' count as the same letter.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ingot {

bool same_option(std::string_view a, std::string_view b);
// "a, b, c": the names, those nearest to `name` (by edit distance) first, for the error that names an unknown one.
std::string nearest_first(std::string_view name, std::vector<std::string> names);

}  // namespace ingot

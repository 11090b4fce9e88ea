// Names of options as people type them: '-' and '_' count as the same letter.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ingot {

// Levenshtein distance; upper and lower case count as the same letter too.
size_t name_distance(std::string_view a, std::string_view b);
bool same_option(std::string_view a, std::string_view b);
// "a, b, c": the names, those nearest to `name` (by name_distance) first, for the error that names an unknown one.
std::string nearest_first(std::string_view name, std::vector<std::string> names);

}  // namespace ingot

// Upper and lower case of UTF-8 text by Unicode's simple case mappings, whatever the locale.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace ingot {

// Bytes that are no valid UTF-8 pass unchanged.
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

// Reads the code point at `position` and moves behind it; -1, moving one byte, where the bytes are no valid UTF-8.
int32_t read_code_point(std::string_view text, size_t& position);
void append_code_point(std::string& text, int32_t code_point);

}  // namespace ingot

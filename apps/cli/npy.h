// NumPy's .npy files (format versions 1 to 3), the exchange format of inputs and outputs.
#pragma once
#include <ingot/ingot.hpp>
#include <string>

namespace ingot::cli {

// Throws Exception(INGOT_INVALID_ARGUMENT) naming the file for anything but a row-major array of a known type.
Value read_npy(const std::string& path);
// Types that NumPy lacks (bf16, 8-bit floats, packed) are written as unsigned integers of their width; strings as
// UTF-32. Throws INGOT_IO.
void write_npy(const std::string& path, const Value& value);

}  // namespace ingot::cli

// Models of the tests of the C++ interface, whose names are those of the library's own types.
#pragma once
#include <cstddef>
#include <vector>

namespace ingot {

// y = relu(x w): x f32[batch, size], w f32[size, size].
std::vector<std::byte> relu_model(int size);

}  // namespace ingot

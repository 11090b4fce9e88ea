// Models of the tests of the C++ interface, whose names are those of the library's own types.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace ingot {

// y = relu(x w): x f32[batch, size], w f32[size, size].
std::vector<std::byte> relu_model(int size);

// y = f(f(... f(x))) of f32[batch, 64], f(x) = tanh(x a b) through some other width in each of `layers` layers: as many
// problems for the tuner. With `op_type` not "", the last layer is followed by that operator of the domain "test".
std::vector<std::byte> layered_model(int layers, const std::string& op_type = "");

}  // namespace ingot

// The text form of a graph: printed for people, parsed for tests. parse_graph reads what print_graph writes.
//
//   graph main(%x: f32[n,64], %"odd name": i64[2]) {
//     body 0 then(%a: f32[2]) {
//       return %a
//     }
//     %w: f32[64,8] = const random(7)
//     %b: f32[8] = const {1, 2.5, -inf, nan, 5, 6, 7, 8}
//     %y: f32[n,8] = matmul(%x, %w, %b)  # /fc/MatMul, /fc/Add
//     return %y as "result"
//   }
//
// Constants: `const` and a number (every element), {elements in row-major order}, random(seed) as random_tensor makes
// them, or hash(hex): content that was too large to print, read as random_tensor seeded with the hash. Elements are
// numbers, true, false, "strings" or (real, imaginary). `_` is an absent optional operand. `f32[?]` has an unknown
// rank. The type of a result may be left out when parsing; a given one must fit what is inferred and takes its place.
// What follows `#` on a node's line is its origin.
#pragma once
#include <string>
#include <string_view>

#include "ir/graph.h"

namespace ingot::ir {

struct PrintOptions {
  int64_t max_inline_elements = 16;
  bool origins = true;
};

std::string print_graph(const Graph& graph, const PrintOptions& options = {});
// Throws kInvalidArgument naming line and fault.
Graph parse_graph(std::string_view text);

// "{1, 2}", "0.5", "hash(...)": the content of a constant as above, without the word const.
std::string constant_text(const Tensor& tensor, int64_t max_inline_elements);

}  // namespace ingot::ir

#include "kernels/cuda/moved.h"

#include <algorithm>
#include <numeric>

#include "kernels/cuda/movement.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/transpose.h"

namespace ingot::kernels::cuda {
namespace {

// The layer without axes of one element, neighbouring axes joined where every piece allows it.
MovedLayer collapsed(const MovedLayer& layer) {
  MovedLayer result;
  result.pieces = layer.pieces;
  for (MovedPiece& piece : result.pieces) piece.strides.clear();
  std::optional<size_t> axis;
  for (size_t i = 0; i < layer.shape.size(); ++i) {
    const int64_t size = layer.shape[i];
    const bool cut = layer.pieces.size() > 1 && i == layer.axis;
    if (size == 1 && !cut) continue;
    bool joins = !result.shape.empty() && !cut;
    for (size_t p = 0; joins && p < layer.pieces.size(); ++p) {
      joins = result.pieces[p].strides.back() == layer.pieces[p].strides[i] * size;
    }
    if (joins) {
      result.shape.back() *= size;
      if (axis == result.shape.size() - 1) {
        for (MovedPiece& piece : result.pieces) piece.end *= size;
      }
    } else {
      if (cut) axis = result.shape.size();
      result.shape.push_back(size);
    }
    for (size_t p = 0; p < layer.pieces.size(); ++p) {
      auto& strides = result.pieces[p].strides;
      if (joins) {
        strides.back() = layer.pieces[p].strides[i];
      } else {
        strides.push_back(layer.pieces[p].strides[i]);
      }
    }
  }
  result.axis = axis.value_or(0);
  return result;
}

int64_t run_of(const MovedLayer& whole) {
  const MovedLayer layer = collapsed(whole);
  if (layer.shape.empty()) return 1;
  int64_t run = layer.shape.back();
  for (const MovedPiece& piece : layer.pieces) {
    if (piece.strides.back() != 1) return 1;
    run = std::gcd(run, piece.base);
    for (size_t i = 0; i + 1 < piece.strides.size(); ++i) run = std::gcd(run, piece.strides[i]);
    if (layer.pieces.size() > 1 && layer.axis + 1 == layer.shape.size()) run = std::gcd(run, piece.end);
  }
  return run;
}

// Whether 32 bits hold every number on the way.
bool is_small(const Moved& moved) {
  constexpr int64_t kMost = int64_t{1} << 31;
  for (const MovedLayer& layer : moved.layers) {
    if (element_count(layer.shape) >= kMost) return false;
    for (const MovedPiece& piece : layer.pieces) {
      int64_t reach = std::abs(piece.base);
      for (size_t i = 0; i < layer.shape.size(); ++i) reach += std::abs(piece.strides[i]) * layer.shape[i];
      if (reach >= kMost) return false;
    }
  }
  return true;
}

std::string sum_text(const MovedPiece& piece, bool with_base) {
  std::string text = with_base && piece.base != 0 ? std::to_string(piece.base) : "";
  for (size_t i = 0; i < piece.strides.size(); ++i) {
    if (piece.strides[i] == 0) continue;
    if (!text.empty()) text += " + ";
    text += piece.strides[i] == 1 ? fmt::format("i{}", i) : fmt::format("i{} * {}", i, piece.strides[i]);
  }
  return text.empty() ? "0" : text;
}

std::string root_name(const std::string& name, size_t root) {
  return root == 0 ? name : fmt::format("{}_{}", name, root);
}

// Sets `index`, and `memory` where the pieces have several.
std::string layer_lines(const MovedLayer& whole, bool small, const std::string& name, const std::string& indent) {
  const MovedLayer layer = collapsed(whole);
  const auto& pieces = layer.pieces;
  const char *type = small ? "int" : "long long", *rest = small ? "unsigned" : "unsigned long long";
  std::string text = fmt::format("{}{{\n{}  {} rest = index;\n", indent, indent, rest);
  for (size_t i = layer.shape.size(); i-- > 0;) {
    text += i == 0 ? fmt::format("{}  const {} i0 = rest;\n", indent, type)
                   : fmt::format("{0}  const {1} i{2} = rest % {3}; rest /= {3};\n", indent, type, i, layer.shape[i]);
  }
  const bool alike = std::all_of(pieces.begin(), pieces.end(), [&](const MovedPiece& piece) {
    return piece.root == pieces[0].root && piece.strides == pieces[0].strides;
  });
  if (alike && pieces.size() > 1) {
    std::string base;
    for (size_t p = 0; p + 1 < pieces.size(); ++p) {
      base += fmt::format("i{} < {} ? {} : ", layer.axis, pieces[p].end, pieces[p].base);
    }
    text += fmt::format("{}  index = {} + ({}{});\n", indent, sum_text(pieces[0], false), base, pieces.back().base);
  } else if (pieces.size() == 1) {
    text += fmt::format("{}  index = {};\n", indent, sum_text(pieces[0], true));
  } else {
    for (size_t p = 0; p < pieces.size(); ++p) {
      const bool last = p + 1 == pieces.size();
      text += fmt::format("{}  {}{}memory = {}, index = {};\n", indent, p == 0 ? "" : "else ",
                          last ? "" : fmt::format("if (i{} < {}) ", layer.axis, pieces[p].end),
                          root_name(name, pieces[p].root), sum_text(pieces[p], true));
    }
    return text + indent + "}\n";
  }
  if (pieces[0].root != 0) text += fmt::format("{}  memory = {};\n", indent, root_name(name, pieces[0].root));
  return text + indent + "}\n";
}

MovedLayer concat_layer(const Concat& concat, std::span<const MovedSource> from, const Shape& to) {
  MovedLayer layer{to, static_cast<size_t>(normalize_axis(concat.axis, static_cast<int64_t>(to.size()))), {}};
  int64_t begin = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    const int64_t size = from[i].shape[layer.axis];
    if (size == 0) continue;
    MovedPiece piece{begin + size, i, from[i].strides, from[i].base};
    piece.base -= begin * piece.strides[layer.axis];
    layer.pieces.push_back(std::move(piece));
    begin += size;
  }
  return layer;
}

}  // namespace

std::vector<int64_t> dense_strides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

MovedSource dense_source(const Shape& shape) { return {shape, dense_strides(shape), 0}; }

std::optional<MovedLayer> moved_layer(const Op& op, std::span<const MovedSource> from, const Shape& to) {
  if (const auto* concat = op.as<Concat>()) return concat_layer(*concat, from, to);
  const MovedSource& x = from[0];
  MovedPiece piece{to.empty() ? 1 : to[0], 0, {}, x.base};
  if (const auto* transpose = op.as<Transpose>()) {
    const auto& order = transpose->permutation;
    for (size_t i = 0; i < to.size(); ++i) {
      piece.strides.push_back(x.strides[order.empty() ? to.size() - 1 - i : static_cast<size_t>(order[i])]);
    }
  } else if (const auto* slice = op.as<Slice>(); slice != nullptr && from.size() == 1) {
    piece.strides = x.strides;
    for (const SliceRange& range : slice_ranges(*slice, x.shape, {})) {
      piece.base += range.start * x.strides[range.axis];
      piece.strides[range.axis] *= range.step;
    }
  } else if (op.is<Expand>() && from.size() == 1) {
    piece.strides.assign(to.size(), 0);
    for (size_t i = 0; i < x.shape.size(); ++i) {
      if (x.shape[i] != 1) piece.strides[to.size() - x.shape.size() + i] = x.strides[i];
    }
  } else {
    return {};
  }
  return MovedLayer{to, 0, {std::move(piece)}};
}

int64_t moved_run(const Moved& moved) {
  int64_t run = 0;
  for (const MovedLayer& layer : moved.layers) run = std::gcd(run, run_of(layer));
  return run;
}

std::string moved_parameters(const Moved& moved, const char* type, const std::string& name) {
  std::string text;
  for (size_t root = 0; root < moved.roots; ++root) {
    text += fmt::format("{}const {}* {}", root == 0 ? "" : ", ", type, root_name(name, root));
  }
  return text;
}

std::string moved_lines(const Moved& moved, const char* type, const std::string& name, const std::string& at,
                        const std::string& pointer, const char* indent) {
  if (moved.empty()) return fmt::format("{}const {}* {} = {} + ({});\n", indent, type, pointer, name, at);
  const bool small = is_small(moved);
  const std::string inner = std::string(indent) + "  ";
  std::string text = fmt::format("{0}const {1}* {2};\n{0}{{\n{3}{4} index = {5};\n{3}const {1}* memory = {6};\n",
                                 indent, type, pointer, inner, small ? "int" : "long long", at, name);
  for (const MovedLayer& layer : moved.layers) text += layer_lines(layer, small, name, inner);
  return text + fmt::format("{}{} = memory + index;\n{}}}\n", inner, pointer, indent);
}

}  // namespace ingot::kernels::cuda

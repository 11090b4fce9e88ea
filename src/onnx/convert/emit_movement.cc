#include "onnx/convert/emit_movement.h"

#include <algorithm>

#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/reshape.h"
#include "ops/shape_of.h"
#include "ops/slice.h"
#include "ops/squeeze.h"

namespace ingot::onnx {

bool expressible(const Conversion& c, const DimShape& dims, ir::ValueId x) {
  std::set<std::string> symbols;
  for (const Dim& dim : dims) dim.collect_symbols(symbols);
  const auto& shape = c.fact(x).shape;
  return std::all_of(symbols.begin(), symbols.end(), [&](const std::string& symbol) {
    if (!symbol.starts_with('?')) return true;
    return shape &&
           std::any_of(shape->begin(), shape->end(), [&](const Dim& dim) { return dim.symbol_name() == symbol; });
  });
}

ir::ValueId emit_reshape_to(Conversion& c, ir::ValueId x, ir::ValueId target, bool allow_zero) {
  const std::vector<ir::ValueId> inputs = {x, target};
  const Op dynamic = Reshape{{}, allow_zero};
  if (c.fact(target).elements) {
    const Fact fact = c.graph().infer(dynamic, inputs).at(0);
    if (fact.shape && c.fact(x).shape == fact.shape) return x;
    if (fact.shape && expressible(c, *fact.shape, x)) return c.add(Reshape{*fact.shape}, {x});
  }
  return c.add(dynamic, inputs);
}

ir::ValueId emit_expand_to(Conversion& c, ir::ValueId x, ir::ValueId target) {
  const auto& shape = c.fact(target).elements;
  if (shape && expressible(c, *shape, x)) return c.add(Expand{*shape}, {x});
  return c.add(Expand{}, {x, target});
}

namespace {

std::optional<std::vector<int64_t>> constants(const Conversion& c, ir::ValueId vector) {
  if (vector == ir::kNoValue) return std::vector<int64_t>();
  const auto& elements = c.fact(vector).elements;
  return elements ? constant_shape(*elements) : std::nullopt;
}

}  // namespace

ir::ValueId emit_slice(Conversion& c, ir::ValueId x, ir::ValueId starts, ir::ValueId ends, ir::ValueId axes,
                       ir::ValueId steps) {
  const auto &from = c.fact(starts).elements, &to = c.fact(ends).elements;
  auto constant_axes = constants(c, axes), constant_steps = constants(c, steps);
  if (from && to && constant_axes && constant_steps && expressible(c, *from, x) && expressible(c, *to, x)) {
    for (size_t i = 0; axes == ir::kNoValue && i < from->size(); ++i) {
      constant_axes->push_back(static_cast<int64_t>(i));
    }
    return c.add(Slice{*from, *to, std::move(*constant_axes), std::move(*constant_steps)}, {x});
  }
  return c.add(Slice{}, {x, starts, ends, axes, steps});
}

ir::ValueId emit_squeeze(Conversion& c, ir::ValueId x, const std::vector<int64_t>& axes) {
  const Fact fact = c.graph().infer(Squeeze{axes}, std::vector<ir::ValueId>{x}).at(0);
  if (fact.shape && expressible(c, *fact.shape, x)) return c.add(Reshape{*fact.shape}, {x});
  return c.add(Squeeze{axes}, {x});
}

ir::ValueId emit_unsqueeze(Conversion& c, ir::ValueId x, const std::vector<int64_t>& axes) {
  const Fact fact = c.graph().infer(Unsqueeze{axes}, std::vector<ir::ValueId>{x}).at(0);
  if (fact.shape && expressible(c, *fact.shape, x)) return c.add(Reshape{*fact.shape}, {x});
  return c.add(Unsqueeze{axes}, {x});
}

ir::ValueId emit_shape_of(Conversion& c, ir::ValueId x, int64_t start, int64_t end) {
  return c.add(ShapeOf{start, end}, {x});
}

ir::ValueId emit_concat(Conversion& c, std::vector<ir::ValueId> parts, int64_t axis) {
  for (ir::ValueId& part : parts) {
    if (c.fact(part).has_rank() && c.fact(part).rank() == 0) part = emit_unsqueeze(c, part, {0});
  }
  return parts.size() == 1 ? parts[0] : c.add(Concat{axis}, std::move(parts));
}

}  // namespace ingot::onnx

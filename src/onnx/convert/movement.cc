#include <numeric>

#include "onnx/convert/converters.h"
#include "onnx/convert/emit_movement.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/gather_elements.h"
#include "ops/gather_nd.h"
#include "ops/non_zero.h"
#include "ops/one_hot.h"
#include "ops/pad.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/reverse_sequence.h"
#include "ops/scatter_elements.h"
#include "ops/shape_of.h"
#include "ops/slice.h"
#include "ops/squeeze.h"
#include "ops/tensor_scatter.h"
#include "ops/tile.h"
#include "ops/transpose.h"
#include "ops/trilu.h"
#include "ops/unique.h"

namespace ingot::onnx {
namespace {

using ir::kNoValue;
using ir::ValueId;

std::vector<int64_t> counting(int64_t count) {
  std::vector<int64_t> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// Content of an optional vector of axes: empty when absent, nothing when only a run decides.
std::optional<std::vector<int64_t>> axes_input(const Conversion& c, size_t index) {
  if (!c.has(index)) return std::vector<int64_t>();
  const auto& elements = c.input_fact(index).elements;
  return elements ? constant_shape(*elements) : std::nullopt;
}

void reshape(Conversion& c) {
  c.set_output(0, emit_reshape_to(c, c.input(0), c.input(1), c.get_int("allowzero", 0) != 0));
}
void reshape_to_attribute(Conversion& c) {
  c.set_output(0, emit_reshape_to(c, c.input(0), c.ints(c.get_ints("shape"))));
}

void flatten(Conversion& c) {
  const ValueId x = c.input(0);
  int64_t axis = c.get_int("axis", 1);
  if (const auto& shape = c.fact(x).shape) {
    const auto rank = static_cast<int64_t>(shape->size());
    if (axis < -rank || axis > rank) fail(Code::kInvalidModel, "Flatten at axis {} of {}", axis, c.fact(x).text());
    if (axis < 0) axis += rank;
    const Dim rows = product(DimShape(shape->begin(), shape->begin() + axis));
    const Dim columns = product(DimShape(shape->begin() + axis, shape->end()));
    if (expressible(c, *shape, x)) return c.set_output(0, c.add(Reshape{{rows, columns}}, {x}));
  }
  if (axis == 0) return c.set_output(0, emit_reshape_to(c, x, c.ints({1, -1})));
  const ValueId rows = c.add(Reduce{ReduceFn::kProd, {0}}, {emit_shape_of(c, x, 0, axis)});
  c.set_output(0, emit_reshape_to(c, x, emit_concat(c, {rows, c.ints({-1})})));
}

void squeeze(Conversion& c) { c.set_output(0, emit_squeeze(c, c.input(0), c.get_ints("axes"))); }
void unsqueeze(Conversion& c) { c.set_output(0, emit_unsqueeze(c, c.input(0), c.get_ints("axes"))); }
void squeeze_input(Conversion& c) {
  const auto axes = axes_input(c, 1);
  c.set_output(0, axes ? emit_squeeze(c, c.input(0), *axes) : c.add(Squeeze{}, {c.input(0), c.input(1)}));
}
void unsqueeze_input(Conversion& c) {
  c.input(1);  // required
  const auto axes = axes_input(c, 1);
  c.set_output(0, axes ? emit_unsqueeze(c, c.input(0), *axes) : c.add(Unsqueeze{}, {c.input(0), c.input(1)}));
}

void transpose(Conversion& c) {
  std::vector<int64_t> permutation = c.get_ints("perm");
  const Fact& x = c.input_fact(0);
  if (permutation.empty() && x.has_rank()) {
    permutation = counting(x.rank());
    std::reverse(permutation.begin(), permutation.end());
  }
  const bool same = x.has_rank() && permutation == counting(x.rank());
  c.set_output(0, same ? c.input(0) : c.add(Transpose{std::move(permutation)}, {c.input(0)}));
}

void expand(Conversion& c) { c.set_output(0, emit_expand_to(c, c.input(0), c.input(1))); }
void shape(Conversion& c) {
  c.set_output(0, emit_shape_of(c, c.input(0), c.get_int("start", 0), c.get_int("end", INT64_MAX)));
}

void size(Conversion& c) {
  const ValueId flat = emit_reshape_to(c, c.input(0), c.ints({-1}));
  c.set_output(0, emit_squeeze(c, emit_shape_of(c, flat), {0}));
}

void slice(Conversion& c) {
  c.set_output(0, emit_slice(c, c.input(0), c.input(1), c.input(2), c.optional(3), c.optional(4)));
}
void slice_attributes(Conversion& c) {
  const ValueId axes = c.has_attribute("axes") ? c.ints(c.get_ints("axes")) : kNoValue;
  c.set_output(0, emit_slice(c, c.input(0), c.ints(c.get_ints("starts")), c.ints(c.get_ints("ends")), axes));
}

void concat(Conversion& c) {
  const int64_t axis = c.opset() < 4 ? c.get_int("axis", 1) : c.get_int("axis", INT64_MIN);
  if (axis == INT64_MIN) fail(Code::kInvalidModel, "Concat needs its attribute axis");
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < c.input_count(); ++i) inputs.push_back(c.input(i));
  c.set_output(0, inputs.size() == 1 ? inputs[0] : c.add(Concat{axis}, std::move(inputs)));
}

ValueId scalar_int(Conversion& c, int64_t value) { return c.constant_value(Tensor::scalar<int64_t>(value)); }
ValueId number(Conversion& c, BinaryFn fn, ValueId a, ValueId b) { return c.add(Binary{fn}, {a, b}); }

// Pieces whose sizes are the i64[n] `sizes`, cut one after the other.
void split_by(Conversion& c, ValueId sizes, int64_t axis) {
  const size_t count = c.node().outputs.size();
  const auto& size_fact = c.fact(sizes);
  if (size_fact.elements && size_fact.elements->size() != count) {
    fail(Code::kInvalidModel, "Split into {} pieces of {} sizes", count, size_fact.elements->size());
  }
  const Fact& x = c.input_fact(0);
  if (size_fact.elements && x.has_rank()) {
    const Dim whole = (*x.shape)[static_cast<size_t>(normalize_axis(axis, x.rank()))];
    const Dim sum = std::accumulate(size_fact.elements->begin(), size_fact.elements->end(), Dim(0));
    if (whole.is_constant() && sum.is_constant() && !(whole == sum)) {
      fail(Code::kInvalidModel, "Split of {} into pieces of {} in all", x.text(), sum.text());
    }
  }
  ValueId start = c.ints({0});
  for (size_t i = 0; i < count; ++i) {
    const auto at = static_cast<int64_t>(i);
    const ValueId piece = emit_slice(c, sizes, c.ints({at}), c.ints({at + 1}));
    const ValueId end = number(c, BinaryFn::kAdd, start, piece);
    c.set_output(i, emit_slice(c, c.input(0), start, end, c.ints({axis})));
    start = end;
  }
}

void split(Conversion& c) {
  const int64_t axis = c.get_int("axis", 0);
  if (c.has(1)) return split_by(c, c.input(1), axis);
  if (c.has_attribute("split")) return split_by(c, c.ints(c.get_ints("split")), axis);
  const auto count = static_cast<int64_t>(c.node().outputs.size());
  if (c.get_int("num_outputs", count) != count) fail(Code::kInvalidModel, "Split has {} outputs", count);
  // Equal pieces; the last one is smaller where the size does not divide.
  const ValueId size = c.add(Gather{0}, {emit_shape_of(c, c.input(0)), c.ints({axis})});
  const auto& known = c.fact(size).elements;
  if (c.opset() < 18 && known && (*known)[0].is_constant() && *(*known)[0].constant() % count != 0) {
    fail(Code::kInvalidModel, "Split of an axis of {} into {} equal pieces", (*known)[0].text(), count);
  }
  const ValueId rounded = number(c, BinaryFn::kAdd, size, scalar_int(c, count - 1));
  const ValueId piece = number(c, BinaryFn::kDiv, rounded, scalar_int(c, count));
  for (int64_t i = 0; i < count; ++i) {
    const ValueId start = number(c, BinaryFn::kMul, piece, scalar_int(c, i));
    const ValueId end = i + 1 == count ? size : number(c, BinaryFn::kMul, piece, scalar_int(c, i + 1));
    c.set_output(static_cast<size_t>(i), emit_slice(c, c.input(0), start, end, c.ints({axis})));
  }
}

void gather(Conversion& c) { c.set_output(0, c.add(Gather{c.get_int("axis", 0)}, {c.input(0), c.input(1)})); }
void gather_elements(Conversion& c) {
  c.set_output(0, c.add(GatherElements{c.get_int("axis", 0)}, {c.input(0), c.input(1)}));
}
void gather_nd(Conversion& c) {
  c.set_output(0, c.add(GatherNd{c.get_int("batch_dims", 0)}, {c.input(0), c.input(1)}));
}

ScatterReduction reduction_of(const Conversion& c) {
  const std::string name = c.get_string("reduction", "none");
  for (const auto each : {ScatterReduction::kNone, ScatterReduction::kAdd, ScatterReduction::kMul,
                          ScatterReduction::kMin, ScatterReduction::kMax}) {
    if (name == enum_name(each)) return each;
  }
  fail(Code::kInvalidModel, "{} has no reduction '{}'", c.node().op_type, name);
}

void scatter_elements(Conversion& c) {
  c.set_output(0, c.add(ScatterElements{c.get_int("axis", 0), reduction_of(c)}, {c.input(0), c.input(1), c.input(2)}));
}
void scatter_nd(Conversion& c) {
  c.set_output(0, c.add(ScatterNd{reduction_of(c)}, {c.input(0), c.input(1), c.input(2)}));
}

void tensor_scatter(Conversion& c) {
  const std::string mode = c.get_string("mode", "linear");
  if (mode != "linear" && mode != "circular") fail(Code::kInvalidModel, "TensorScatter has no mode '{}'", mode);
  c.set_output(
      0, c.add(TensorScatter{c.get_int("axis", -2), mode == "circular"}, {c.input(0), c.input(1), c.optional(2)}));
}

// Pads with the sizes as fields where all are expressions, and nothing where all are 0.
ValueId emit_pad(Conversion& c, PadMode mode, ValueId x, ValueId pads, ValueId value, ValueId axes) {
  const Fact& fact = c.fact(x);
  const auto& known = c.fact(pads).elements;
  const auto& axis_elements = axes == kNoValue ? std::optional(DimShape()) : c.fact(axes).elements;
  const auto known_axes = axis_elements ? constant_shape(*axis_elements) : std::nullopt;
  if (!fact.has_rank() || !known || !known_axes || !expressible(c, *known, x)) {
    return c.add(Pad{mode, {}}, {x, pads, value, axes});
  }
  const auto rank = static_cast<size_t>(fact.rank());
  const auto numbers = axes == kNoValue ? counting(fact.rank()) : *known_axes;
  if (known->size() != 2 * numbers.size()) {
    fail(Code::kInvalidModel, "{} pads for {} axes", known->size(), numbers.size());
  }
  DimShape all(2 * rank);
  bool none = true;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const auto axis = static_cast<size_t>(normalize_axis(numbers[i], fact.rank()));
    all[axis] = (*known)[i];
    all[axis + rank] = (*known)[i + numbers.size()];
    none = none && all[axis].is(0) && all[axis + rank].is(0);
  }
  return none ? x : c.add(Pad{mode, std::move(all)}, {x, kNoValue, value});
}

PadMode pad_mode(const Conversion& c) {
  const std::string name = c.get_string("mode", "constant");
  for (const auto mode : {PadMode::kConstant, PadMode::kReflect, PadMode::kEdge, PadMode::kWrap}) {
    if (name == enum_name(mode)) return mode;
  }
  fail(Code::kInvalidModel, "Pad has no mode '{}'", name);
}

void pad(Conversion& c) {
  c.set_output(0, emit_pad(c, pad_mode(c), c.input(0), c.input(1), c.optional(2), c.optional(3)));
}
void pad_attributes(Conversion& c) {
  const ValueId pads = c.ints(c.get_ints(c.opset() < 2 ? "paddings" : "pads"));
  const double value = c.get_float("value", 0);
  c.set_output(0, emit_pad(c, pad_mode(c), c.input(0), pads,
                           value == 0 ? kNoValue : c.scalar(value, c.input_fact(0).dtype()), kNoValue));
}

// Drops from, or adds zeros around, the middle of each axis until it has the wanted size.
void center_crop_pad(Conversion& c) {
  const ValueId x = c.input(0);
  ValueId wanted = c.input(1);
  if (c.fact(wanted).dtype() != DType::kI64) wanted = c.add(Cast{DType::kI64}, {wanted});
  std::vector<int64_t> axis_numbers = c.get_ints("axes");
  if (axis_numbers.empty()) axis_numbers = counting(c.rank(0, "no axes are given"));
  const ValueId axes = c.ints(axis_numbers), zero = scalar_int(c, 0), two = scalar_int(c, 2);
  const ValueId sizes = c.add(Gather{0}, {emit_shape_of(c, x), axes});
  const auto excess = [&](ValueId a, ValueId b) {
    return number(c, BinaryFn::kMax, number(c, BinaryFn::kSub, a, b), zero);
  };
  const ValueId start = number(c, BinaryFn::kDiv, excess(sizes, wanted), two);
  const ValueId end = number(c, BinaryFn::kAdd, start, number(c, BinaryFn::kMin, sizes, wanted));
  const ValueId cropped = emit_slice(c, x, start, end, axes);
  const ValueId added = excess(wanted, sizes);
  const ValueId before = number(c, BinaryFn::kDiv, added, two);
  const ValueId pads = emit_concat(c, {before, number(c, BinaryFn::kSub, added, before)});
  c.set_output(0, emit_pad(c, PadMode::kConstant, cropped, pads, kNoValue, axes));
}

void tile(Conversion& c) {
  const ValueId x = c.input(0);
  const auto& shape = c.fact(x).shape;
  const auto& repeats = c.input_fact(1).elements;
  if (!shape || !repeats || shape->size() != repeats->size() || !expressible(c, *repeats, x)) {
    return c.set_output(0, c.add(Tile{}, {x, c.input(1)}));
  }
  bool none = true, stretches = true;
  DimShape target;
  for (size_t i = 0; i < shape->size(); ++i) {
    none = none && (*repeats)[i].is(1);
    stretches = stretches && ((*repeats)[i].is(1) || (*shape)[i].is(1));
    target.push_back((*repeats)[i].is(1) ? (*shape)[i] : (*repeats)[i]);
  }
  if (none) return c.set_output(0, x);
  c.set_output(0, stretches && expressible(c, target, x) ? c.add(Expand{target}, {x}) : c.add(Tile{*repeats}, {x}));
}

// The block size, and x with its rank of 4 known.
std::pair<int64_t, ValueId> blocks_of(Conversion& c) {
  const int64_t block = c.get_int("blocksize", 0);
  if (block < 1 || block > 1 << 20) fail(Code::kInvalidModel, "{} with blocks of {}", c.node().op_type, block);
  ValueId x = c.input(0);
  if (!c.fact(x).has_rank()) x = c.add(Reshape{}, {x, c.ints({0, 0, 0, -1})});
  if (c.fact(x).rank() != 4)
    fail(Code::kInvalidModel, "{} takes [n, c, h, w], got {}", c.node().op_type, c.fact(x).text());
  return {block, x};
}

void depth_to_space(Conversion& c) {
  const auto [block, x] = blocks_of(c);
  const std::string mode = c.get_string("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") fail(Code::kInvalidModel, "DepthToSpace has no mode '{}'", mode);
  const DimShape in = *c.fact(x).shape;
  const Dim b = block, depth = Dim::floor_div(in[1], b * b);
  const bool depth_last = mode == "DCR";
  const ValueId apart = c.add(
      Reshape{depth_last ? DimShape{in[0], b, b, depth, in[2], in[3]} : DimShape{in[0], depth, b, b, in[2], in[3]}},
      {x});
  const std::vector<int64_t> order =
      depth_last ? std::vector<int64_t>{0, 3, 4, 1, 5, 2} : std::vector<int64_t>{0, 1, 4, 2, 5, 3};
  const ValueId moved = c.add(Transpose{order}, {apart});
  c.set_output(0, c.add(Reshape{{in[0], depth, in[2] * b, in[3] * b}}, {moved}));
}

void space_to_depth(Conversion& c) {
  const auto [block, x] = blocks_of(c);
  const DimShape in = *c.fact(x).shape;
  const Dim b = block, rows = Dim::floor_div(in[2], b), columns = Dim::floor_div(in[3], b);
  const ValueId apart = c.add(Reshape{{in[0], in[1], rows, b, columns, b}}, {x});
  const ValueId moved = c.add(Transpose{{0, 3, 5, 1, 2, 4}}, {apart});
  c.set_output(0, c.add(Reshape{{in[0], in[1] * b * b, rows, columns}}, {moved}));
}

void reverse_sequence(Conversion& c) {
  c.set_output(0,
               c.add(ReverseSequence{c.get_int("batch_axis", 1), c.get_int("time_axis", 0)}, {c.input(0), c.input(1)}));
}
void trilu(Conversion& c) { c.set_output(0, c.add(Trilu{c.get_int("upper", 1) != 0}, {c.input(0), c.optional(1)})); }
void one_hot(Conversion& c) {
  c.set_output(0, c.add(OneHot{c.get_int("axis", -1)}, {c.input(0), c.input(1), c.input(2)}));
}
void non_zero(Conversion& c) { c.set_output(0, c.add(NonZero{}, {c.input(0)})); }
void compress(Conversion& c) {
  c.set_output(0, c.add(Compress{c.get_int("axis", 0), !c.has_attribute("axis")}, {c.input(0), c.input(1)}));
}
void unique(Conversion& c) {
  c.set_outputs(
      c.add_node(Unique{c.get_int("axis", 0), !c.has_attribute("axis"), c.get_int("sorted", 1) != 0}, {c.input(0)}));
}

}  // namespace

std::span<const Converter> movement_converters() {
  static const Converter kTable[] = {
      {"", "CenterCropPad", center_crop_pad},
      {"", "Compress", compress},
      {"", "Concat", concat},
      {"", "DepthToSpace", depth_to_space},
      {"", "Expand", expand},
      {"", "Flatten", flatten},
      {"", "Gather", gather},
      {"", "GatherElements", gather_elements},
      {"", "GatherND", gather_nd},
      {"", "NonZero", non_zero},
      {"", "OneHot", one_hot},
      {"", "Pad", pad_attributes, 1, 10},
      {"", "Pad", pad, 11},
      {"", "Reshape", reshape_to_attribute, 1, 4},
      {"", "Reshape", reshape, 5},
      {"", "ReverseSequence", reverse_sequence},
      {"", "Scatter", scatter_elements},
      {"", "ScatterElements", scatter_elements},
      {"", "ScatterND", scatter_nd},
      {"", "Shape", shape},
      {"", "Size", size},
      {"", "Slice", slice_attributes, 1, 9},
      {"", "Slice", slice, 10},
      {"", "SpaceToDepth", space_to_depth},
      {"", "Split", split},
      {"", "Squeeze", squeeze, 1, 12},
      {"", "Squeeze", squeeze_input, 13},
      {"", "TensorScatter", tensor_scatter},
      {"", "Tile", tile, 6},
      {"", "Transpose", transpose},
      {"", "Trilu", trilu},
      {"", "Unique", unique},
      {"", "Unsqueeze", unsqueeze, 1, 12},
      {"", "Unsqueeze", unsqueeze_input, 13},
  };
  return kTable;
}

}  // namespace ingot::onnx

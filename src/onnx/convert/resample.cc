// Resizing, grids, regions of interest.
#include "onnx/convert/converters.h"
#include "onnx/convert/emit.h"
#include "ops/affine_grid.h"
#include "ops/grid_sample.h"
#include "ops/resize.h"
#include "ops/roi.h"
#include "tensor/elements.h"

namespace ingot::onnx {
namespace {

// Input `index` as operand, or kNoValue where it is absent or known to be empty.
ir::ValueId non_empty(Conversion& c, size_t index) {
  if (!c.has(index)) return ir::kNoValue;
  const Fact& fact = c.input_fact(index);
  const bool empty = fact.has_rank() && fact.rank() == 1 && (*fact.shape)[0].is(0);
  return empty ? ir::kNoValue : c.input(index);
}

// Known scales and sizes become fields.
void add_resize(Conversion& c, Resize resize, ir::ValueId roi, ir::ValueId scales, ir::ValueId sizes,
                const std::optional<std::vector<int64_t>>& known_sizes) {
  if (const Tensor* constant = c.graph().constant(scales); scales != ir::kNoValue && constant != nullptr) {
    resize.scales = to_doubles(*constant);
    scales = ir::kNoValue;
  }
  if (sizes != ir::kNoValue) {
    resize.scales.clear();
    scales = ir::kNoValue;
    if (known_sizes) {
      resize.sizes = *known_sizes;
      sizes = ir::kNoValue;
    }
  }
  c.set_output(0, c.add(std::move(resize), {c.input(0), roi, scales, sizes}));
}

void convert_resize(Conversion& c) {
  Resize resize;
  resize.mode = get_enum<ResizeMode>(c, "mode", "nearest");
  resize.coordinates = get_enum<ResizeCoordinates>(c, "coordinate_transformation_mode", "half_pixel");
  resize.nearest = get_enum<ResizeNearest>(c, "nearest_mode", "round_prefer_floor");
  resize.aspect = get_enum<ResizeAspect>(c, "keep_aspect_ratio_policy", "stretch");
  resize.axes = c.get_ints("axes");
  resize.cubic_a = c.get_float("cubic_coeff_a", -0.75);
  resize.exclude_outside = c.get_int("exclude_outside", 0) != 0;
  resize.antialias = c.get_int("antialias", 0) != 0;
  resize.extrapolation_value = c.get_float("extrapolation_value", 0);
  const bool crops = resize.coordinates == ResizeCoordinates::kTfCropAndResize;
  add_resize(c, std::move(resize), crops ? non_empty(c, 1) : ir::kNoValue, non_empty(c, 2), non_empty(c, 3),
             known_ints(c, 3));
}

// Opset 10's Resize, and Upsample: positions are o / scale, rounded down.
void convert_upsample(Conversion& c) {
  Resize resize;
  const std::string mode = c.get_string("mode", "nearest");
  if (mode != "nearest" && mode != "linear" && mode != "bilinear") fail(Code::kInvalidModel, "mode is \"{}\"", mode);
  resize.mode = mode == "nearest" ? ResizeMode::kNearest : ResizeMode::kLinear;
  resize.coordinates = ResizeCoordinates::kAsymmetric;
  resize.nearest = ResizeNearest::kFloor;
  resize.scales = c.get_floats("scales");
  add_resize(c, std::move(resize), ir::kNoValue, non_empty(c, 1), ir::kNoValue, std::nullopt);
}

void convert_grid_sample(Conversion& c) {
  GridSample sample;
  const std::string mode = c.get_string("mode", "linear");
  sample.mode = mode == "bilinear"  ? SampleMode::kLinear
                : mode == "bicubic" ? SampleMode::kCubic
                                    : get_enum<SampleMode>(c, "mode", "linear");
  sample.padding = get_enum<SamplePadding>(c, "padding_mode", "zeros");
  sample.align_corners = c.get_int("align_corners", 0) != 0;
  c.set_output(0, c.add(sample, {c.input(0), c.input(1)}));
}

void convert_affine_grid(Conversion& c) {
  c.set_output(0, c.add(AffineGrid{c.get_int("align_corners", 0) != 0}, {c.input(0), c.input(1)}));
}

// Before opset 16 the corners are not shifted.
void convert_roi_align(Conversion& c) {
  const char* fallback = c.opset() >= 16 ? "half_pixel" : "output_half_pixel";
  RoiAlign align{
      get_enum<RoiAlignFn>(c, "mode", "avg"), c.get_int("output_height", 1),
      c.get_int("output_width", 1),           c.get_int("sampling_ratio", 0),
      c.get_float("spatial_scale", 1),        c.get_string("coordinate_transformation_mode", fallback) == "half_pixel"};
  c.set_output(0, c.add(align, {c.input(0), c.input(1), c.input(2)}));
}

void convert_max_roi_pool(Conversion& c) {
  c.set_output(
      0, c.add(MaxRoiPool{c.get_ints("pooled_shape"), c.get_float("spatial_scale", 1)}, {c.input(0), c.input(1)}));
}

constexpr Converter kConverters[] = {
    {"", "Resize", convert_upsample, 10, 10}, {"", "Resize", convert_resize, 11},
    {"", "Upsample", convert_upsample},       {"", "GridSample", convert_grid_sample},
    {"", "AffineGrid", convert_affine_grid},  {"", "RoiAlign", convert_roi_align},
    {"", "MaxRoiPool", convert_max_roi_pool},
};

}  // namespace

std::span<const Converter> resample_converters() { return kConverters; }

}  // namespace ingot::onnx

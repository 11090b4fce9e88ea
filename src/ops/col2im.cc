#include "ops/col2im.h"

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"
#include "ops/window.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const Col2Im&, InferContext& context) {
  const Fact& x = context.input(0);
  context.require(!x.has_rank() || x.rank() == 3, "col2im takes [n, c * block, blocks], got {}", x.text());
  for (const size_t i : {1, 2}) {
    const Fact& sizes = context.input(i);
    context.require(is_int(sizes.dtype()) && (!sizes.has_rank() || sizes.rank() == 1), "col2im with sizes {}",
                    sizes.text());
  }
  const auto image = context.elements(1), block = context.elements(2);
  std::optional<size_t> axes;
  for (const size_t i : {1, 2}) {
    const auto& listed = context.shape(i);
    const auto count = listed ? (*listed)[0].constant() : std::nullopt;
    if (!count) continue;
    context.require(!axes || *axes == static_cast<size_t>(*count), "image and block of col2im differ in rank");
    axes = static_cast<size_t>(*count);
  }
  if (!axes) return context.set_output(0, x.dtype(), std::nullopt);
  DimShape shape{x.has_rank() ? (*x.shape)[0] : context.fresh_dim(), context.fresh_dim()};
  if (x.has_rank() && block) shape[1] = Dim::floor_div((*x.shape)[1], product(*block));
  const DimShape sizes = image ? *image : context.fresh_shape(*axes);
  shape.insert(shape.end(), sizes.begin(), sizes.end());
  context.set_output(0, x.dtype(), std::move(shape));
}

static void eval(const Col2Im& col, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  const Shape image = to_ints(context.tensor(1)), block = to_ints(context.tensor(2));
  const auto ranges = window_ranges(
      image, window_axes(to_dims(block), col.strides, col.dilations, col.pads, AutoPad::kNone), AutoPad::kNone, false);
  const Shape blocks = output_sizes(ranges);
  const int64_t taps = element_count(block), places = element_count(blocks), size = element_count(image);
  if (x.rank() != 3 || x.dim(1) % taps != 0 || x.dim(2) != places) {
    fail(Code::kInvalidArgument, "col2im of {} into images {} from blocks {}", x.type_text(), shape_text(image),
         shape_text(block));
  }
  const int64_t channels = x.dim(1) / taps;
  Shape shape{x.dim(0), channels};
  shape.insert(shape.end(), image.begin(), image.end());
  Tensor& result = context.output(0, x.dtype(), shape);
  const auto columns = to_doubles(x);
  std::vector<double> y(static_cast<size_t>(result.count()), 0.0);
  const Shape strides = row_major_strides(image);
  for (int64_t plane = 0; plane < x.dim(0) * channels; ++plane) {
    StridedWalk<1> tap(block, {row_major_strides(block)});
    for (int64_t k = 0; k < taps; ++k, tap.next()) {
      StridedWalk<1> place(blocks, {row_major_strides(blocks)});
      for (int64_t i = 0; i < places; ++i, place.next()) {
        int64_t offset = plane * size;
        bool inside = true;
        for (size_t axis = 0; axis < ranges.size(); ++axis) {
          const int64_t position = ranges[axis].start(place.index()[axis]) + tap.index()[axis] * ranges[axis].dilation;
          inside = inside && position >= 0 && position < image[axis];
          offset += position * strides[axis];
        }
        if (inside) y[static_cast<size_t>(offset)] += columns[static_cast<size_t>((plane * taps + k) * places + i)];
      }
    }
  }
  write_doubles(result, y);
}

const OpDef Col2Im::def = define_op<Col2Im, infer, eval>(
    {"col2im", "every column is added to the image where its block lies", 3, 3, 1, kNoTraits, {2, 1}});

}  // namespace ingot

#include "ops/affine_grid.h"

#include "ops/eval.h"
#include "ops/infer.h"
#include "ops/strided_walk.h"
#include "tensor/elements.h"

namespace ingot {

static void infer(const AffineGrid&, InferContext& context) {
  const Fact& theta = context.input(0);
  context.require(is_float(theta.dtype()) && (!theta.has_rank() || theta.rank() == 3), "affine_grid of {}",
                  theta.text());
  const auto size = context.elements(1);
  const auto& listed = context.shape(1);
  context.require(!listed || listed->size() == 1, "affine_grid with sizes {}", context.input(1).text());
  const auto count = listed ? (*listed)[0].constant() : std::nullopt;
  context.require(!count || *count == 4 || *count == 5, "affine_grid with {} sizes", count.value_or(0));
  int64_t axes = count ? *count - 2 : 0;  // 0: not known
  if (theta.has_rank()) {
    const auto rows = (*theta.shape)[1].constant();
    context.require(!rows || axes == 0 || *rows == axes, "affine_grid of {} over {} axes", theta.text(), axes);
    if (axes == 0) axes = rows.value_or(0);
    if (axes != 0) unify((*theta.shape)[2], axes + 1, "columns of theta");
  }
  if (axes == 0) return context.set_output(0, theta.dtype(), std::nullopt);
  context.require(axes == 2 || axes == 3, "affine_grid over {} axes", axes);
  DimShape shape = context.fresh_shape(static_cast<size_t>(axes) + 1);
  if (size) {
    shape.assign(size->begin() + 2, size->end());
    shape.insert(shape.begin(), (*size)[0]);
  }
  if (theta.has_rank()) shape[0] = unify(shape[0], (*theta.shape)[0], "images of affine_grid");
  shape.push_back(axes);
  context.set_output(0, theta.dtype(), std::move(shape));
}

static void eval(const AffineGrid& affine, EvalContext& context) {
  const Tensor& theta = context.tensor(0);
  const Shape size = to_ints(context.tensor(1));
  const auto axes = static_cast<int64_t>(size.size()) - 2;
  if ((axes != 2 && axes != 3) || theta.shape() != Shape{size[0], axes, axes + 1}) {
    fail(Code::kInvalidArgument, "affine_grid of {} for sizes {}", theta.type_text(), shape_text(size));
  }
  Shape shape(size.begin() + 2, size.end());
  const Shape spatial = shape;
  shape.insert(shape.begin(), size[0]);
  shape.push_back(axes);
  Tensor& result = context.output(0, theta.dtype(), shape);
  const auto matrices = to_doubles(theta);
  std::vector<double> y;
  std::vector<double> position(static_cast<size_t>(axes) + 1, 1.0);  // x, y, (z,) 1
  const int64_t count = element_count(spatial);
  for (int64_t n = 0; n < size[0]; ++n) {
    StridedWalk<1> walk(spatial, {row_major_strides(spatial)});
    for (int64_t i = 0; i < count; ++i, walk.next()) {
      for (size_t axis = 0; axis < spatial.size(); ++axis) {
        const auto index = static_cast<double>(walk.index()[axis]), length = static_cast<double>(spatial[axis]);
        double& coordinate = position[spatial.size() - 1 - axis];
        coordinate =
            affine.align_corners ? (length > 1 ? 2 * index / (length - 1) - 1 : 0) : (2 * index + 1) / length - 1;
      }
      for (int64_t row = 0; row < axes; ++row) {
        double sum = 0;
        for (int64_t k = 0; k <= axes; ++k) {
          sum += matrices[static_cast<size_t>((n * axes + row) * (axes + 1) + k)] * position[static_cast<size_t>(k)];
        }
        y.push_back(sum);
      }
    }
  }
  write_doubles(result, y);
}

const OpDef AffineGrid::def = define_op<AffineGrid, infer, eval>(
    {"affine_grid", "theta times the homogeneous coordinates of every output element", 2, 2, 1, kNoTraits, {4, 1}});

}  // namespace ingot

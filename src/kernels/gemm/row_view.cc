#include "kernels/gemm/row_view.h"

#include "ops/strided_walk.h"

namespace ingot::kernels::gemm {
namespace {

// The one stride of axes [first, last) walked in row-major order.
std::optional<int64_t> uniform_stride(const Shape& result, const Shape& strides, size_t first, size_t last) {
  int64_t stride = 0, extent = 0;
  for (size_t axis = last; axis-- > first;) {
    if (result[axis] == 1) continue;
    if (extent == 0) {
      stride = strides[axis];
      extent = result[axis];
    } else if (strides[axis] != stride * extent) {
      return std::nullopt;
    } else {
      extent *= result[axis];
    }
  }
  return stride;
}

}  // namespace

std::optional<RowView> view_by_rows(const Shape& shape, const RowLayout& layout) {
  const Shape& result = layout.result;
  const Shape strides = broadcast_strides(shape, result);
  const size_t columns = result.size() - layout.column_axes;
  const auto row = uniform_stride(result, strides, layout.product_axes, columns);
  const auto column = uniform_stride(result, strides, columns, result.size());
  if (!row || !column) return std::nullopt;
  RowView view{{}, *row, *column};
  const int64_t width = element_count(std::span(result).subspan(columns));
  if (width == 1) view.column = 1;
  const Shape products(result.begin(), result.begin() + static_cast<int64_t>(layout.product_axes));
  StridedWalk<1> walk(products, {Shape(strides.begin(), strides.begin() + static_cast<int64_t>(products.size()))});
  for (int64_t i = element_count(products); i > 0; --i, walk.next()) view.products.push_back(walk.offset());
  return view;
}

bool view_by_rows(const Problem& problem, size_t first_operand, const RowLayout& layout) {
  for (size_t input = first_operand; input < problem.inputs.size(); ++input) {
    if (!view_by_rows(problem.inputs[input].shape, layout)) return false;
  }
  return true;
}

}  // namespace ingot::kernels::gemm

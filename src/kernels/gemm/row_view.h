// Operands that are broadcast to the result of a matrix kernel, as rows and columns.
#pragma once
#include <optional>
#include <vector>

#include "kernels/kernel.h"

namespace ingot::kernels::gemm {

// The result as products of rows of columns: axes [0, product_axes) count the products, the last column_axes the
// columns, those between the rows.
struct RowLayout {
  Shape result;
  size_t product_axes = 0, column_axes = 1;
};

// An operand broadcast to such a result: element (r, c) of product p at [products[p] + r * row + c * column].
struct RowView {
  std::vector<int64_t> products;
  int64_t row = 0, column = 0;  // column: 0 or 1
};
// Empty when the operand has no such uniform strides. Throws kInvalidArgument when it does not broadcast.
std::optional<RowView> view_by_rows(const Shape& shape, const RowLayout& layout);
// Whether all inputs from `first_operand` on have them.
bool view_by_rows(const Problem& problem, size_t first_operand, const RowLayout& layout);

}  // namespace ingot::kernels::gemm

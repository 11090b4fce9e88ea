#include "kernels/pointwise/short_rows.h"

#include <algorithm>

#include "kernels/copy/copy_rows.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kChunk = 4 * kShortRow;  // elements that a program runs on at once

// `rows` rows of an operand from `row` on, one behind the other: where they are, or `buffer`.
const void* laid_out(const ShortRowOperand& operand, int64_t row, int64_t rows, int64_t columns, std::byte* buffer) {
  const int64_t bytes = dtype_bits(operand.dtype) / 8;
  const std::byte* data = operand.data + row * operand.row_stride * bytes;
  if (operand.column_stride == 0) {
    auto* values = reinterpret_cast<float*>(buffer);
    const int64_t same = operand.row_stride == 0 ? rows : 1;
    for (int64_t r = 0; r < rows; r += same) {
      const float value = splat_value(operand.dtype, data + r * operand.row_stride * bytes);
      std::fill_n(values + r * columns, same * columns, value);
    }
    return buffer;
  }
  if (operand.row_stride == columns || rows == 1) return data;
  copy_rows(data, operand.row_stride * bytes, rows, columns * bytes, buffer, columns * bytes);
  return buffer;
}

}  // namespace

void run_on_short_rows(const Program& program, const ShortRows& block, const ShortRowOperand* operands) noexcept {
  alignas(64) std::byte buffers[kMaxRowOperands][kChunk * sizeof(float)];
  alignas(64) std::byte sums[kChunk * sizeof(float)], results[kChunk * sizeof(float)];
  float splats[kMaxRowOperands];
  ProgramRun run(program);
  const int64_t columns = block.columns, at_once = std::min(kChunk / columns, block.rows);
  const int64_t row_bytes = columns * block.result_bytes;
  const auto is_splat = [&](size_t k) { return program.element_bytes[1 + k] == 0; };
  for (size_t k = 0; k + 1 < program.inputs; ++k) {
    if (!is_splat(k)) continue;
    splats[k] = splat_value(operands[k].dtype, operands[k].data);
    run.bind(1 + k, &splats[k]);
  }
  for (int64_t row = 0; row < block.rows; row += at_once) {
    const int64_t rows = std::min(at_once, block.rows - row);
    for (size_t k = 0; k + 1 < program.inputs; ++k) {
      if (is_splat(k) || (row > 0 && operands[k].row_stride == 0)) continue;  // the same for all rows: there already
      run.bind(1 + k, laid_out(operands[k], row, rows, columns, buffers[k]));
    }
    const ShortRowOperand first{static_cast<const std::byte*>(block.sums), DType::kF32, block.sums_stride, 1};
    run.bind(0, laid_out(first, row, rows, columns, sums));
    std::byte* to = block.results + row * block.results_stride * block.result_bytes;
    const bool in_place = block.results_stride == columns || rows == 1;
    run.bind(program.inputs, in_place ? to : results);
    run.run(rows * columns);
    if (!in_place) copy_rows(results, row_bytes, rows, row_bytes, to, block.results_stride * block.result_bytes);
  }
}

}  // namespace ingot::kernels

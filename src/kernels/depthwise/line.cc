#include "kernels/depthwise/line.h"

namespace ingot::kernels::depthwise {
namespace {

// `row`: of the product, that of the segment's first pixel.
void run_segment(const Walk& walk, int64_t row, int index, SegmentArgs args, const gemm::Product& product,
                 const RowProgram* program) noexcept {
  const int64_t channels = walk.geometry().filters, first = args.first;
  args.y_stride = channels;
  args.finish = product.finish;
  if (args.finish.bias != nullptr) args.finish.bias += row * args.finish.bias_stride + first;
  if (args.finish.addend != nullptr) args.finish.addend += row * args.finish.addend_stride + first;
  walk.function(index)(args);
  if (program == nullptr) return;
  auto operands = product.operands;
  for (RowOperand& operand : operands) operand.data += row * operand.row_stride + first * operand.column_stride;
  program->run({args.y, channels, kSizes[index], args.channels}, operands.data());
}

}  // namespace

void run_line(const Walk& walk, const WalkData& data, const Line& line, const gemm::Product& product,
              const RowProgram* program, const void** table) noexcept {
  Walk::Table pointers{table};
  walk.segments([&](int64_t column, int index) {
    SegmentArgs args = walk.arguments(data, line.line, column, index, line.block, pointers);
    args.y = line.y + column * walk.geometry().filters + args.first;
    run_segment(walk, line.row + column, index, args, product, program);
  });
}

}  // namespace ingot::kernels::depthwise

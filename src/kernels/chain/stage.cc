#include "kernels/chain/stage.h"

#include <algorithm>

#include "kernels/conv/windows.h"
#include "kernels/depthwise/line.h"

namespace ingot::kernels::chain {
namespace {

using gemm::Product;

// Runs are on one thread.
Target alone(Target target) {
  target.threads = 1;
  return target;
}

class ProductStage final : public Stage {
 public:
  ProductStage(const gemm::TileSet& tiles, const conv::Geometry& geometry, const RowProgram* program,
               int64_t most_lines, const Target& target)
      : geometry_(geometry),
        windows_(geometry, tiles.rows),
        gemm_(tiles, size_of(most_lines), gemm::StoredB::kPanels, 0, program, alone(target)) {
    scratch_bytes = gemm_.scratch_bytes();
    zeros = windows_.depth();
  }
  void run(const StageRun& run) const noexcept override;

 private:
  class Operands;
  gemm::BlockedSize size_of(int64_t most_lines) const;
  int64_t width() const { return geometry_.axes[2].output; }

  conv::Geometry geometry_;
  conv::Windows windows_;
  gemm::BlockedGemm gemm_;
};

gemm::BlockedSize ProductStage::size_of(int64_t most_lines) const {
  gemm::BlockedSize size;
  size.m = most_lines * width();
  size.n = size.c_stride = geometry_.filters;
  size.taps = windows_.taps();
  size.depth = windows_.depth();
  size.row_floats = std::min(size.taps * size.depth, geometry_.channels * geometry_.axes[2].stride * 2);
  size.patch_floats = windows_.patch_elements();
  return size;
}

// The lines of a run as rows of one product.
class ProductStage::Operands final : public gemm::Source {
 public:
  Operands(const ProductStage& stage, const StageRun& run) : stage_(stage), run_(run) {}

  Product product(int64_t) const noexcept override {
    Product product = run_.epilogue;
    const int64_t row = run_.first * stage_.width();
    product.b = run_.weights;
    product.zeros = run_.zeros;
    product.c = run_.y;
    if (product.finish.bias != nullptr) product.finish.bias += row * product.finish.bias_stride;
    if (product.finish.addend != nullptr) product.finish.addend += row * product.finish.addend_stride;
    for (RowOperand& operand : product.operands) operand.data += row * operand.row_stride;
    return product;
  }
  // Where lines are kept in a ring, pixel p of a line is that of the data.
  void rows(int64_t, int64_t first, int64_t count, const float** table, float* patches) const noexcept override {
    const int64_t width = stage_.width(), channels = stage_.geometry_.channels;
    if (run_.kept == 0) {
      return stage_.windows_.fill(run_.x, run_.zeros, run_.first * width + first, count, table, patches);
    }
    for (int64_t row = first; row < first + count;) {
      const int64_t column = row % width, pixels = std::min(width - column, first + count - row);
      const float* at = run_.x + ((run_.first + row / width) % run_.kept * width + column) * channels;
      for (int64_t i = 0; i < pixels; ++i) *table++ = at + i * channels;
      row += pixels;
    }
  }

 private:
  const ProductStage& stage_;
  const StageRun& run_;
};

void ProductStage::run(const StageRun& run) const noexcept {
  gemm_.run_rows(Operands(*this, run), 0, run.count * width(), run.scratch);
}

class SlidingStage final : public Stage {
 public:
  SlidingStage(const depthwise::SegmentSet& segments, const conv::Geometry& geometry, const RowProgram* program,
               const Target& target)
      : walk_(segments, segments.f32, geometry, alone(target)), program_(program) {
    scratch_bytes = static_cast<size_t>(walk_.table_bytes());
    zeros = geometry.channels;
  }
  void run(const StageRun& run) const noexcept override {
    const conv::Geometry& geometry = walk_.geometry();
    const int64_t width = geometry.axes[2].output;
    const depthwise::WalkData data = {reinterpret_cast<const std::byte*>(run.x),
                                      reinterpret_cast<const std::byte*>(run.zeros), sizeof(float), run.weights,
                                      run.kept};
    for (int64_t i = 0; i < run.count; ++i) {
      const int64_t line = run.first + i;
      depthwise::run_line(walk_, data, {line, 0, run.y + i * width * geometry.filters, line * width}, run.epilogue,
                          program_, reinterpret_cast<const void**>(run.scratch));
    }
  }

 private:
  depthwise::Walk walk_;
  const RowProgram* program_;
};

}  // namespace

std::unique_ptr<Stage> product_stage(const gemm::TileSet& tiles, const conv::Geometry& geometry,
                                     const RowProgram* program, int64_t most_lines, const Target& target) {
  return std::make_unique<ProductStage>(tiles, geometry, program, most_lines, target);
}

std::unique_ptr<Stage> sliding_stage(const depthwise::SegmentSet& segments, const conv::Geometry& geometry,
                                     const RowProgram* program, const Target& target) {
  return std::make_unique<SlidingStage>(segments, geometry, program, target);
}

}  // namespace ingot::kernels::chain

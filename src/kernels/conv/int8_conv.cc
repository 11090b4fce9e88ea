#include "kernels/conv/int8_conv.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/error.h"
#include "kernels/conv/windows.h"
#include "kernels/families.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/int8_blocked.h"
#include "kernels/gemm/int8_matmul.h"
#include "kernels/gemm/int8_panels.h"
#include "ops/conv_integer.h"

namespace ingot::kernels {
namespace conv {
namespace {

using gemm::Int8Product;
using gemm::Int8TileSet;

class BoundInt8Conv final : public BoundKernel {
 public:
  BoundInt8Conv(const Int8TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  class Operands;
  void bind_epilogue(const Problem& problem, IsaLevel isa);
  gemm::Int8Size blocked_size() const;
  void prepare(const RunArgs& args) const noexcept;

  Geometry geometry_;
  Windows windows_;
  DType x_type_;
  bool has_zero_;
  bool per_image_ = false;  // whether an operand of the epilogue needs products of one image each
  int64_t panel_bytes_, group_bytes_, stored_columns_;  // of a group's weights
  int64_t zeros_bytes_ = 0, minus_bytes_ = 0;
  std::optional<gemm::Int8Epilogue> epilogue_;
  std::optional<gemm::Int8Gemm> gemm_;
};

// Where a run's operands are. Scratch: zero points, what is subtracted for each group, the epilogue's, the loops'.
// Product: image * groups + group, or group when all images are one.
class BoundInt8Conv::Operands final : public gemm::Int8Source {
 public:
  Operands(const BoundInt8Conv& bound, const RunArgs& args) : bound_(bound), args_(args) {}

  Int8Product product(int64_t index) const noexcept override {
    const Geometry& sizes = bound_.geometry_;
    const int64_t group = index % sizes.groups, image = index / sizes.groups;
    const int64_t column = group * sizes.group_filters();
    Int8Product product;
    product.b = static_cast<const std::byte*>(args_.inputs[1]) + group * bound_.group_bytes_;
    product.minus =
        reinterpret_cast<const int32_t*>(args_.scratch + bound_.zeros_bytes_) + group * bound_.stored_columns_;
    product.c = static_cast<std::byte*>(args_.outputs[0]) +
                (image * sizes.output_pixels() * sizes.filters + column) * bound_.epilogue_->result_bytes();
    bound_.epilogue_->fill(args_.inputs, args_.scratch + bound_.zeros_bytes_ + bound_.minus_bytes_, image, column,
                           product.operands);
    return product;
  }
  void rows(int64_t index, int64_t first, int64_t count, const uint8_t** table,
            uint8_t* patches) const noexcept override {
    const Geometry& sizes = bound_.geometry_;
    const int64_t group = index % sizes.groups, image = index / sizes.groups;
    bound_.windows_.fill(static_cast<const uint8_t*>(args_.inputs[0]) + group * sizes.group_channels(),
                         reinterpret_cast<const uint8_t*>(args_.scratch), image * sizes.output_pixels() + first, count,
                         table, patches);
  }

 private:
  const BoundInt8Conv& bound_;
  const RunArgs& args_;
};

BoundInt8Conv::BoundInt8Conv(const Int8TileSet& tiles, IsaLevel isa, const Problem& problem, const Target& target)
    : geometry_(geometry_of(as_conv(problem))),
      windows_(geometry_, tiles.shape.rows),
      x_type_(problem.inputs[0].dtype),
      has_zero_(has_input(problem, kIntegerZeroPoint)),
      panel_bytes_(gemm::int8_panel_bytes(tiles, windows_.taps(), windows_.depth(), geometry_.group_filters())),
      group_bytes_(gemm::int8_packed_bytes(tiles, windows_.taps(), windows_.depth(), geometry_.group_filters())),
      stored_columns_(round_up(geometry_.group_filters(), tiles.shape.vector)) {
  zeros_bytes_ = round_up(windows_.depth(), 64);
  minus_bytes_ = round_up(geometry_.groups * stored_columns_ * 4, 64);
  bind_epilogue(problem, isa);
  gemm_.emplace(tiles, blocked_size(), *epilogue_, target);
  scratch_bytes =
      static_cast<size_t>(zeros_bytes_ + minus_bytes_) + epilogue_->scratch_bytes() + gemm_->scratch_bytes();
}

void BoundInt8Conv::bind_epilogue(const Problem& problem, IsaLevel isa) {
  gemm::RowLayout layout{problem.outputs[0].shape, 0, 1};
  per_image_ = !gemm::view_by_rows(problem, kIntegerOperand, layout);
  layout.product_axes = per_image_ ? 1 : 0;
  epilogue_.emplace(problem, std::move(layout), kIntegerOperand, problem.op.as<ConvInteger>()->epilogue, isa);
}

gemm::Int8Size BoundInt8Conv::blocked_size() const {
  gemm::Int8Size size;
  size.products = geometry_.groups * (per_image_ ? geometry_.images : 1);
  size.m = geometry_.output_pixels() * (per_image_ ? 1 : geometry_.images);
  size.n = geometry_.group_filters();
  size.taps = windows_.taps();
  size.depth = windows_.depth();
  size.c_stride = geometry_.filters;
  size.row_bytes = std::min(size.taps * size.depth, geometry_.group_channels() * geometry_.axes[2].stride * 2);
  size.patch_bytes = windows_.patch_elements();
  size.is_signed = x_type_ == DType::kI8;
  return size;
}

void BoundInt8Conv::prepare(const RunArgs& args) const noexcept {
  const void* zero = has_zero_ ? args.inputs[kIntegerZeroPoint] : nullptr;
  std::memset(args.scratch, zero == nullptr ? 0 : *static_cast<const uint8_t*>(zero),
              static_cast<size_t>(zeros_bytes_));
  auto* minus = reinterpret_cast<int32_t*>(args.scratch + zeros_bytes_);
  for (int64_t group = 0; group < geometry_.groups; ++group, minus += stored_columns_) {
    const auto* weights = static_cast<const std::byte*>(args.inputs[1]) + group * group_bytes_;
    gemm::subtract_zero(reinterpret_cast<const int32_t*>(weights + panel_bytes_), stored_columns_,
                        gemm::zero_of_tiles(x_type_, zero), minus);
  }
  epilogue_->prepare(args.inputs, args.scratch + zeros_bytes_ + minus_bytes_);
}

void BoundInt8Conv::run(const RunArgs& args) const noexcept {
  if (geometry_.images * geometry_.filters * geometry_.output_pixels() == 0) return;
  prepare(args);
  gemm_->run(Operands(*this, args), args.scratch + zeros_bytes_ + minus_bytes_ + epilogue_->scratch_bytes(),
             args.parallel);
}

template <const Int8TileSet& tiles> double cost(const Problem& problem, const Target& target) {
  const Geometry geometry = typical_geometry(as_conv(problem));
  const Windows windows(geometry, tiles.shape.rows);
  const int64_t pixels = geometry.output_pixels() * geometry.images, taps = windows.taps();
  const auto groups = static_cast<double>(geometry.groups);
  double nanoseconds =
      gemm::int8_tiles_cost(tiles, groups, pixels, geometry.group_filters(), taps, windows.depth(), target);
  nanoseconds += groups * static_cast<double>(pixels * taps) * 0.7;  // pointers
  const double depth = static_cast<double>(taps * windows.depth());
  return gemm::shared_cost(nanoseconds, static_cast<double>(pixels * geometry.filters) * depth / 4, target);
}

template <const Int8TileSet& tiles> const char* packing(const Problem&, size_t input) {
  return input == 1 ? tiles.shape.packing : nullptr;
}

template <const Int8TileSet& tiles> Tensor pack(const Problem& problem, size_t, const Tensor& weights) {
  return pack_int8_conv(tiles, problem, weights);
}

template <IsaLevel isa> const char* refuse(const Problem& problem) {
  if (const char* reason = refuse_int8_conv(problem)) return reason;
  return gemm::refuse_int8_program(problem.op.as<ConvInteger>()->epilogue, isa);
}

template <const Int8TileSet& tiles, IsaLevel isa>
std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  return bind_int8_conv(tiles, isa, problem, target);
}

template <const Int8TileSet& tiles, IsaLevel isa> constexpr Row row(const char* name) {
  return {name, isa, refuse<isa>, cost<tiles>, bind<tiles, isa>, packing<tiles>, pack<tiles>};
}

constexpr Row kRows[] = {
    row<gemm::kAvx512VnniInt8_6x64, IsaLevel::kAvx512Vnni>("avx512vnni_integer_conv_int8_6x64"),
    row<gemm::kAvx512VnniInt8_8x48, IsaLevel::kAvx512Vnni>("avx512vnni_integer_conv_int8_8x48"),
    row<gemm::kAvx2Int8_6x8, IsaLevel::kAvx2>("avx2_integer_conv_int8_6x8"),
    row<gemm::kReferenceInt8_4x8, IsaLevel::kReference>("reference_integer_conv_int8_4x8"),
};

constexpr const OpDef* kOps[] = {&ConvInteger::def};

std::string text(const Problem& problem) {
  const auto dtype = [](const Operand& operand) { return std::string(dtype_name(operand.dtype)); };
  return "integer_conv " + geometry_text(as_conv(problem)) + " " + dtype(problem.inputs[0]) + ":" +
         dtype(problem.inputs[1]) + ":" + dtype(problem.outputs[0]) +
         (has_input(problem, kIntegerZeroPoint) ? " +zero" : "") +
         gemm::epilogue_text(problem.op.as<ConvInteger>()->epilogue);
}

}  // namespace

Problem as_conv(const Problem& problem) {
  return {conv_of(*problem.op.as<ConvInteger>()), {problem.inputs[0], problem.inputs[1]}, problem.outputs};
}

const char* refuse_int8_conv(const Problem& problem) {
  const auto& op = *problem.op.as<ConvInteger>();
  if (const char* reason = refuse_ranks(as_conv(problem))) return reason;
  const DType x = problem.inputs[0].dtype;
  if (x != DType::kU8 && x != DType::kI8) return "the data is not bytes";
  if (problem.inputs[1].dtype != DType::kI8 || !problem.inputs[1].constant) return "the weights are no constant of i8";
  if (!op.channels_last) return "the data is not channels-last";
  if (has_input(problem, kIntegerZeroPoint) && element_count(problem.inputs[kIntegerZeroPoint].shape) != 1) {
    return "the data has several zero points";
  }
  if (has_input(problem, kIntegerWeightZero)) return "the weights have a zero point";
  return gemm::refuse_int8_epilogue(op.epilogue, problem, kIntegerOperand);
}

std::unique_ptr<BoundKernel> bind_int8_conv(const Int8TileSet& tiles, IsaLevel isa, const Problem& problem,
                                            const Target& target) {
  if (const char* reason = refuse_int8_conv(problem)) fail(Code::kInvalidArgument, "conv: {}", reason);
  return std::make_unique<BoundInt8Conv>(tiles, isa, problem, target);
}

Tensor pack_int8_conv(const Int8TileSet& tiles, const Problem& problem, const Tensor& weights) {
  const int64_t groups = problem.op.as<ConvInteger>()->group, filters = weights.dim(0), channels = weights.dim(1);
  const int64_t positions = element_count(std::span(weights.shape()).subspan(2));
  // [filter][position][channel]: a tap, which is one position or a line of them, is consecutive.
  const auto* from = weights.data<int8_t>();
  std::vector<int8_t> turned(static_cast<size_t>(weights.count()));
  for (int64_t row = 0; row < filters * channels; ++row) {
    const int64_t first = row / channels * positions * channels + row % channels;
    for (int64_t i = 0; i < positions; ++i) turned[static_cast<size_t>(first + i * channels)] = *from++;
  }
  const Windows windows(typical_geometry(as_conv(problem)), tiles.shape.rows);  // its taps follow from the weights
  const int64_t taps = windows.taps(), depth = windows.depth(), group_filters = filters / groups;
  const int64_t bytes = gemm::int8_packed_bytes(tiles, taps, depth, group_filters);
  Tensor packed = Tensor::uninitialized(DType::kU8, {groups * bytes});
  for (int64_t group = 0; group < groups; ++group) {
    gemm::pack_int8_panels(tiles, turned.data() + group * group_filters * taps * depth, {depth, 1, taps * depth}, taps,
                           depth, group_filters, static_cast<std::byte*>(packed.mutable_raw()) + group * bytes);
  }
  return packed;
}

}  // namespace conv

const Family kIntegerConvFamily = {"integer_conv", "convolution of integers of 8 bits", conv::kOps, conv::kRows,
                                   conv::text};

}  // namespace ingot::kernels

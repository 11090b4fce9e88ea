// What bound convolutions share: kernels compute on channels-last data; this brings other data there and back, packs
// weights that are not constant, and binds bias and epilogue.
#pragma once
#include <optional>

#include "kernels/conv/geometry.h"
#include "kernels/gemm/bound_epilogue.h"

namespace ingot::kernels::conv {

inline constexpr size_t kBias = 2, kFirstOperand = 3;  // inputs of ops/conv

// Null when the problem's types, ranks and epilogue can be bound, else the reason.
const char* refuse_convolution(const Problem& problem);

class BoundChannelsLast : public BoundKernel {
 public:
  void run(const RunArgs& args) const noexcept final;

 protected:
  // Data of one run, channels-last; weights packed; `zeros` as many as asked for.
  struct Run {
    const RunArgs& args;
    const float *x = nullptr, *w = nullptr, *zeros = nullptr;
    float* y = nullptr;
    std::byte* scratch = nullptr;  // what the kernel reserved with own_scratch
  };

  // Throws kInvalidArgument when the operands do not fit each other. `packed_floats` of weights, `zeros`: floats.
  BoundChannelsLast(const Problem& problem, IsaLevel isa, Transpose transpose, int64_t packed_floats, int64_t zeros);
  virtual void pack(const float* weights, float* out) const noexcept = 0;
  virtual void convolve(const Run& run) const noexcept = 0;

  // To be called once, last.
  void own_scratch(size_t bytes) { own_at_ = reserve(static_cast<int64_t>(bytes)); }
  const Geometry& geometry() const { return geometry_; }
  const Shape& weights() const { return weights_; }
  // Whether an operand of the epilogue needs products of one image each; else all images may be one.
  bool per_image() const { return per_image_; }
  const RowProgram* program() const { return epilogue_->program(); }
  // Sets finish and operands for the rows of `image` (0 unless per_image) from channel `channel` on.
  void fill_epilogue(const Run& run, int64_t image, int64_t channel, gemm::Product& product) const noexcept {
    epilogue_->fill(run.args.inputs, run.args.scratch + epilogue_at_, image, channel, product);
  }

 private:
  int64_t reserve(int64_t bytes);
  void bind_epilogue(const Problem& problem, IsaLevel isa);
  void finish_planes(const RunArgs& args) const noexcept;

  Geometry geometry_;
  Transpose transpose_;
  Shape weights_;
  bool channels_last_, packed_, per_image_ = false;
  std::optional<gemm::BoundEpilogue> epilogue_;
  std::optional<gemm::BoundEpilogue> planes_;  // what runs on [images * filters, pixels] of channels-first results
  int64_t zero_count_;
  int64_t zeros_at_ = 0, packed_at_ = 0, x_at_ = 0, y_at_ = 0, epilogue_at_ = 0, planes_at_ = 0, own_at_ = 0;
};

}  // namespace ingot::kernels::conv

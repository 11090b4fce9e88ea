// A member of a chain with sizes fixed: computes any lines of its result of one image, on the calling thread.
#pragma once
#include <memory>

#include "kernels/chain/chain.h"
#include "kernels/conv/geometry.h"
#include "kernels/gemm/blocked.h"

namespace ingot::kernels::chain {

struct StageRun {
  const float* x = nullptr;  // the image's data
  int64_t kept = 0;          // > 0: line l of it is at place l % kept; 0: all lines are there
  const float *weights = nullptr, *zeros = nullptr;
  gemm::Product epilogue;        // finish and operands from the image's first pixel on
  int64_t first = 0, count = 0;  // lines of the result
  float* y = nullptr;            // where line `first` goes, the others after it
  std::byte* scratch = nullptr;
};

class Stage {
 public:
  virtual ~Stage() = default;
  virtual void run(const StageRun& run) const noexcept = 0;
  size_t scratch_bytes = 0;
  int64_t zeros = 0;  // floats that it reads outside the data
};

// `geometry`: of one image; `program` (may be null) outlives the stage; runs compute at most `most_lines` lines.
std::unique_ptr<Stage> product_stage(const gemm::TileSet& tiles, const conv::Geometry& geometry,
                                     const RowProgram* program, int64_t most_lines, const Target& target);
std::unique_ptr<Stage> sliding_stage(const depthwise::SegmentSet& segments, const conv::Geometry& geometry,
                                     const RowProgram* program, const Target& target);

}  // namespace ingot::kernels::chain

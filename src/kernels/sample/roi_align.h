// Bilinear samples averaged, or the largest, over the bins of regions: ops/roi. Inputs: 0 x [n, c, h, w], 1 rois
// [r, 4], both f32, 2 images i64[r]. Images are turned to channels last first, so that channels are neighbours.
#pragma once
#include "kernels/kernel.h"

namespace ingot::kernels {

const char* refuse_roi_align(const Problem& problem);
std::unique_ptr<BoundKernel> bind_roi_align(const Problem& problem, const Target& target);

}  // namespace ingot::kernels

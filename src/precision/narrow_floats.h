// Brings the arithmetic of an fp32 graph to bf16.
#pragma once
#include "passes/pass.h"

namespace ingot::precision {

// Products and convolutions with constant weights take and give bf16, and so does what lies between them: pointwise
// operators, normalisations, softmax, attention, pooling, movement. Sums, statistics and biases of products stay f32.
// Inputs and outputs of the graph keep their types; casts stand where f32 and bf16 meet. Finite weights stay finite.
passes::Pass narrow_floats();

// Attention becomes one operator; the pass; what removes casts that meet.
std::vector<passes::Stage> bf16_stages();

}  // namespace ingot::precision

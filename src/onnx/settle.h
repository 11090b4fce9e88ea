// Content of small integer and other tensors that is decided by the model alone, found while it is converted.
#pragma once
#include "ir/graph.h"

namespace ingot::onnx {

// Gives every value from `first` on a constant fact where its content follows from constants: converters decide by the
// content of axes, shapes and pads that exporters compute by small chains of nodes. Only deterministic operators on
// few elements are evaluated; one that fails is left for the run to report.
void settle_values(ir::Graph& graph, size_t first);

}  // namespace ingot::onnx

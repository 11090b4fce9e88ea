// Attention as graphs that cuDNN's fused engines recognise.
#pragma once
#include "cuda/cudnn_graph.h"

namespace ingot::cuda {

// Why cuDNN has no such attention or is missing, or "".
std::string attention_refusal(const device::Attention& attention);
// What attention that is not refused can be written as; the name of a candidate begins with "cuDNN " and its form.
std::vector<std::string> attention_forms(const device::Attention& attention);
// Finished with `handle` (may be null, as CudnnGraph::finish). Throws kUnsupported with cuDNN's reason.
std::shared_ptr<const CudnnGraph> attention_graph(const device::Attention& attention, const std::string& form,
                                                  dnn::Handle handle);

}  // namespace ingot::cuda

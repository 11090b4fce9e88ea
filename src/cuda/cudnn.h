// Convolutions and attention through cuDNN 9's graph interface.
#pragma once
#include "cuda/choice.h"
#include "cuda/driver.h"

namespace ingot::cuda {

const SharedLibrary& cudnn_library();
std::string cudnn_version();
// What cuDNN's heuristics propose, best guess first; with `fallback` also what they have where speed does not matter.
// kUnsupported when the library is missing or proposes nothing.
std::vector<Candidate> convolutions(const device::Convolution& convolution, Stream stream, bool fallback);
// With the fallback.
std::vector<Candidate> attentions(const device::Attention& attention, Stream stream);
// What makes the operation without cuDNN's heuristics and compiler in another process; "" where there is no such text.
std::string plan_text(const device::Operation& operation);
// The candidate of that name, without asking the heuristics: from its text where that was kept. Null where cuDNN makes
// none.
using KeptText = std::optional<std::string>;
std::unique_ptr<device::Operation> kept_convolution(const device::Convolution& convolution, const std::string& name,
                                                    const KeptText& text, Stream stream);
std::unique_ptr<device::Operation> kept_attention(const device::Attention& attention, const std::string& name,
                                                  const KeptText& text, Stream stream);

}  // namespace ingot::cuda

// Plans of cuDNN across processes: names of what was chosen, and finished plans as text.
#pragma once
#include <optional>
#include <string>

#include "cuda/cudnn_descriptor.h"

namespace ingot::cuda {

// The engine and its settings, equal in every process with this version of cuDNN.
std::string config_name(const Descriptor& config);
// An engine with its settings, by its name: "engine 8 2=4 3=0". Nothing for what is no such name.
struct NamedConfig {
  int64_t engine = -1;
  std::vector<std::pair<int32_t, int64_t>> knobs;
};
std::optional<NamedConfig> parse_config(const std::string& name);
// It, for a graph of operations; kUnsupported where cuDNN has none like that.
Descriptor config_of(const NamedConfig& named, const Descriptor& graph);
// The finished plan with the code that was compiled for it, for this GPU, driver and version of cuDNN; "" where cuDNN
// writes none, as for engines without compiled code.
std::string text_of_plan(const Descriptor& plan);
// The plan that the text was written of; kDevice when cuDNN does not take it.
Descriptor plan_of_text(const std::string& text, dnn::Handle handle);

}  // namespace ingot::cuda

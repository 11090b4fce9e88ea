#include "cuda/cudnn_plan.h"

#include <algorithm>
#include <sstream>

namespace ingot::cuda {

std::string config_name(const Descriptor& config) {
  Descriptor engine(dnn::kEngine);
  dnn::Descriptor raw = engine.get();
  int64_t count = 0, index = -1;
  cudnn().get(config.get(), dnn::kConfigEngine, dnn::kTypeDescriptor, 1, &count, &raw);
  cudnn().get(engine.get(), dnn::kEngineIndex, dnn::kTypeInt64, 1, &count, &index);
  std::string name = fmt::format("engine {}", index);
  std::vector<Descriptor> knobs;
  std::vector<dnn::Descriptor> places;
  for (int i = 0; i < dnn::kMaxKnobs; ++i) {
    knobs.emplace_back(dnn::kKnobChoice);
    places.push_back(knobs.back().get());
  }
  if (cudnn().get(config.get(), dnn::kConfigKnobs, dnn::kTypeDescriptor, dnn::kMaxKnobs, &count, places.data()) != 0)
    return name;
  for (int64_t i = 0; i < std::min<int64_t>(count, dnn::kMaxKnobs); ++i) {
    int64_t one = 0, value = 0;
    int32_t type = 0;
    cudnn().get(places[static_cast<size_t>(i)], dnn::kKnobType, dnn::kTypeKnob, 1, &one, &type);
    cudnn().get(places[static_cast<size_t>(i)], dnn::kKnobValue, dnn::kTypeInt64, 1, &one, &value);
    name += fmt::format(" {}={}", type, value);
  }
  return name;
}

std::optional<NamedConfig> parse_config(const std::string& name) {
  std::istringstream words(name);
  std::string word;
  NamedConfig named;
  if (!(words >> word) || word != "engine" || !(words >> named.engine)) return std::nullopt;
  while (words >> word) {
    std::pair<int32_t, int64_t> knob;
    char equals = 0;
    std::istringstream parts(word);
    if (!(parts >> knob.first >> equals >> knob.second) || equals != '=' || !parts.eof()) return std::nullopt;
    named.knobs.push_back(knob);
  }
  return named;
}

Descriptor config_of(const NamedConfig& named, const Descriptor& graph) {
  Descriptor engine(dnn::kEngine);
  engine.set_descriptor(dnn::kEngineGraph, graph);
  engine.set(dnn::kEngineIndex, dnn::kTypeInt64, 1, &named.engine);
  require_cudnn(engine.finalize(), "an engine");
  std::vector<Descriptor> knobs;
  std::vector<dnn::Descriptor> raw;
  for (const auto& [type, value] : named.knobs) {
    Descriptor knob(dnn::kKnobChoice);
    knob.set_int(dnn::kKnobType, dnn::kTypeKnob, type);
    knob.set(dnn::kKnobValue, dnn::kTypeInt64, 1, &value);
    require_cudnn(knob.finalize(), "a setting");
    raw.push_back(knob.get());
    knobs.push_back(std::move(knob));
  }
  Descriptor config(dnn::kEngineConfig);
  config.set_descriptor(dnn::kConfigEngine, engine);
  if (!raw.empty()) {
    config.set(dnn::kConfigKnobs, dnn::kTypeDescriptor, static_cast<int64_t>(raw.size()), raw.data());
  }
  require_cudnn(config.finalize(), "an engine with its settings");
  return config;
}

std::string text_of_plan(const Descriptor& plan) {
  int64_t size = 0;
  if (cudnn().get(plan.get(), dnn::kPlanText, dnn::kTypeChar, 0, &size, nullptr) != 0 || size <= 0) return "";
  std::string text(static_cast<size_t>(size), '\0');
  if (cudnn().get(plan.get(), dnn::kPlanText, dnn::kTypeChar, size, &size, text.data()) != 0) return "";
  text.resize(static_cast<size_t>(std::clamp<int64_t>(size, 0, static_cast<int64_t>(text.size()))));
  return text;
}

Descriptor plan_of_text(const std::string& text, dnn::Handle handle) {
  Descriptor plan(dnn::kExecutionPlan);
  plan.set(dnn::kPlanHandle, dnn::kTypeHandle, 1, &handle);
  plan.set(dnn::kPlanText, dnn::kTypeChar, static_cast<int64_t>(text.size()), text.data());
  check_cudnn(plan.finalize(), "a plan that was kept");
  return plan;
}

}  // namespace ingot::cuda

// Plans of graphs in text form for sessions on devices.
#pragma once
#include <algorithm>
#include <cmath>

#include "device_corpus.h"
#include "ir/interpreter.h"
#include "ir/text.h"
#include "lower/lower.h"
#include "passes/pipeline.h"
#include "runtime/session.h"
#include "tensor/elements.h"
#include "tensor/random.h"

namespace ingot {

// The graph as a build for a device leaves it.
inline ir::Graph fused(const ir::Graph& graph) {
  ir::Graph after = graph.clone();
  passes::PassOptions options;
  options.strict = true;
  options.target.chains = false;
  options.target.max_joined = 0;
  passes::run_passes(after, passes::target_stages(), options);
  return after;
}

// Its plan for a device.
inline std::shared_ptr<const plan::Plan> plan_for(const ir::Graph& graph, const std::string& device,
                                                  const std::string& precision) {
  lower::LowerOptions options;
  options.device = "cuda";
  plan::Plan plan = lower::lower(fused(graph), graph, options);
  plan.info.kernel_abi = plan::kernel_abi();
  plan.info.options = {{"device", device}, {"precision", precision}};
  return std::make_shared<const plan::Plan>(std::move(plan));
}

inline std::vector<Value> random_inputs(const ir::Graph& graph) {
  std::vector<Value> inputs;
  for (const ir::ValueId input : graph.inputs()) {
    inputs.emplace_back(
        random_tensor(graph.fact(input).dtype(), *constant_shape(*graph.fact(input).shape), 7 + inputs.size()));
  }
  return inputs;
}

// |actual - expected| / |expected|, in the Euclidean norm.
inline double relative_error(const Tensor& actual, const Tensor& expected) {
  double difference = 0, norm = 0;
  for (int64_t i = 0; i < expected.count(); ++i) {
    const double a = read_double(actual, i), e = read_double(expected, i);
    difference += (a - e) * (a - e);
    norm += e * e;
  }
  return std::sqrt(difference / std::max(norm, 1e-30));
}

}  // namespace ingot

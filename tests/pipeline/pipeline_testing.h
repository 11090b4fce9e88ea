// Plans of graphs in text form for sessions on the CPU.
#pragma once
#include <memory>
#include <vector>

#include "lower/lower.h"
#include "plan/plan.h"

namespace ingot {

// Lowered as it is, without passes, for one thread of this machine; read back from the plan's bytes.
inline std::shared_ptr<const plan::Plan> plan_of(const ir::Graph& graph) {
  lower::LowerOptions options;
  options.target = kernels::this_machine(1);
  plan::Plan made = lower::lower(graph, graph, options);
  made.info.kernel_abi = plan::kernel_abi();
  auto bytes = std::make_shared<std::vector<std::byte>>(plan::serialize_plan(made));
  return std::make_shared<const plan::Plan>(plan::parse_plan(*bytes, bytes));
}

}  // namespace ingot

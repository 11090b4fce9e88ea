#include "random_graphs/check.h"

#include <cmath>
#include <set>
#include <string_view>

#include "ir/interpreter.h"
#include "ir/text.h"
#include "lower/lower.h"
#include "passes/pipeline.h"
#include "random_graphs/builder.h"
#include "runtime/session.h"
#include "tensor/compare.h"
#include "tensor/elements.h"
#include "tensor/random.h"

namespace ingot::random_graphs {
namespace {

std::vector<Value> inputs_of(const Builder& b, uint64_t seed) {
  std::vector<Value> inputs;
  for (const ir::ValueId id : b.graph.inputs()) {
    inputs.emplace_back(random_tensor(b.graph.fact(id).dtype(), *b.sizes(id), ++seed));
  }
  return inputs;
}

Value moved(const Value& value, Choices& choose) {
  Tensor tensor(value.tensor().dtype(), value.tensor().shape());
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const double by = tensor.dtype() == DType::kF32 ? 1 + 1e-6 * static_cast<double>(choose.between(-1, 1)) : 1;
    write_double(tensor, i, read_double(value.tensor(), i) * by);
  }
  return tensor;
}

// Kernels round these in an order of their own.
bool has_sums(const Op& op) {
  static const std::set<std::string_view> kSums = {"conv", "conv_transpose", "group_norm", "layer_norm", "matmul",
                                                   "pool", "reduce",         "resize",     "softmax"};
  return kSums.contains(op.name());
}

// The graph's outputs when its inputs, and every sum, come out a few units in the last place off.
std::vector<Value> interpret_moved(const ir::Graph& graph, std::vector<Value> inputs, Choices& choose) {
  for (Value& input : inputs) input = moved(input, choose);
  ir::InterpretOptions options;
  options.observe = [&](const ir::Node& node, std::span<Value> results) {
    if (!has_sums(node.op)) return;
    for (Value& result : results) result = moved(result, choose);
  };
  return ir::interpret(graph, std::move(inputs), options);
}

// What rounding may make of an output.
double allowed(const Value& value, const Value& other) {
  double largest = 1, moved = 0;
  for (int64_t i = 0; i < value.tensor().count(); ++i) {
    const double x = read_double(value.tensor(), i), y = read_double(other.tensor(), i);
    if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
    if (std::isfinite(x - y)) moved = std::max(moved, std::abs(x - y));
  }
  return 1e-4 * largest + 30 * moved;
}

// Past such numbers f32 overflows on one way and not on another.
bool moderate(const std::vector<Value>& values) {
  constexpr double kLargest = 1e9;
  for (const Value& value : values) {
    if (value.tensor().dtype() == DType::kBool) continue;
    for (int64_t i = 0; i < value.tensor().count(); ++i) {
      const double x = read_double(value.tensor(), i);
      if (std::isnan(x) || std::abs(x) > kLargest) return false;
    }
  }
  return true;
}

std::string difference(const std::vector<Value>& actual, const std::vector<Value>& expected,
                       const std::vector<Value>& perturbed) {
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto comparison = compare(actual[i], expected[i], {1e-3, allowed(expected[i], perturbed[i]), 0});
    if (!comparison.equal) return fmt::format("output {}: {}", i, comparison.reason);
  }
  return "";
}

std::vector<Value> run_plan(plan::Plan plan, const std::vector<Value>& inputs, int threads) {
  plan.info.kernel_abi = plan::kernel_abi();
  auto bytes = std::make_shared<std::vector<std::byte>>(plan::serialize_plan(plan));
  runtime::Session session(std::make_shared<const plan::Plan>(plan::parse_plan(*bytes, bytes)),
                           {{.threads = threads, .spins = 100}});
  std::vector<Value> outputs(plan.program.outputs.size());
  session.run(inputs, outputs);
  return outputs;
}

}  // namespace

Outcome check(uint64_t seed) {
  Builder b = random_graph(seed);
  Outcome outcome;
  outcome.graph = ir::print_graph(b.graph);
  outcome.nodes = b.graph.live_node_count();
  if (b.graph.outputs().empty()) return outcome;
  Choices choose(seed + 1);
  std::vector<Value> inputs, expected, perturbed;
  try {
    inputs = inputs_of(b, seed);
    expected = ir::interpret(b.graph, inputs);
    perturbed = interpret_moved(b.graph, inputs, choose);
  } catch (const Error&) {
    return outcome;  // valid for other sizes only
  }
  if (!moderate(expected) || !moderate(perturbed)) return outcome;
  outcome.compared = true;
  try {
    lower::LowerOptions options;
    options.target = kernels::this_machine(static_cast<int>(choose.between(1, 2)));
    if (choose.one_in(4))
      options.target.isa = choose.one_in(2) ? IsaLevel::kReference : std::min(cpu_isa(), IsaLevel::kAvx2);
    ir::Graph optimised = b.graph.clone();
    passes::PassOptions pass_options;
    pass_options.strict = true;
    pass_options.target.attention = options.target.isa >= IsaLevel::kAvx2;
    for (const auto& stages : {passes::portable_stages(), passes::target_stages()}) {
      passes::run_passes(optimised, stages, pass_options);
    }
    plan::Plan plan = lower::lower(optimised, b.graph, options);
    outcome.steps = plan.program.steps.size();
    outcome.fault = difference(run_plan(std::move(plan), inputs, options.target.threads), expected, perturbed);
    if (outcome.fault.empty()) return outcome;
    const auto interpreted = difference(ir::interpret(optimised, inputs), expected, perturbed);
    outcome.fault = (interpreted.empty() ? "a kernel: " : "a pass: ") + outcome.fault + "\noptimised to\n" +
                    ir::print_graph(optimised);
  } catch (const Error& error) {
    outcome.fault = std::string("an error: ") + error.what();
  }
  return outcome;
}

}  // namespace ingot::random_graphs

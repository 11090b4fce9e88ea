// Transposes move towards the outputs, where they meet others that undo them.
#include "ops/reshape.h"
#include "ops/transpose.h"
#include "passes/passes.h"
#include "passes/permute.h"
#include "passes/queries.h"

namespace ingot::passes {
namespace {

// Transposed operands that no one else needs in that form.
int64_t freed_transposes(const ir::Graph& graph, const ir::Node& node, ir::NodeId id, const Permutation& permutation) {
  int64_t freed = 0;
  for (const ir::ValueId input : node.inputs) {
    if (input != ir::kNoValue && transposed_by(graph, input) == permutation && graph.sole_user(input) == id) ++freed;
  }
  return freed;
}

// Whether the transpose behind the node, where nothing can undo it, would move more than those before it.
bool grows_at_the_end(const ir::Graph& graph, const ir::Node& node, const Permutation& permutation) {
  const Fact& result = graph.fact(node.outputs[0]);
  if (!graph.is_output(node.outputs[0]) || !result.shape) return false;
  int64_t before = 0;
  for (const ir::ValueId input : node.inputs) {
    if (input != ir::kNoValue && transposed_by(graph, input) == permutation) {
      before += supposed_elements(graph.fact(input));
    }
  }
  return supposed_elements(result) > before;
}

ir::Outcome sink(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  if (node.op.is<Transpose>() || node.outputs.size() != 1) return ir::no_match;
  std::optional<Permutation> permutation;
  bool shrinks = true;
  for (const ir::ValueId input : node.inputs) {
    if (permutation || input == ir::kNoValue) continue;
    permutation = transposed_by(graph, input);
    // The sizes of such an operand get their names from the transposed value: it has to stay.
    if (permutation && !graph.fact(graph.producer(input)->inputs[0]).shape) {
      return ir::refused("the rank of the operand is known only after the transpose");
    }
    if (permutation) shrinks = same_shape(graph.fact(input), graph.fact(node.outputs[0])) || !node.op.has(kElementwise);
  }
  if (!permutation) return ir::no_match;
  shrinks = shrinks && !grows_at_the_end(graph, node, *permutation);
  if (!shrinks) return ir::refused("the result is larger than the transposed operand");
  ir::Patch patch(graph);
  const char* why = nullptr;
  auto through = through_transpose(graph, node, *permutation, OtherOperands::kOnlyFree, patch, why);
  if (!through) return why != nullptr ? ir::refused(why) : ir::no_match;
  if (freed_transposes(graph, node, id, *permutation) == 0) {
    return ir::refused("the transposed value is used elsewhere");
  }
  const ir::ValueId result = patch.add(std::move(through->op), std::move(through->inputs));
  patch.replace(node.outputs[0],
                is_identity(through->result) ? result : patch.add(Transpose{through->result}, {result}));
  return patch;
}

}  // namespace

Pass sink_transposes() {
  return {"sink_transposes",
          "No transpose stands before an operator that could as well run before it.",
          "With cancel_movement, which removes the pairs that meet; before fold_affine, which then finds scales and "
          "biases next to what they belong to.",
          {{"sink", sink}}};
}

}  // namespace ingot::passes

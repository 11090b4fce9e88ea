// A product with a one-hot matrix picks rows of the other factor.
#include <cmath>

#include "ops/gather.h"
#include "ops/matmul.h"
#include "ops/reshape.h"
#include "passes/passes.h"
#include "passes/queries.h"
#include "tensor/elements.h"

namespace ingot::passes {
namespace {

using ir::ValueId;

constexpr int64_t kMostRows = int64_t{1} << 24;  // so that their number fits every type of index

// Whether the constant counts 0, 1, 2, ... along its last axis and has no other.
bool counts_up(const Tensor* constant) {
  if (constant == nullptr || constant->rank() == 0 || constant->dim(-1) != constant->count()) return false;
  for (int64_t i = 0; i < constant->count(); ++i) {
    if (read_int(*constant, i) != i) return false;
  }
  return true;
}

// Of equal(indices, {0, 1, 2, ...}): the indices, of last size 1; none where it is no such thing.
ValueId indices_of(const ir::Graph& graph, const Producer<Binary>& equal) {
  if (!equal || equal.op->fn != BinaryFn::kEqual) return ir::kNoValue;
  for (const size_t at : {0, 1}) {
    const ValueId indices = equal.input(at), range = equal.input(1 - at);
    const Fact& fact = graph.fact(indices);
    if (fact.dtype() != DType::kI32 && fact.dtype() != DType::kI64) continue;
    const Tensor* constant = graph.constant(range);
    if (!counts_up(constant) || !fact.shape || fact.rank() < constant->rank()) continue;
    if (fact.shape->back().constant() == 1) return indices;
  }
  return ir::kNoValue;
}

// The rows between rows of zeros, for indices outside.
Tensor table_of(const Tensor& rows) {
  Tensor table(rows.dtype(), {rows.dim(0) + 2, rows.dim(1)});
  copy_elements(rows, 0, table, rows.dim(1), rows.count());
  return table;
}

ValueId number(ir::Patch& patch, DType dtype, int64_t value) {
  Tensor tensor(dtype, {});
  write_int(tensor, 0, value);
  return patch.constant(std::move(tensor));
}

ir::Outcome pick_rows(const ir::Graph& graph, ir::NodeId id, PassRun&) {
  const ir::Node& node = graph.node(id);
  const auto* matmul = node.op.as<MatMul>();
  if (matmul == nullptr) return ir::no_match;
  const auto cast = producer_as<Cast>(graph, node.inputs[0]);
  const auto equal = cast ? producer_as<Binary>(graph, cast.input(0)) : Producer<Binary>();
  const ValueId indices = indices_of(graph, equal);
  if (indices == ir::kNoValue) return ir::no_match;
  const Tensor* rows = graph.constant(node.inputs[1]);
  const bool plain = !matmul->trans_a && !matmul->trans_b && matmul->alpha == 1 && matmul->epilogue.empty();
  if (rows == nullptr || rows->rank() != 2 || rows->dim(0) > kMostRows || !plain) {
    return ir::refused("the other factor is not one constant matrix as it stands");
  }
  for (const double value : to_doubles(*rows)) {
    if (!std::isfinite(value)) return ir::refused("the product of zero and a row that is not finite is no zero");
  }
  ir::Patch patch(graph);
  const DType dtype = graph.fact(indices).dtype();
  DimShape shape = *graph.fact(indices).shape;
  shape.pop_back();
  ValueId index = patch.add(Reshape{shape, true}, {indices});
  index = patch.add(Binary{BinaryFn::kMin}, {index, number(patch, dtype, rows->dim(0))});
  index = patch.add(Binary{BinaryFn::kMax}, {index, number(patch, dtype, -1)});
  index = patch.add(Binary{BinaryFn::kAdd}, {index, number(patch, dtype, 1)});
  ValueId y = patch.add(Gather{0}, {patch.constant(table_of(*rows)), index});
  if (const ValueId bias = input_or_none(node, 2); bias != ir::kNoValue) {
    y = patch.add(Binary{BinaryFn::kAdd}, {y, bias});
  }
  patch.replace(node.outputs[0], y);
  return patch;
}

}  // namespace

Pass recognise_one_hot() {
  return {"recognise_one_hot",
          "No product has a one-hot matrix as its left factor: equal(index, 0 1 2 ...) times rows is the row at the "
          "index, or zeros outside.",
          "Among the simplifications: pointwise fusion would take comparison and cast apart from the product.",
          {{"pick_rows", pick_rows}}};
}

}  // namespace ingot::passes

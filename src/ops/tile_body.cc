#include "ops/tile_body.h"

#include "ops/concat.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

void check_instruction(const TileInstruction& instruction, size_t defined) {
  const bool joins = instruction.op && instruction.op.is<Concat>();
  if (!instruction.op || (!instruction.op.has(kElementwise) && !joins)) {
    fail(Code::kInvalidArgument, "{} is no elementwise operator", instruction.op ? instruction.op.name() : "nothing");
  }
  const OpDef& def = instruction.op.def();
  const auto count = static_cast<int>(instruction.operands.size());
  if (count < def.min_inputs || (def.max_inputs >= 0 && count > def.max_inputs)) {
    fail(Code::kInvalidArgument, "{} takes {} to {} operands, got {}", def.name, def.min_inputs, def.max_inputs, count);
  }
  for (const int64_t operand : instruction.operands) {
    if (operand < 0 || operand >= static_cast<int64_t>(defined)) {
      fail(Code::kInvalidArgument, "operand {} of {} is not defined before it", operand, instruction.op.name());
    }
  }
}

template <class Number>
void run_epilogue(std::span<const TileInstruction> epilogue, EvalContext& context, DType dtype, const Shape& shape,
                  std::span<const Number> result, size_t first_operand) {
  const auto write = [&](Tensor& tensor) {
    if constexpr (std::is_same_v<Number, double>) {
      write_doubles(tensor, result);
    } else {
      write_ints(tensor, result);
    }
  };
  if (epilogue.empty()) {
    write(context.output(0, dtype, shape));
    return;
  }
  Tensor rounded = Tensor::uninitialized(dtype, shape);
  write(rounded);
  std::vector<Value> inputs{std::move(rounded)};
  for (size_t i = first_operand; i < context.input_count(); ++i) inputs.push_back(context.tensor(i));
  const Tensor last = eval_body(epilogue, std::move(inputs), context.host()).back().tensor();
  if (last.shape() != shape) {
    fail(Code::kInvalidArgument, "the epilogue makes the shape {} of {}", shape_text(last.shape()), shape_text(shape));
  }
  Tensor& output = context.output(0, last.dtype(), shape);
  std::memcpy(output.mutable_raw(), last.raw(), static_cast<size_t>(last.byte_size()));
}

}  // namespace

std::vector<Fact> infer_body(std::span<const TileInstruction> body, std::span<const Fact> inputs,
                             const FreshDim& fresh) {
  std::vector<Fact> facts(inputs.begin(), inputs.end());
  for (const TileInstruction& instruction : body) {
    check_instruction(instruction, facts.size());
    std::vector<const Fact*> operands;
    for (const int64_t operand : instruction.operands) operands.push_back(&facts[static_cast<size_t>(operand)]);
    InferContext context(operands, fresh);
    instruction.op.def().infer(instruction.op.fields(), context);
    Fact fact = std::move(context.outputs().at(0));
    facts.push_back(std::move(fact));
  }
  return facts;
}

std::vector<Value> eval_body(std::span<const TileInstruction> body, std::vector<Value> inputs, const EvalHost& host) {
  EvalHost inner = host;
  inner.allocate = nullptr;  // temporaries are not the node's outputs
  std::vector<Value> values = std::move(inputs);
  for (const TileInstruction& instruction : body) {
    check_instruction(instruction, values.size());
    std::vector<const Value*> operands;
    for (const int64_t operand : instruction.operands) operands.push_back(&values[static_cast<size_t>(operand)]);
    Value value = std::move(evaluate(instruction.op, operands, inner).at(0));
    values.push_back(std::move(value));
  }
  return values;
}

void infer_epilogue(std::span<const TileInstruction> epilogue, InferContext& context, Fact result,
                    size_t first_operand) {
  if (epilogue.empty()) return context.set_output(0, std::move(result));
  std::vector<Fact> inputs{result};
  for (size_t i = first_operand; i < context.input_count(); ++i) inputs.push_back(context.input(i));
  const Fact last = infer_body(epilogue, inputs, [&] { return context.fresh_dim(); }).back();
  if (result.shape && last.shape) {
    context.require(last.shape->size() == result.shape->size(), "the epilogue makes the shape {} of {}",
                    dims_text(*last.shape), dims_text(*result.shape));
    for (size_t i = 0; i < last.shape->size(); ++i) {
      unify((*result.shape)[i], (*last.shape)[i], "sizes before and after the epilogue");
    }
  }
  context.set_output(0, last.dtype(), std::move(result.shape));
}

void eval_epilogue(std::span<const TileInstruction> epilogue, EvalContext& context, DType dtype, const Shape& shape,
                   std::span<const double> result, size_t first_operand) {
  run_epilogue(epilogue, context, dtype, shape, result, first_operand);
}

void eval_epilogue(std::span<const TileInstruction> epilogue, EvalContext& context, DType dtype, const Shape& shape,
                   std::span<const int64_t> result, size_t first_operand) {
  run_epilogue(epilogue, context, dtype, shape, result, first_operand);
}

}  // namespace ingot

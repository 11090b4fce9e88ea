#include "ops/sequence_map.h"

#include "ops/bodies.h"

namespace ingot {

static void infer(const SequenceMap& map, InferContext& context) {
  const auto outputs = context.body_outputs(static_cast<size_t>(map.body));
  context.require(context.input(0).type.kind == Type::Kind::kSequence, "sequence_map takes a sequence, not {}",
                  context.input(0).text());
  context.require(map.inputs >= 1 && map.inputs <= static_cast<int64_t>(context.input_count()) &&
                      map.outputs == static_cast<int64_t>(outputs.size()),
                  "sequence_map of {} inputs and {} outputs does not fit its body", map.inputs, map.outputs);
  for (size_t i = 0; i < outputs.size(); ++i) context.set_output(i, Fact(Type::sequence(outputs[i].type)));
}

static void eval(const SequenceMap& map, EvalContext& context) {
  const size_t length = context.input(0).items().size(), outputs = static_cast<size_t>(map.outputs);
  std::vector<std::vector<Value>> results(outputs);
  for (size_t i = 0; i < length; ++i) {
    check_cancelled(context);
    std::vector<Value> inputs;
    for (size_t k = 0; k < context.input_count(); ++k) {
      const Value& input = context.input(k);
      if (k >= static_cast<size_t>(map.inputs) || input.kind() != Value::Kind::kSequence) {
        inputs.push_back(input);
        continue;
      }
      if (input.items().size() != length) {
        fail(Code::kInvalidArgument, "sequences of {} and {} elements are mapped together", length,
             input.items().size());
      }
      inputs.push_back(input.items()[i]);
    }
    auto each = run_body(context, map.body, std::move(inputs), outputs);
    for (size_t k = 0; k < outputs; ++k) results[k].push_back(std::move(each[k]));
  }
  for (size_t k = 0; k < outputs; ++k) context.set_output(k, Value::sequence(std::move(results[k])));
}

const OpDef SequenceMap::def = define_op<SequenceMap, infer, eval>(
    {"sequence_map", "outputs[i] = body(inputs[i], captures)", 1, -1, -1, kControlFlow});

}  // namespace ingot

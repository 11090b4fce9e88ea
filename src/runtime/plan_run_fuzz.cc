// Any bytes are refused with an Error or are a plan that runs on small made-up inputs, with an Error at worst.
#include "base/log.h"
#include "plan/plan_fuzzing.h"
#include "runtime/session.h"

using namespace ingot;

namespace {

constexpr int64_t kMaxElements = 4096;

// Empty when the input is no tensor of moderate size.
std::optional<Value> made_value(const plan::ValueDef& value) {
  if (!value.type.is_tensor()) return std::nullopt;
  Shape shape;
  int64_t count = 1;
  for (const Dim& dim : value.shape.value_or(DimShape{Dim(2)})) {
    shape.push_back(dim.constant().value_or(2));
    if (shape.back() < 0 || shape.back() > kMaxElements) return std::nullopt;
    count *= std::max<int64_t>(shape.back(), 1);
    if (count > kMaxElements) return std::nullopt;
  }
  return Value(Tensor(value.type.dtype, std::move(shape)));
}

void run(Bytes bytes) {
  auto plan = std::make_shared<const plan::Plan>(plan::parse_plan(bytes, nullptr));
  plan::plan_text(*plan);
  runtime::SessionOptions options;
  options.threads = 1;
  options.memory_limit = 64 << 20;
  runtime::Session session(plan, options);
  std::vector<Value> inputs;
  for (const plan::ValueIndex index : plan->program.inputs) {
    auto value = made_value(plan->program.values[static_cast<size_t>(index)]);
    if (!value) return;
    inputs.push_back(std::move(*value));
  }
  std::vector<Value> outputs(plan->program.outputs.size());
  runtime::RunControl control;
  control.memory_budget = 64 << 20;
  session.run(inputs, outputs, control);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  set_log_level(LogLevel::kOff);
  const auto bytes = plan::with_right_hashes({reinterpret_cast<const std::byte*>(data), size});
  try {
    run(bytes);
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) __builtin_trap();
  }
  return 0;
}

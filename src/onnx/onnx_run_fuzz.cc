// Any bytes that load as a model are evaluated on small made-up inputs: values, indices and sizes that a model brings
// along end in an Error at worst.
#include "base/log.h"
#include "ir/interpreter.h"
#include "onnx/load.h"
#include "tensor/elements.h"

using namespace ingot;

namespace {

constexpr int64_t kMaxElements = 256;

// Small numbers of both signs, so that integer inputs are valid and invalid indices.
Tensor made_tensor(DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  if (dtype == DType::kString || is_complex(dtype)) return tensor;
  for (int64_t i = 0; i < tensor.count(); ++i) write_int(tensor, i, i % 7 - 2);
  return tensor;
}

// Empty when the input is no tensor of moderate size.
std::optional<Value> made_value(const Fact& fact) {
  if (!fact.type.is_tensor()) return std::nullopt;
  Shape shape;
  int64_t count = 1;
  for (const Dim& dim : fact.shape.value_or(DimShape{Dim(2)})) {
    shape.push_back(dim.constant().value_or(2));
    if (shape.back() > kMaxElements || (count *= std::max<int64_t>(shape.back(), 1)) > kMaxElements)
      return std::nullopt;
  }
  return made_tensor(fact.dtype(), shape);
}

void load_and_run(Bytes bytes) {
  onnx::ReadLimits limits;
  limits.max_nodes = 64;
  limits.max_memory = size_t{16} << 20;
  onnx::LoadOptions options;
  options.max_nodes = 128;
  const ir::Graph graph = onnx::load(onnx::parse_model(bytes, nullptr, {}, limits), options);
  std::vector<Value> inputs;
  for (const ir::ValueId id : graph.inputs()) {
    auto value = made_value(graph.fact(id));
    if (!value) return;
    inputs.push_back(std::move(*value));
  }
  ir::InterpretOptions run;
  run.memory_budget = 1 << 20;
  int64_t steps = 2000;
  run.check_cancelled = [&] {
    if (--steps < 0) fail(Code::kCancelled, "enough");
  };
  ir::interpret(graph, std::move(inputs), run);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  set_log_level(LogLevel::kOff);
  try {
    load_and_run({reinterpret_cast<const std::byte*>(data), size});
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) __builtin_trap();
  }
  return 0;
}

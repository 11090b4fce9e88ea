// Any bytes are refused with an Error or become a graph without faults.
#include "base/log.h"
#include "onnx/load.h"

using namespace ingot;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  set_log_level(LogLevel::kOff);
  onnx::ReadLimits limits;
  limits.max_nodes = 1000;
  limits.max_memory = size_t{64} << 20;
  onnx::LoadOptions options;
  options.max_nodes = 2000;
  try {
    const onnx::Model model = onnx::parse_model({reinterpret_cast<const std::byte*>(data), size}, nullptr, {}, limits);
    ir::verify(onnx::load(model, options));
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) __builtin_trap();
  }
  return 0;
}

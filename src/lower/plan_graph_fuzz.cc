// The portable graph of any bytes that read as a plan is a sound graph or an Error.
#include "base/log.h"
#include "ir/text.h"
#include "lower/lower.h"
#include "plan/plan_fuzzing.h"

using namespace ingot;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  set_log_level(LogLevel::kOff);
  const auto bytes = plan::with_right_hashes({reinterpret_cast<const std::byte*>(data), size});
  try {
    const ir::Graph graph = lower::portable_graph(plan::parse_plan(bytes, nullptr));
    ir::verify(graph);
    ir::print_graph(graph);
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) __builtin_trap();
  }
  return 0;
}

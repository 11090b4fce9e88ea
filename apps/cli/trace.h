// Profiled runs as a trace in Chrome's event format: opens in Perfetto and chrome://tracing.
#pragma once
#include <ingot/ingot.hpp>
#include <nlohmann/json_fwd.hpp>
#include <vector>

namespace ingot::cli {

// Runs the session `runs` times with inputs and bound outputs. One track for the runs, one for each thread: the
// caller's has the steps, and within them its share of the work; the others have theirs. Steps on a device have a track
// of their own, by its clock, from the start of their run.
nlohmann::json trace_runs(Session& session, const std::vector<Value>& inputs, std::vector<Value>& outputs, int runs);

}  // namespace ingot::cli

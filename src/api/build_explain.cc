
#include "api/handles.h"
#include "debug/explain.h"
#include "ingot/ingot.h"

using ingot::api::guard;
using ingot::api::require;

extern "C" {

ingot_error* ingot_session_explain(ingot_session* session, const ingot_value* const* inputs, int rounds, char** json) {
  return guard([&] {
    require(session != nullptr && json != nullptr, "session");
    const size_t count = session->plan->program.inputs.size();
    require(inputs != nullptr || count == 0, "inputs");
    std::vector<ingot::Value> values;
    for (size_t i = 0; i < count; ++i) {
      require(inputs[i] != nullptr, "an input");
      values.push_back(ingot::api::host_value(inputs[i]));
    }
    *json = ingot::api::copy_text(ingot::debug::explain(session->running()->session, values, rounds));
  });
}

}  // extern "C"

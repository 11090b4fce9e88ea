// Sessions of libingot_runtime, which cannot build plans: an absent device is an error.
#include "api/handles.h"

extern "C" ingot_error* ingot_session_create(const ingot_plan* plan, const ingot_session_options* options,
                                             ingot_session** session) {
  return ingot::api::create_session(plan, options, session,
                                    [](const ingot::runtime::SessionOptions&) { return ingot::api::Replace(); });
}

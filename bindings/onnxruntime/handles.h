// Ingot's handles, owned.
#pragma once

#include <ingot/ingot.h>

#include <memory>

namespace ingot_ort {

struct SessionRelease {
  void operator()(ingot_session* session) const { ingot_session_release(session); }
};
struct PlanRelease {
  void operator()(ingot_plan* plan) const { ingot_plan_release(plan); }
};
struct ValueRelease {
  void operator()(ingot_value* value) const { ingot_value_release(value); }
};
using Session = std::unique_ptr<ingot_session, SessionRelease>;
using Plan = std::unique_ptr<ingot_plan, PlanRelease>;
using ValueHandle = std::unique_ptr<ingot_value, ValueRelease>;

}  // namespace ingot_ort

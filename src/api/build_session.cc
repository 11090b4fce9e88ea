// Sessions of libingot: they go on on the CPU when the plan's device is absent, full or lost, and the plan allows it.
#include "api/handles.h"
#include "base/log.h"
#include "service/fallback.h"

namespace ingot::api {
namespace {

Replace fall_back(const runtime::SessionOptions& options) {
  return [options](const plan::Plan& plan, const Error& error) -> std::shared_ptr<Running> {
    if (!service::may_fall_back(plan, error)) return nullptr;
    const std::string device = plan.info.option("device", "cpu");
    try {
      auto made = std::make_shared<const plan::Plan>(service::plan_for_cpu(plan));
      log(LogLevel::kWarning, "device {}: {}; the session goes on on the CPU", device, error.message());
      return std::make_shared<Running>(std::move(made), options);
    } catch (const Error& second) {
      log(LogLevel::kWarning, "device {}: no fallback to the CPU: {}", device, second.message());
      return nullptr;
    }
  };
}

}  // namespace
}  // namespace ingot::api

extern "C" ingot_error* ingot_session_create(const ingot_plan* plan, const ingot_session_options* options,
                                             ingot_session** session) {
  return ingot::api::create_session(plan, options, session, ingot::api::fall_back);
}

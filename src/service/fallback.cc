#include "service/fallback.h"

#include "base/log.h"
#include "device/device.h"

namespace ingot::service {

std::string resolve_device(compiler::BuildOptions& options) {
  if (options.device != "auto") return "";
  try {
    device::check_device("cuda");
    options.device = "cuda";
    options.fallback = true;
    return "";
  } catch (const Error& error) {
    options.device = "cpu";
    // A GPU that is there and cannot be used is worth a warning; most machines have none.
    const LogLevel level = error.code() == Code::kUnsupported ? LogLevel::kWarning : LogLevel::kInfo;
    log(level, "device auto: the CPU is taken: {}", error.message());
    return error.message();
  }
}

bool may_fall_back(const plan::Plan& plan, const Error& error) {
  return plan.info.option("fallback", "false") == "true" && plan.info.option("device", "cpu") != "cpu" &&
         (error.code() == Code::kDevice || error.code() == Code::kOutOfMemory || error.code() == Code::kUnsupported);
}

plan::Plan plan_for_cpu(const plan::Plan& plan) {
  compiler::BuildOptions options;
  options.shapes = plan.info.shapes;
  plan::Plan made = compiler::respecialize(plan, options);
  made.info.options["device"] = options.device;
  made.info.options["precision"] = options.precision;
  return made;
}

}  // namespace ingot::service

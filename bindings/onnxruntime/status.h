// Errors between the three worlds: ONNX Runtime's OrtStatus, Ingot's ingot_error and C++ exceptions inside the plugin.
#pragma once

#include <ingot/ingot.h>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include "ort_api.h"

namespace ingot_ort {

struct Failure : std::runtime_error {
  Failure(StatusCode status, const std::string& message) : std::runtime_error(message), code(status) {}
  StatusCode code;
};

// Throws Failure when `status` is an error, which it releases.
inline void check(OrtStatus* status) {
  if (!status) {
    return;
  }
  const std::unique_ptr<OrtStatus, void (*)(OrtStatus*)> owner(status, [](OrtStatus* s) { ort::ReleaseStatus(s); });
  throw Failure(kEpFail, ort::GetErrorMessage(status));
}

inline void check(ingot_error* error) {
  if (!error) {
    return;
  }
  const std::unique_ptr<ingot_error, void (*)(ingot_error*)> owner(error, ingot_error_release);
  const StatusCode code = ingot_error_code(error) == INGOT_INVALID_ARGUMENT ? kInvalidArgument : kEpFail;
  throw Failure(code, std::string("Ingot: ") + ingot_error_message(error));
}

// Runs `body`; what it throws becomes the status that is returned.
template <typename Body> OrtStatus* guarded(Body&& body) noexcept {
  const auto status = [](StatusCode code, const char* message) {
    return api_table ? ort::CreateStatus(code, message) : nullptr;  // null only for a runtime without any table
  };
  try {
    body();
    return nullptr;
  } catch (const Failure& failure) {
    return status(failure.code, failure.what());
  } catch (const std::exception& error) {
    return status(kEpFail, error.what());
  } catch (...) {
    return status(kEpFail, "Ingot: unknown error");
  }
}

}  // namespace ingot_ort

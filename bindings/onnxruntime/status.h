// Errors between the three worlds: ONNX Runtime's OrtStatus, Ingot's ingot_error and C++ exceptions inside the plugin.
#pragma once

#include <ingot/ingot.h>

#include <exception>
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
  const std::string message = ort::GetErrorMessage(status);
  ort::ReleaseStatus(status);
  throw Failure(kEpFail, message);
}

inline void check(ingot_error* error) {
  if (!error) {
    return;
  }
  const StatusCode code = ingot_error_code(error) == INGOT_INVALID_ARGUMENT ? kInvalidArgument : kEpFail;
  const std::string message = std::string("Ingot: ") + ingot_error_message(error);
  ingot_error_release(error);
  throw Failure(code, message);
}

// Runs `body`; what it throws becomes the status that is returned.
template <typename Body> OrtStatus* guarded(Body&& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const Failure& failure) {
    return ort::CreateStatus(failure.code, failure.what());
  } catch (const std::exception& error) {
    return ort::CreateStatus(kEpFail, error.what());
  } catch (...) {
    return ort::CreateStatus(kEpFail, "Ingot: unknown error");
  }
}

}  // namespace ingot_ort

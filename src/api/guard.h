// The one place where exceptions become error objects.
#pragma once
#include <cstring>
#include <exception>
#include <new>

#include "base/error.h"
#include "ingot/ingot_runtime.h"

struct ingot_error {
  ingot_code code;
  std::string message;
};

namespace ingot::api {

inline ingot_error* make_error(ingot_code code, std::string message) {
  return new (std::nothrow) ingot_error{code, std::move(message)};
}

template <class Body> ingot_error* guard(Body&& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const Error& error) {
    std::string message = error.message();
    for (const auto& frame : error.frames()) message += "\n  in " + frame;
    return make_error(static_cast<ingot_code>(error.code()), std::move(message));
  } catch (const std::bad_alloc&) {
    return make_error(INGOT_OUT_OF_MEMORY, "memory is exhausted");
  } catch (const std::exception& error) {
    return make_error(INGOT_INTERNAL, error.what());
  } catch (...) {
    return make_error(INGOT_INTERNAL, "unknown exception");
  }
}

// Callers of the C interface get an error, not a crash, for a missing argument.
inline void require(bool present, const char* what) {
  if (!present) fail(Code::kInvalidArgument, "{} is NULL", what);
}

// A copy for the caller, who releases it with ingot_string_release.
inline char* copy_text(const std::string& text) {
  char* copy = new char[text.size() + 1];
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

// Throws what a callback of the application returned.
inline void raise(ingot_error* error) {
  if (error == nullptr) return;
  const Error copy(static_cast<Code>(error->code), error->message);
  delete error;
  throw copy;
}

}  // namespace ingot::api

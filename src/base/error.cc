#include "base/error.h"

namespace ingot {

const char* code_name(Code code) {
  switch (code) {
    case Code::kInvalidArgument: return "invalid argument";
    case Code::kInvalidModel: return "invalid model";
    case Code::kUnsupported: return "unsupported";
    case Code::kInvalidPlan: return "invalid plan";
    case Code::kForeignPlan: return "foreign plan";
    case Code::kNotFound: return "not found";
    case Code::kIo: return "input/output";
    case Code::kOutOfMemory: return "out of memory";
    case Code::kCancelled: return "cancelled";
    case Code::kDevice: return "device";
    case Code::kInternal: return "internal";
  }
  return "unknown";
}

Error::Error(Code code, std::string message) : code_(code), message_(std::move(message)) { compose(); }

void Error::add_frame(std::string frame) {
  frames_.push_back(std::move(frame));
  compose();
}

void Error::compose() {
  text_ = fmt::format("{}: {}", code_name(code_), message_);
  for (const auto& frame : frames_) text_ += "\n  in " + frame;
}

void assertion_failed(const char* condition, const char* meaning, const char* file, int line) {
  fail(Code::kInternal, "assertion `{}` failed: {} ({}:{}); this is a bug in ingot", condition, meaning, file, line);
}

}  // namespace ingot

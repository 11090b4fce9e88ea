// The one exception type and the assertion of the project.
#pragma once
#include <fmt/core.h>

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace ingot {

// Closed list: the C ABI, Python and ONNX Runtime map each code once.
enum class Code {
  kInvalidArgument = 1,  // the caller passed something wrong (names, shapes, options)
  kInvalidModel,         // the ONNX file breaks its own rules
  kUnsupported,          // valid, but not something this build does
  kInvalidPlan,          // a damaged or hostile plan file
  kForeignPlan,          // a sound plan made for another target or library version
  kNotFound,             // file or entry does not exist
  kIo,                   // the operating system refused a read or write
  kOutOfMemory,          // a stated budget or the machine's memory is exhausted
  kCancelled,            // the caller's cancel callback said stop
  kDevice,               // driver or accelerator failure
  kInternal,             // our bug
};
const char* code_name(Code code);

// Ends the user's request. Message first, then frames from the innermost ("node /layer3/Mul") outwards.
class Error : public std::exception {
 public:
  Error(Code code, std::string message);
  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::vector<std::string>& frames() const { return frames_; }
  void add_frame(std::string frame);
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  void compose();
  Code code_;
  std::string message_;
  std::vector<std::string> frames_;
  std::string text_;
};

template <class... Args> [[noreturn]] void fail(Code code, fmt::format_string<Args...> text, Args&&... args) {
  throw Error(code, fmt::format(text, std::forward<Args>(args)...));
}

// Runs `body`; an Error leaving it gains the frame that `describe` returns. Only the five drivers (stage, pass,
// node, step, file) use it.
template <class Describe, class Body> decltype(auto) with_frame(Describe&& describe, Body&& body) {
  try {
    return body();
  } catch (Error& error) {
    error.add_frame(describe());
    throw;
  }
}

[[noreturn]] void assertion_failed(const char* condition, const char* meaning, const char* file, int line);

}  // namespace ingot

// Our own bugs only; never reachable from a user's bytes.
#define INGOT_ASSERT(condition, meaning) \
  ((condition) ? (void)0 : ::ingot::assertion_failed(#condition, meaning, __FILE__, __LINE__))

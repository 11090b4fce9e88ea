// Options that say which model or plan a verb works on and how it is built, shared by the verbs.
#pragma once
#include <CLI/CLI.hpp>
#include <ingot/ingot.hpp>
#include <map>
#include <string>
#include <vector>

#include "apps/cli/command.h"

namespace ingot::cli {

// Build options as flags; names and texts come from the library.
class BuildFlags {
 public:
  void add_to(CLI::App& command);
  void apply(Builder& builder) const;
  bool any() const { return !values_.empty(); }
  // --threads, which sessions of the plan have too; 0: every core.
  int threads() const { return number("threads", 0); }
  // --streams or --hint, as threads().
  int streams() const { return number("streams", 1); }
  // --allow-device-code, which is of sessions alone.
  bool allow_device_code() const { return allow_device_code_; }

 private:
  int number(const std::string& name, int otherwise) const;
  std::map<std::string, std::vector<std::string>> values_;
  bool allow_device_code_ = false;
};

// A plan file is loaded, an ONNX file is built (with a progress bar).
Plan load_or_build(const std::string& path, const BuildFlags& flags, const Common& common,
                   std::string* report = nullptr);

ingot_session_options session_options_of(const BuildFlags& flags);

// "x:1x3x224x224,y:1x4"
std::map<std::string, Shape> parse_shapes(const std::string& text);

// What a verb runs a model on, as flags: files where given, else seeded random numbers; unknown sizes come from
// --shapes, by default 1.
struct InputFlags {
  std::vector<std::string> files;  // name=path.npy
  std::string shapes;
  uint64_t seed = 0;

  void add_to(CLI::App& command, const char* seed_text = "Seed of random inputs");
  // An input for every port of the session.
  std::vector<Value> make(const Session& session) const;
};
// "x: tensor(float) [1,3,224,224]" of a value.
std::string value_text(const Value& value);

}  // namespace ingot::cli

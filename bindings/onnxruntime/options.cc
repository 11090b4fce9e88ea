#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "provider.h"

namespace ingot_ort {
namespace {

constexpr char kPrefix[] = "ep.ingotexecutionprovider.";

int read_number(const std::string& name, const std::string& value) {
  char* end = nullptr;
  const long number = std::strtol(value.c_str(), &end, 10);
  if (value.empty() || *end || number < 0 || number > 1000000) {
    throw Failure(kInvalidArgument, "Ingot: option '" + name + "' is a number from 0 to 1000000, not '" + value + "'");
  }
  return static_cast<int>(number);
}

uint64_t read_address(const std::string& name, const std::string& value) {
  char* end = nullptr;
  const unsigned long long address = std::strtoull(value.c_str(), &end, 10);
  if (value.empty() || *end || value[0] == '-') {
    throw Failure(kInvalidArgument,
                  "Ingot: option '" + name + "' is a stream's address as a number, not '" + value + "'");
  }
  return address;
}

// The build's options that a provider takes: device and threads are ONNX Runtime's choice, a plan must be whole.
std::vector<std::string> build_option_names() {
  static constexpr const char* kNot[] = {"device", "fallback", "threads", "stop-after"};
  std::vector<std::string> names;
  for (const auto& row : nlohmann::json::parse(ingot_build_options_json())) {
    const auto name = row.at("name").get<std::string>();
    if (std::find(std::begin(kNot), std::end(kNot), name) == std::end(kNot)) {
      names.push_back(name);
    }
  }
  return names;
}

// ONNX Runtime hands keys over as they were given or in lower case; '-' and '_' count as the same.
std::string folded(std::string name) {
  for (char& c : name) {
    c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return name;
}

// All valid names, those that are most like `name` first.
std::string nearest_first(const std::string& name, std::vector<std::string> names) {
  names.insert(names.end(), {"threads", "spins", "pin", "allow_device_code", "user_compute_stream", "warmup"});
  std::stable_sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return ingot_name_distance(name.c_str(), a.c_str()) < ingot_name_distance(name.c_str(), b.c_str());
  });
  std::string list;
  for (const std::string& each : names) {
    list += (list.empty() ? "" : ", ") + each;
  }
  return list;
}

void set_own(Options& options, const std::string& name, const std::string& value) {
  if (name == "threads") {
    options.session.threads = read_number(name, value);
    return;
  }
  if (name == "spins") {
    options.session.spins = read_number(name, value);
    return;
  }
  if (name == "pin") {
    options.session.pin = read_number(name, value);
    return;
  }
  if (name == "allow_device_code") {
    options.session.allow_device_code = read_number(name, value);
    return;
  }
  if (name == "user_compute_stream") {
    options.stream = read_address(name, value);
    return;
  }
  if (name == "warmup") {
    if (value != "off" && value != "background") {
      throw Failure(kInvalidArgument, "Ingot: warmup '" + value + "' is not one of: off, background");
    }
    options.warms_up = value == "background";
    return;
  }
  // Faults of the null device, which stands behind virtual devices, may be chosen.
  if (name == "device" && options.device == "null" && value.rfind("null:", 0) == 0) {
    check(ingot_build_option_check("device", value.c_str()));
    options.device = value;
    return;
  }
  const auto build_options = build_option_names();
  for (const std::string& known : build_options) {
    if (folded(known) == folded(name)) {
      check(ingot_build_option_check(known.c_str(), value.c_str()));
      options.build.emplace_back(known, value);
      if (known == "streams") options.session.streams = std::atoi(value.c_str());  // checked
      return;
    }
  }
  throw Failure(kInvalidArgument,
                "Ingot: unknown provider option '" + name + "'; valid: " + nearest_first(name, build_options));
}

}  // namespace

Options read_options(const OrtSessionOptions* session_options, const std::string& device) {
  Options options;
  options.device = device;
  OrtKeyValuePairs* pairs = nullptr;
  check(ort::GetSessionOptionsConfigEntries(session_options, &pairs));
  struct Release {
    OrtKeyValuePairs* pairs;
    ~Release() { ort::ReleaseKeyValuePairs(pairs); }
  } release{pairs};
  const char* const* keys = nullptr;
  const char* const* values = nullptr;
  size_t count = 0;
  ort::GetKeyValuePairs(pairs, &keys, &values, &count);
  for (size_t i = 0; i < count; ++i) {
    const std::string key = keys[i], value = values[i];
    if (key.rfind(kPrefix, 0) == 0) {
      set_own(options, key.substr(sizeof(kPrefix) - 1), value);
    } else if (key == "ep.context_enable") {
      options.export_context = value == "1";
    } else if (key == "ep.context_embed_mode") {
      options.embed_context = value == "1";
    } else if (key == "ep.context_file_path") {
      options.context_path = value;
    } else if (key == "ep.context_node_name_prefix") {
      options.context_prefix = value;
    }
  }
  return options;
}

}  // namespace ingot_ort

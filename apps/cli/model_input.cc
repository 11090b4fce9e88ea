#include "apps/cli/model_input.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include "apps/cli/npy.h"
#include "apps/cli/terminal.h"

namespace ingot::cli {
namespace {

using nlohmann::json;

struct TypeText {
  const char* text;
  ingot_dtype dtype;
};
constexpr TypeText kTypes[] = {{"float", INGOT_F32},     {"double", INGOT_F64},   {"float16", INGOT_F16},
                               {"bfloat16", INGOT_BF16}, {"int8", INGOT_I8},      {"int16", INGOT_I16},
                               {"int32", INGOT_I32},     {"int64", INGOT_I64},    {"uint8", INGOT_U8},
                               {"uint16", INGOT_U16},    {"uint32", INGOT_U32},   {"uint64", INGOT_U64},
                               {"bool", INGOT_BOOL},     {"string", INGOT_STRING}};

ingot_dtype dtype_of(const Session::Port& port) {
  for (const auto& type : kTypes) {
    if (port.type == fmt::format("tensor({})", type.text)) return type.dtype;
  }
  throw Exception(INGOT_UNSUPPORTED, fmt::format("input {} of type {}: give a file, random values are not made for it",
                                                 port.name, port.type));
}

// bf16 and f16 bit patterns of a number in [0, 1): enough for inputs.
uint16_t half_bits(float value, bool brain) {
  uint32_t word;
  std::memcpy(&word, &value, 4);
  if (brain) return static_cast<uint16_t>(word >> 16);
  const int exponent = static_cast<int>((word >> 23) & 0xff) - 127 + 15;
  if (exponent <= 0) return 0;
  return static_cast<uint16_t>((exponent << 10) | ((word >> 13) & 0x3ff));
}

template <class T, class Draw> void fill(Value& value, Draw&& draw) {
  T* data = static_cast<T*>(value.mutable_data());
  for (size_t i = 0; i < value.count(); ++i) data[i] = static_cast<T>(draw());
}

Value random_value(ingot_dtype dtype, const Shape& shape, std::mt19937_64& random) {
  std::uniform_real_distribution<float> real(0, 1);
  std::uniform_int_distribution<int> whole(0, 9);
  const auto draw_real = [&] { return real(random); };
  const auto draw_whole = [&] { return whole(random); };
  if (dtype == INGOT_STRING) {
    size_t count = 1;
    for (const int64_t size : shape) count *= static_cast<size_t>(size);
    return Value::of(std::vector<std::string>(count, "text"), shape);
  }
  Value value = Value::allocate(dtype, shape);
  switch (dtype) {
    case INGOT_F32: fill<float>(value, draw_real); break;
    case INGOT_F64: fill<double>(value, draw_real); break;
    case INGOT_F16: fill<uint16_t>(value, [&] { return half_bits(real(random), false); }); break;
    case INGOT_BF16: fill<uint16_t>(value, [&] { return half_bits(real(random), true); }); break;
    case INGOT_I8:
    case INGOT_U8: fill<uint8_t>(value, draw_whole); break;
    case INGOT_I16:
    case INGOT_U16: fill<uint16_t>(value, draw_whole); break;
    case INGOT_I32:
    case INGOT_U32: fill<uint32_t>(value, draw_whole); break;
    case INGOT_I64:
    case INGOT_U64: fill<uint64_t>(value, draw_whole); break;
    case INGOT_BOOL: fill<bool>(value, [&] { return whole(random) % 2; }); break;
    default: break;
  }
  return value;
}

Shape shape_of(const Session::Port& port, const std::map<std::string, Shape>& shapes) {
  if (const auto given = shapes.find(port.name); given != shapes.end()) return given->second;
  const json declared = json::parse(port.shape);
  if (!declared.is_array()) {
    throw Exception(INGOT_INVALID_ARGUMENT,
                    fmt::format("the rank of input {} is not known: give --shapes {}:...", port.name, port.name));
  }
  Shape shape;
  for (const auto& size : declared) shape.push_back(size.is_number() ? size.get<int64_t>() : 1);
  return shape;
}

}  // namespace

void BuildFlags::add_to(CLI::App& command) {
  for (const auto& option : json::parse(ingot_build_options_json())) {
    const std::string name = option["name"];
    std::string spelled = "--" + name, dashed = spelled;
    std::replace(dashed.begin(), dashed.end(), '_', '-');
    if (dashed != spelled) spelled = dashed + "," + spelled;
    std::string text = option["doc"];
    if (name == "threads") {
      spelled += ",--nthreads";  // as benchmark_app calls them
      text = "Threads to choose kernels for and to run with; 0: every core";
    }
    if (name == "streams") spelled += ",--infStreams,--nstreams";  // as trtexec and benchmark_app call them
    if (option["default"] == "false") {
      command
          .add_flag_function(
              spelled + "{true}", [this, name](int64_t count) { values_[name] = {count > 0 ? "true" : "false"}; },
              option["doc"].get<std::string>())
          ->group("Build");
      continue;
    }
    CLI::Option* added = command.add_option_function<std::vector<std::string>>(
        spelled, [this, name](const std::vector<std::string>& given) { values_[name] = given; }, text);
    added->group("Build")->expected(1)->take_all();
    if (name == "threads") added->check(CLI::Range(0, 4096));
  }
  command
      .add_option_function<std::string>(
          "--hint", [this](const std::string& hint) { values_["streams"] = {hint == "throughput" ? "-1" : "1"}; },
          "latency or throughput: short for --streams 1 and --streams -1")
      ->group("Build")
      ->check(CLI::IsMember({"latency", "throughput"}));
  command.add_flag("--allow-device-code", allow_device_code_,
                   "Compiled kernels that the plan carries may run: for plans that you trust");
  for (const char* each : {"fp16", "bf16"}) {
    command
        .add_flag_function(
            std::string("--") + each, [this, each](int64_t) { values_["precision"] = {each}; },
            std::string("Short for --precision ") + each)
        ->group("Build");
  }
}

int BuildFlags::number(const std::string& name, int otherwise) const {
  const auto given = values_.find(name);
  return given == values_.end() ? otherwise : static_cast<int>(std::strtol(given->second.back().c_str(), nullptr, 10));
}

void BuildFlags::apply(Builder& builder) const {
  for (const auto& [name, values] : values_) {
    for (const auto& value : values) builder.option(name, value);
  }
}

ingot_session_options session_options_of(const BuildFlags& flags) {
  ingot_session_options options = default_session_options();
  options.threads = flags.threads();
  options.streams = flags.streams();
  options.allow_device_code = flags.allow_device_code() ? 1 : 0;
  return options;
}

Plan load_or_build(const std::string& path, const BuildFlags& flags, const Common& common, std::string* report) {
  if (ingot_is_plan_file(path.c_str()) != 0) return Plan::load(path);
  ProgressBar bar(!common.quiet && !common.json);
  Builder builder(path);
  flags.apply(builder);
  builder.progress([&](const char* stage, size_t done, size_t total) {
    bar.update(stage, done, total);
    return true;
  });
  Plan plan = builder.build();
  if (report != nullptr) *report = builder.report_json();
  return plan;
}

std::map<std::string, Shape> parse_shapes(const std::string& text) {
  std::map<std::string, Shape> shapes;
  for (size_t first = 0; first < text.size();) {
    const size_t comma = std::min(text.find(',', first), text.size());
    const std::string item = text.substr(first, comma - first);
    const size_t colon = item.rfind(':');
    if (colon == std::string::npos)
      throw Exception(INGOT_INVALID_ARGUMENT, "shapes are written name:1x3x224x224, got '" + item + "'");
    Shape shape;
    for (size_t at = colon + 1; at < item.size();) {
      size_t used = 0;
      try {
        shape.push_back(std::stoll(item.substr(at), &used));
      } catch (const std::exception&) {
        throw Exception(INGOT_INVALID_ARGUMENT, "'" + item + "' is no shape");
      }
      at += used + 1;
    }
    shapes[item.substr(0, colon)] = shape;
    first = comma + 1;
  }
  return shapes;
}

void InputFlags::add_to(CLI::App& command, const char* seed_text) {
  command.add_option("-i,--input", files, "An input from a file, name=file.npy; the others are random")
      ->take_all()
      ->expected(1);
  command.add_option("--shapes", shapes, "Shapes of random inputs, name:1x3x224x224,...");
  command.add_option("--seed", seed, seed_text)->capture_default_str();
}

std::vector<Value> InputFlags::make(const Session& session) const {
  const std::map<std::string, Shape> given_shapes = parse_shapes(shapes);
  std::map<std::string, std::string> by_name;
  for (const auto& file : files) {
    const size_t equals = file.find('=');
    if (equals == std::string::npos)
      throw Exception(INGOT_INVALID_ARGUMENT, "--input takes name=file.npy, got '" + file + "'");
    by_name[file.substr(0, equals)] = file.substr(equals + 1);
  }
  std::vector<Value> inputs;
  std::mt19937_64 random(seed);
  std::string names;
  for (const auto& port : session.inputs()) {
    names += (names.empty() ? "" : ", ") + port.name;
    if (const auto given = by_name.find(port.name); given != by_name.end()) {
      inputs.push_back(read_npy(given->second));
      by_name.erase(given);
    } else {
      inputs.push_back(random_value(dtype_of(port), shape_of(port, given_shapes), random));
    }
  }
  if (!by_name.empty()) {
    throw Exception(INGOT_INVALID_ARGUMENT,
                    fmt::format("the model has no input '{}'; its inputs: {}", by_name.begin()->first, names));
  }
  for (const auto& [name, shape] : given_shapes) {
    if ((", " + names + ",").find(", " + name + ",") == std::string::npos) {
      throw Exception(INGOT_INVALID_ARGUMENT, fmt::format("the model has no input '{}'; its inputs: {}", name, names));
    }
  }
  return inputs;
}

std::string value_text(const Value& value) {
  if (value.kind() == INGOT_SEQUENCE) return fmt::format("sequence of {}", value.items().size());
  if (value.kind() != INGOT_TENSOR) return value.kind() == INGOT_MAP ? "map" : "none";
  std::string sizes;
  for (const int64_t size : value.shape()) sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
  for (const auto& type : kTypes) {
    if (type.dtype == value.dtype()) return fmt::format("tensor({}) [{}]", type.text, sizes);
  }
  return fmt::format("tensor({}) [{}]", static_cast<int>(value.dtype()), sizes);
}

}  // namespace ingot::cli

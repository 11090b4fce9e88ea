#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/cli/model_input.h"
#include "apps/cli/npy.h"
#include "apps/cli/python_runner.h"
#include "apps/cli/terminal.h"

namespace ingot::cli {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

struct VerifyCommand {
  std::string model;
  InputFlags inputs;
  double tolerance = 1e-3;
  bool no_bisect = false;
  BuildFlags flags;
};

struct TemporaryFolder {
  fs::path path;
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "ingot-verify-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw Exception(INGOT_IO, "cannot create a temporary folder");
    path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

double element(const Value& value, size_t index) {
  const ingot_tensor tensor = value.tensor();
  const auto read = [&](auto tag) {
    decltype(tag) number;
    std::memcpy(&number, static_cast<const char*>(tensor.data) + index * sizeof(number), sizeof(number));
    return static_cast<double>(number);
  };
  switch (tensor.type.dtype) {
    case INGOT_F32: return read(float{});
    case INGOT_F64: return read(double{});
    case INGOT_I8: return read(int8_t{});
    case INGOT_U8:
    case INGOT_BOOL: return read(uint8_t{});
    case INGOT_I16: return read(int16_t{});
    case INGOT_U16: return read(uint16_t{});
    case INGOT_I32: return read(int32_t{});
    case INGOT_U32: return read(uint32_t{});
    case INGOT_I64: return read(int64_t{});
    case INGOT_U64: return read(uint64_t{});
    case INGOT_F16: {
      const auto bits = static_cast<uint16_t>(read(uint16_t{}));
      const int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
      const double magnitude = exponent == 31  ? (mantissa != 0 ? NAN : INFINITY)
                               : exponent == 0 ? std::ldexp(mantissa, -24)
                                               : std::ldexp(mantissa + 1024, exponent - 25);
      return (bits & 0x8000) != 0 ? -magnitude : magnitude;
    }
    default: throw Exception(INGOT_UNSUPPORTED, "elements of this type are not compared");
  }
}

struct Difference {
  bool equal = false;
  double absolute = 0, scaled = 0;
  std::string reason;
};

// Scaled: largest |difference| over the largest magnitude expected. Text must be equal.
Difference compare(const Value& actual, const Value& expected, double tolerance) {
  Difference result;
  if (actual.dtype() != expected.dtype() || actual.shape() != expected.shape()) {
    result.reason = value_text(actual) + " where " + value_text(expected) + " was expected";
    return result;
  }
  if (actual.dtype() == INGOT_STRING) {
    result.equal = true;
    for (size_t i = 0; i < actual.count() && result.equal; ++i) result.equal = actual.string(i) == expected.string(i);
    return result;
  }
  double largest = 0;
  bool broken = false;
  for (size_t i = 0; i < actual.count(); ++i) {
    const double a = element(actual, i), b = element(expected, i);
    if (std::isfinite(b)) largest = std::max(largest, std::fabs(b));
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    if (!std::isfinite(a) || !std::isfinite(b))
      broken = true;
    else
      result.absolute = std::max(result.absolute, std::fabs(a - b));
  }
  result.scaled = result.absolute / (largest > 0 ? largest : 1);
  if (broken) result.reason = "NaN or infinity on one side only";
  result.equal = !broken && result.scaled <= tolerance;
  return result;
}

class Verification {
 public:
  Verification(VerifyCommand& command, const Common& common) : command_(command), common_(common) {}

  int run() {
    const Plan plan = load_or_build(command_.model, command_.flags, common_);
    Session session(plan, session_options_of(command_.flags));
    inputs_ = command_.inputs.make(session);
    for (size_t i = 0; i < inputs_.size(); ++i) {
      names_.push_back(session.inputs()[i].name);
      files_[names_.back()] = (folder_.path / fmt::format("in{}.npy", i)).string();
      write_npy(files_[names_.back()], inputs_[i]);
    }
    const auto rows = compare_outputs(session, command_.model);
    const bool equal = std::all_of(rows.begin(), rows.end(), [](const json& row) { return row["equal"].get<bool>(); });
    json result = {{"equal", equal}, {"tolerance", command_.tolerance}, {"onnxruntime", version_}, {"outputs", rows}};
    if (!equal && !command_.no_bisect) result["first_diverging"] = bisect();
    print(result);
    return equal ? kOk : kMismatch;
  }

 private:
  // Runs the model file in ONNX Runtime and compares what both give.
  json compare_outputs(Session& session, const std::string& model) {
    const std::string folder = fs::absolute(fs::path(command_.model)).parent_path().string();
    const json answer = runner_.request({{"do", "run"},
                                         {"model", model},
                                         {"folder", model == command_.model ? json() : json(folder)},
                                         {"inputs", files_},
                                         {"out", folder_.path.string()}});
    version_ = answer["version"];
    std::vector<Value> inputs;  // in this session's order: a cut model may have dropped some
    for (const auto& port : session.inputs()) {
      const auto at = std::find(names_.begin(), names_.end(), port.name) - names_.begin();
      inputs.push_back(inputs_.at(static_cast<size_t>(at)).share());
    }
    const auto outputs = session.run(inputs);
    json rows = json::array();
    for (size_t i = 0; i < outputs.size(); ++i) {
      const std::string name = session.outputs()[i].name;
      if (!answer["outputs"].contains(name) || outputs[i].kind() != INGOT_TENSOR) continue;
      const Difference difference = compare(outputs[i], read_npy(answer["outputs"][name]), command_.tolerance);
      rows.push_back({{"name", name},
                      {"equal", difference.equal},
                      {"max_absolute", difference.absolute},
                      {"max_scaled", difference.scaled},
                      {"value", value_text(outputs[i])},
                      {"reason", difference.reason}});
    }
    return rows;
  }

  // Whether the value after node `index` agrees, by cutting the model there.
  json probe(const std::string& value) {
    void* bytes = nullptr;
    size_t size = 0;
    check(ingot_model_with_outputs(command_.model.c_str(), value.c_str(), &bytes, &size));
    const std::unique_ptr<void, void (*)(void*)> owner(bytes, ingot_bytes_release);
    const std::string cut = (folder_.path / "cut.onnx").string();
    std::ofstream(cut, std::ios::binary).write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
    Builder builder(bytes, size, fs::absolute(fs::path(command_.model)).parent_path().string());
    command_.flags.apply(builder);
    const Plan plan = builder.build();
    Session session(plan, session_options_of(command_.flags));
    const json rows = compare_outputs(session, cut);
    return rows.empty() ? json({{"equal", true}}) : rows[0];
  }

  json bisect() {
    char* text = nullptr;
    size_t size = 0;
    check(ingot_model_json(command_.model.c_str(), &text, &size));
    const json model = json::parse(std::string(text, size));
    ingot_bytes_release(text);
    std::vector<json> nodes;
    for (const auto& node : model["nodes"]) {
      if (!node["outputs"].empty() && !node["outputs"][0].get<std::string>().empty()) nodes.push_back(node);
    }
    ProgressBar bar(!common_.quiet && !common_.json);
    size_t good = 0, bad = nodes.size();  // first diverging node in [good, bad)
    json evidence;
    while (good < bad) {
      bar.update("bisecting", nodes.size() - (bad - good), nodes.size());
      const size_t middle = good + (bad - good) / 2;
      json row;
      try {
        row = probe(nodes[middle]["outputs"][0]);
      } catch (const Exception&) {  // not a value that can be an output on its own: look after it
        good = middle + 1;
        continue;
      }
      if (row["equal"].get<bool>()) {
        good = middle + 1;
      } else {
        bad = middle;
        evidence = row;
      }
    }
    if (bad == nodes.size()) return nullptr;
    return {{"node", nodes[bad]["name"]},
            {"op_type", nodes[bad]["op_type"]},
            {"output", nodes[bad]["outputs"][0]},
            {"difference", evidence}};
  }

  void print(const json& result) const {
    if (common_.json) {
      fmt::print("{}\n", result.dump());
      return;
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& row : result["outputs"]) {
      rows.push_back({row["name"], row["value"], fmt::format("{:.3g}", row["max_absolute"].get<double>()),
                      fmt::format("{:.3g}", row["max_scaled"].get<double>()),
                      row["equal"].get<bool>() ? "agrees" : "DIFFERS " + row["reason"].get<std::string>()});
    }
    fmt::print("{}", table({"output", "value", "largest error", "of largest magnitude", ""}, rows));
    fmt::print("compared with ONNX Runtime {}, tolerance {:g} of the largest magnitude\n", version_,
               command_.tolerance);
    if (result.contains("first_diverging") && result["first_diverging"].is_object()) {
      const json& first = result["first_diverging"];
      fmt::print("first diverging node: {} ({}), output {}\n", first["node"].get<std::string>(),
                 first["op_type"].get<std::string>(), first["output"].get<std::string>());
    }
  }

  VerifyCommand& command_;
  const Common& common_;
  TemporaryFolder folder_;
  PythonRunner runner_;
  std::vector<Value> inputs_;
  std::vector<std::string> names_;
  std::map<std::string, std::string> files_;
  std::string version_;
};

int verify(VerifyCommand& command, const Common& common) {
  if (ingot_is_plan_file(command.model.c_str()) != 0) {
    throw Exception(INGOT_INVALID_ARGUMENT,
                    "verify takes the .onnx file (both engines read it); `inspect --verify` checks a plan's bytes");
  }
  const json engines = find_engines();
  if (!engines.contains("onnxruntime") || !engines["onnxruntime"]["found"].get<bool>()) {
    const std::string detail =
        engines.contains("onnxruntime") ? engines["onnxruntime"]["detail"].get<std::string>() : engines.dump();
    fmt::print(stderr,
               "ingot: verify compares with ONNX Runtime, which {} does not have ({}); pip install onnxruntime, or set "
               "INGOT_PYTHON\n",
               python_interpreter(), detail);
    return kMissing;
  }
  return Verification(command, common).run();
}

}  // namespace

void add_verify(CLI::App& app, Common& common, int& result) {
  auto command = std::make_shared<VerifyCommand>();
  CLI::App* verb =
      app.add_subcommand("verify", "Compares outputs with ONNX Runtime's and finds the first node that diverges");
  verb->add_option("model", command->model, "The .onnx file")->required();
  command->inputs.add_to(*verb);
  verb->add_option("--tolerance", command->tolerance,
                   "Largest error allowed, as a share of the output's largest magnitude")
      ->capture_default_str();
  verb->add_flag("--no-bisect", command->no_bisect, "Do not look for the first diverging node");
  command->flags.add_to(*verb);
  verb->callback([command, &common, &result] { result = verify(*command, common); });
}

}  // namespace ingot::cli

#include <algorithm>
#include <charconv>

#include "base/cpu.h"
#include "base/option_name.h"
#include "compiler/compiler.h"
#include "device/names.h"

namespace ingot::compiler {
namespace {

int64_t parse_number(const std::string& text, const char* what) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    fail(Code::kInvalidArgument, "{} takes a whole number, got '{}'", what, text);
  }
  return value;
}

bool parse_bool(const std::string& text, const char* what) {
  if (text == "true" || text == "1" || text.empty()) return true;
  if (text == "false" || text == "0") return false;
  fail(Code::kInvalidArgument, "{} takes true or false, got '{}'", what, text);
}

void set_shapes(BuildOptions& options, const std::string& value, Shape plan::ShapeRange::*member) {
  for (auto& each : plan::parse_shapes(value)) {
    auto found = std::find_if(options.shapes.begin(), options.shapes.end(),
                              [&](const plan::ShapeRange& range) { return range.input == each.first; });
    if (found == options.shapes.end()) found = options.shapes.insert(found, plan::ShapeRange{each.first, {}, {}, {}});
    (*found).*member = std::move(each.second);
  }
}

void set_free_dimension(BuildOptions& options, const std::string& value) {
  const size_t equals = value.find('=');
  if (equals == std::string::npos) fail(Code::kInvalidArgument, "free-dimension takes name=size, got '{}'", value);
  options.free_dimensions[value.substr(0, equals)] = parse_number(value.substr(equals + 1), "free-dimension");
}

void set_word(std::string& word, const std::string& value, std::initializer_list<const char*> valid, const char* what) {
  std::string list;
  for (const char* each : valid) {
    if (value == each) {
      word = value;
      return;
    }
    list += (list.empty() ? "" : ", ") + std::string(each);
  }
  fail(Code::kInvalidArgument, "{} '{}' is not one of: {}", what, value, list);
}

void set_device(BuildOptions& options, const std::string& value) {
  const std::vector<std::string> names = device::device_names(value);
  const auto kind = [](const std::string& name) { return name.substr(0, name.find(':')); };
  for (const std::string& name : names) {
    const bool faulty = name.rfind("null:", 0) == 0;  // checked when the device is opened
    if (names.size() > 1 && kind(name) != kind(names.front())) {
      fail(Code::kInvalidArgument, "device '{}': several devices must be of one kind, as in cuda:0,1", value);
    }
    if (device::cuda_ordinal(name) || faulty) continue;
    if (names.size() > 1) {
      set_word(options.device, name, {"cuda", "cuda:0", "null"}, "of several devices,");
    } else {
      set_word(options.device, name, {"auto", "cpu", "cuda", "cuda:0", "null"}, "device");
    }
  }
  options.device = value;
}

void set_tune(BuildOptions& options, const std::string& value) {
  std::string word;
  set_word(word, value, {"off", "quick", "full"}, "tune");
  options.tune.level = word == "off" ? tune::Level::kOff : word == "quick" ? tune::Level::kQuick : tune::Level::kFull;
}

void set_streams(BuildOptions& options, const std::string& value) {
  options.streams = static_cast<int>(parse_number(value, "streams"));
  if (options.streams == 0 || options.streams < -1 || options.streams > 1024) {
    fail(Code::kInvalidArgument, "streams are 1 to 1024, or -1 for as many as threads; got '{}'", value);
  }
}

constexpr BuildOption kOptions[] = {
    {"precision", "fp32", "Types of the plan: fp32 or bf16; on a GPU also fp16. Sums stay in f32.",
     [](BuildOptions& o, const std::string& v) {
       set_word(o.precision, v, {"fp32", "fp16", "bf16"}, "precision");
     }},
    {"tf32", "false",
     "Products and convolutions in fp32 on a GPU may take the first 10 bits of their operands' mantissas (TF32).",
     [](BuildOptions& o, const std::string& v) { o.tf32 = parse_bool(v, "tf32"); }},
    {"device", "cpu",
     "Device to build for: cpu, cuda, cuda:1, ..., several (cuda:0,1: runs are shared out among them), auto (the best "
     "that is there, with fallback), or null.",
     [](BuildOptions& o, const std::string& v) { set_device(o, v); }},
    {"fallback", "false", "Sessions go on on the CPU, with a warning, when the device is absent, full or lost.",
     [](BuildOptions& o, const std::string& v) { o.fallback = parse_bool(v, "fallback"); }},
    {"threads", "0", "Threads to choose kernels for; 0: every core.",
     [](BuildOptions& o, const std::string& v) { o.threads = static_cast<int>(parse_number(v, "threads")); }},
    {"streams", "1",
     "Runs under way at once that share the threads out among them; kernels are chosen for the threads of one. 1: "
     "least "
     "latency; -1: as many as threads, most throughput.",
     [](BuildOptions& o, const std::string& v) { set_streams(o, v); }},
    {"isa", "", "Highest ISA level of the kernels: reference, avx2, avx512, avx512_vnni, avx512_bf16 or amx.",
     [](BuildOptions& o, const std::string& v) { o.isa = isa_name(parse_isa(v)); }},
    {"minShapes", "", "Least shapes of the inputs, name:1x3x224x224,...",
     [](BuildOptions& o, const std::string& v) { set_shapes(o, v, &plan::ShapeRange::min); }},
    {"optShapes", "", "Shapes to choose kernels for.",
     [](BuildOptions& o, const std::string& v) { set_shapes(o, v, &plan::ShapeRange::opt); }},
    {"maxShapes", "", "Largest shapes: a run past them is refused, and they bound the memory.",
     [](BuildOptions& o, const std::string& v) { set_shapes(o, v, &plan::ShapeRange::max); }},
    {"free-dimension", "", "Fixes a symbolic size of the model, name=4; may be given several times.",
     set_free_dimension},
    {"disable-pass", "", "Leaves out a pass by name; may be given several times.",
     [](BuildOptions& o, const std::string& v) { o.disabled_passes.push_back(v); }},
    {"max-patches", "-1", "Stops rewriting after so many patches: bisects a wrong rewrite.",
     [](BuildOptions& o, const std::string& v) { o.max_patches = parse_number(v, "max-patches"); }},
    {"stop-after", "", "Stops after load, a pass by name, or passes, and gives the graph's text.",
     [](BuildOptions& o, const std::string& v) { o.stop_after = v; }},
    {"tune", "off", "Measures kernels where several could serve: off, quick (15 s at most) or full (600 s).",
     [](BuildOptions& o, const std::string& v) { set_tune(o, v); }},
    {"tune-budget", "0", "Seconds that measuring may take; 0: as tune says.",
     [](BuildOptions& o, const std::string& v) {
       o.tune.budget_seconds = static_cast<double>(parse_number(v, "tune-budget"));
     }},
    {"tuning-db", "",
     "Tuning database to choose by and to keep measurements in; with tune, default tuning.jsonl in the cache folder.",
     [](BuildOptions& o, const std::string& v) { o.tune.database = v; }},
    {"no-shipped-tuning", "false", "Chooses without the measurements that come with the library.",
     [](BuildOptions& o, const std::string& v) {
       o.tune.shipped = parse_bool(v, "no-shipped-tuning") ? "" : tuning::shipped_database();
     }},
    {"embed-device-code", "",
     "Compiles the kernels of a plan for a GPU for these architectures, sm_90 or sm_80,sm_90, and keeps them in it; "
     "sessions use them when told to allow it. Needs NVRTC and no GPU.",
     [](BuildOptions& o, const std::string& v) { o.device_code = parse_architectures(v); }},
    {"no-portable", "false", "Leaves the portable graph out of the plan: smaller, but for this CPU alone.",
     [](BuildOptions& o, const std::string& v) { o.keep_portable = !parse_bool(v, "no-portable"); }},
};

}  // namespace

std::span<const BuildOption> build_options() { return kOptions; }

void set_build_option(BuildOptions& options, const std::string& name, const std::string& value) {
  std::vector<std::string> names;
  for (const BuildOption& option : kOptions) {
    if (same_option(name, option.name)) return option.set(options, value);
    names.emplace_back(option.name);
  }
  fail(Code::kInvalidArgument, "unknown build option '{}'; valid: {}", name, nearest_first(name, names));
}

}  // namespace ingot::compiler

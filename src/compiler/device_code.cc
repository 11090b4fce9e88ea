#include "compiler/device_code.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/log.h"
#include "device/device.h"
#include "runtime/device_sources.h"

namespace ingot::compiler {
namespace {

// Of each input: fixed, else as --optShapes or --maxShapes have it.
std::vector<Shape> typical_shapes(const plan::Plan& plan) {
  std::vector<Shape> shapes;
  for (const plan::ValueIndex input : plan.program.inputs) {
    const plan::ValueDef& value = plan.program.values[static_cast<size_t>(input)];
    const auto fixed = value.shape ? constant_shape(*value.shape) : std::optional<Shape>();
    const auto given = std::find_if(plan.info.shapes.begin(), plan.info.shapes.end(), [&](const auto& range) {
      return range.input == value.name && !(range.opt.empty() && range.max.empty());
    });
    if (fixed) {
      shapes.push_back(*fixed);
    } else if (given != plan.info.shapes.end()) {
      shapes.push_back(given->opt.empty() ? given->max : given->opt);
    } else if (!value.type.is_tensor()) {
      shapes.emplace_back();
    } else {
      fail(Code::kInvalidArgument, "embed-device-code: the sizes of input {} are not fixed: give --optShapes {}:...",
           value.name, value.name);
    }
  }
  return shapes;
}

// What a build says of code that covers less than who asked for it may think.
void tell_limits(const plan::Plan& plan, const std::vector<std::string>& sources) {
  if (sources.empty()) {
    log(LogLevel::kWarning, "embed-device-code: libraries do all of this plan's work at these sizes: there is no code");
  }
  for (const plan::ValueIndex input : plan.program.inputs) {
    const plan::ValueDef& value = plan.program.values[static_cast<size_t>(input)];
    if (!value.shape || constant_shape(*value.shape)) continue;
    log(LogLevel::kInfo, "embed-device-code: the code is for one size of input {}, runs at others compile their own",
        value.name);
  }
}

}  // namespace

std::vector<Architecture> parse_architectures(const std::string& text) {
  std::vector<Architecture> all;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    int number = 0;
    const char* const end = word.data() + word.size();
    const bool named = word.rfind("sm_", 0) == 0;
    if (!named || std::from_chars(word.data() + 3, end, number).ptr != end || number < 10 || number > 999) {
      fail(Code::kInvalidArgument, "embed-device-code takes architectures as in sm_90 or sm_80,sm_90, got '{}'", text);
    }
    all.push_back({number / 10, number % 10});
  }
  return all;
}

void embed_device_code(plan::Plan& plan, const std::vector<Architecture>& architectures) {
  const auto sources = runtime::device_sources(plan, typical_shapes(plan));
  tell_limits(plan, sources);
  struct Kept {
    std::shared_ptr<const void> before;
    std::vector<std::vector<device::CompiledCode>> code;
  };
  auto kept = std::make_shared<Kept>();
  kept->before = plan.owner;
  for (const auto& [major, minor] : architectures) {
    kept->code.push_back(device::compile_code(sources, major, minor));
    for (const device::CompiledCode& each : kept->code.back()) {
      plan.device_code.push_back({each.source, major, minor, as_bytes(each.machine_code), as_bytes(each.intermediate)});
    }
  }
  plan.owner = std::move(kept);
}

}  // namespace ingot::compiler

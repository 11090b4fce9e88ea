#include <sstream>

#include "plan/plan.h"

namespace ingot::plan {
namespace {

std::string value_text(const Program& program, ValueIndex index) {
  if (index == kNoValue) return "-";
  const ValueDef& value = program.values[static_cast<size_t>(index)];
  std::string text = "%" + std::to_string(index) + ":" + value.type.text();
  if (value.type.is_tensor()) text += value.shape ? dims_text(*value.shape) : "[?]";
  if (value.constant >= 0) text += "#" + std::to_string(value.constant);
  return text;
}

std::string join(const Program& program, const std::vector<ValueIndex>& values) {
  std::string text;
  for (const ValueIndex value : values) text += (text.empty() ? "" : ", ") + value_text(program, value);
  return text;
}

std::string step_text(const Program& program, const Step& step) {
  std::string text = join(program, step.outputs) + " = " + step.op.text() + "(" + join(program, step.inputs) + ")";
  switch (step.kind) {
    case StepKind::kKernel:
      text += "  kernel " + step.row + (step.reason.empty() ? "" : " (" + step.reason + ")");
      break;
    case StepKind::kEvaluate: text += "  evaluation (" + step.reason + ")"; break;
    case StepKind::kView: text += "  view"; break;
  }
  for (const PackedOperand& packed : step.packed)
    text += fmt::format("  input {} packed as {}", packed.input, packed.layout);
  text += "  from";
  for (const auto& origin : step.origin) text += " " + origin;
  return text;
}

void print_program(std::string& text, const Program& program, const std::string& indent) {
  text += indent + "program " + program.name + "\n";
  for (const ValueIndex input : program.inputs) {
    text +=
        indent + "  input " + program.values[static_cast<size_t>(input)].name + " " + value_text(program, input) + "\n";
  }
  for (const Step& step : program.steps) text += indent + "  " + step_text(program, step) + "\n";
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    text += indent + "  output " + program.output_names[i] + " " + value_text(program, program.outputs[i]) + "\n";
  }
  for (const auto& body : program.bodies) print_program(text, *body, indent + "  ");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::vector<DeviceCodeSize> device_code_sizes(const Plan& plan) {
  std::map<std::pair<int32_t, int32_t>, DeviceCodeSize> sizes;
  for (const DeviceCode& each : plan.device_code) {
    DeviceCodeSize& size = sizes[{each.major, each.minor}];
    size.architecture = fmt::format("sm_{}{}", each.major, each.minor);
    ++size.sources;
    size.machine_code += each.machine_code.size();
    size.intermediate += each.intermediate.size();
  }
  std::vector<DeviceCodeSize> all;
  for (auto& [capability, size] : sizes) all.push_back(std::move(size));
  return all;
}

std::string plan_text(const Plan& plan) {
  std::string text = fmt::format("plan of {} ({})\nlibrary {} kernels {} target {} on {}\n", plan.info.model_name,
                                 plan.info.model_hash, plan.info.library_version, plan.info.kernel_abi,
                                 plan.info.target_isa, plan.info.target_cpu);
  for (const auto& [key, value] : plan.info.options) text += "option " + key + " = " + value + "\n";
  for (const ShapeRange& range : plan.info.shapes) {
    text += fmt::format("shapes {} min {} opt {} max {}\n", range.input, shape_text(range.min), shape_text(range.opt),
                        shape_text(range.max));
  }
  for (const DeviceCodeSize& each : device_code_sizes(plan)) {
    text += fmt::format("device code {}: {} sources, {} bytes of machine code, {} of PTX\n", each.architecture,
                        each.sources, each.machine_code, each.intermediate);
  }
  print_program(text, plan.program, "");
  return text;
}

// Longest common subsequence by dynamic programming over the lines between the equal head and tail.
std::string diff_plans(const Plan& before, const Plan& after) {
  const auto a = lines_of(plan_text(before)), b = lines_of(plan_text(after));
  size_t head = 0, tail = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  while (tail < a.size() - head && tail < b.size() - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  const size_t m = a.size() - head - tail, n = b.size() - head - tail;
  std::vector<std::vector<uint32_t>> length(m + 1, std::vector<uint32_t>(n + 1, 0));
  for (size_t i = m; i-- > 0;) {
    for (size_t j = n; j-- > 0;) {
      length[i][j] =
          a[head + i] == b[head + j] ? length[i + 1][j + 1] + 1 : std::max(length[i + 1][j], length[i][j + 1]);
    }
  }
  std::string text;
  for (size_t i = 0, j = 0; i < m || j < n;) {
    if (i < m && j < n && a[head + i] == b[head + j]) {
      ++i, ++j;
    } else if (i < m && (j == n || length[i + 1][j] >= length[i][j + 1])) {
      text += "-" + a[head + i++] + "\n";
    } else {
      text += "+" + b[head + j++] + "\n";
    }
  }
  return text;
}

}  // namespace ingot::plan

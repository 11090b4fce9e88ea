#include "kernels/pointwise/pointwise.h"

#include <algorithm>

#include "kernels/families.h"
#include "kernels/pointwise/loop.h"
#include "kernels/pointwise/program.h"
#include "kernels/pointwise/typed.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/where.h"

namespace ingot::kernels {
namespace {

constexpr double kWorthATask = 2000;  // nanoseconds

Fused group_of(const Problem& problem) {
  if (const auto* fused = problem.op.as<Fused>()) return *fused;
  std::vector<int64_t> operands;
  for (size_t i = 0; i < problem.inputs.size(); ++i) operands.push_back(static_cast<int64_t>(i));
  return {{{problem.op, operands}}, {static_cast<int64_t>(problem.inputs.size())}};
}

const char* refuse_joined(const Problem& problem) {
  const auto inputs = static_cast<int64_t>(problem.inputs.size());
  size_t joined = 0;
  for (const TileInstruction& instruction : group_of(problem).body) {
    if (!instruction.op.is<Concat>()) continue;
    if (++joined > kMaxJoined) return "too many concatenations";
    for (const int64_t operand : instruction.operands) {
      if (operand >= inputs) return "a concatenation of what is computed";
      if (dtype_bits(problem.inputs[operand].dtype) < 8) return "a concatenation of parts of bytes";
    }
  }
  return nullptr;
}

}  // namespace

PointwiseBody body_of(const Problem& problem) {
  Fused group = group_of(problem);
  const auto inputs = static_cast<int64_t>(problem.inputs.size());
  PointwiseBody body;
  std::vector<int64_t> numbers(problem.inputs.size() + group.body.size(), -1);  // of the group's values
  const auto add_operand = [&](int64_t value, PointwiseOperand operand) {
    if (numbers[value] >= 0) return;
    numbers[value] = static_cast<int64_t>(body.operands.size());
    body.operands.push_back(std::move(operand));
  };
  const auto add_inputs = [&](const std::vector<int64_t>& values) {
    for (const int64_t value : values) {
      if (value < inputs) add_operand(value, {{value}});
    }
  };
  int64_t value = inputs;
  for (const TileInstruction& instruction : group.body) {
    if (const auto* concat = instruction.op.as<Concat>()) {
      add_operand(value, {instruction.operands, concat->axis});
    } else {
      add_inputs(instruction.operands);
    }
    ++value;
  }
  add_inputs(group.results);
  auto next = static_cast<int64_t>(body.operands.size());
  value = inputs;
  for (TileInstruction& instruction : group.body) {
    int64_t& number = numbers[value++];
    if (number >= 0) continue;
    number = next++;
    for (int64_t& operand : instruction.operands) operand = numbers[operand];
    body.body.push_back(std::move(instruction));
  }
  for (const int64_t result : group.results) body.results.push_back(numbers[result]);
  return body;
}

const char* refuse_operands(const Problem& problem) {
  for (const Operand& input : problem.inputs) {
    if (!input.present()) return "an absent operand";
  }
  if (const char* reason = refuse_joined(problem)) return reason;
  if (body_of(problem).operands.size() > kMaxLoopOperands) return "too many operands";
  for (const Operand& output : problem.outputs) {
    if (output.shape.size() > kMaxLoopAxes) return "too many axes";
    if (output.shape != problem.outputs[0].shape) return "outputs of different shapes";
  }
  return nullptr;
}

int64_t elements_of(const Problem& problem) {
  int64_t count = 1;
  for (const int64_t size : problem.outputs[0].shape) count *= size < 0 ? 64 : size;
  return count;
}

double bytes_moved(const Problem& problem) {
  double bytes = 0;
  const auto count = [](const Operand& operand) {
    double elements = 1;
    for (const int64_t size : operand.shape) elements *= size < 0 ? 64 : static_cast<double>(size);
    return elements * dtype_bits(operand.dtype) / 8;
  };
  for (const Operand& input : problem.inputs) bytes += count(input);
  for (const Operand& output : problem.outputs) bytes += count(output);
  return bytes / std::max<double>(1, static_cast<double>(elements_of(problem)));
}

namespace {

// Vector instructions per vector, roughly; functions that go lane by lane are given as many as they take time for.
double unary_instructions(UnaryFn fn) {
  switch (fn) {
    case UnaryFn::kAcos:
    case UnaryFn::kAcosh:
    case UnaryFn::kAsin:
    case UnaryFn::kAsinh:
    case UnaryFn::kAtan:
    case UnaryFn::kAtanh:
    case UnaryFn::kCosh:
    case UnaryFn::kSinh:
    case UnaryFn::kTan: return 400;
    case UnaryFn::kErf:
    case UnaryFn::kTanh:
    case UnaryFn::kSoftplus:
    case UnaryFn::kMish:
    case UnaryFn::kSilu:
    case UnaryFn::kGeluTanh:
    case UnaryFn::kSin:
    case UnaryFn::kCos: return 32;
    case UnaryFn::kGelu:
    case UnaryFn::kSigmoid:
    case UnaryFn::kElu:
    case UnaryFn::kCelu:
    case UnaryFn::kSelu:
    case UnaryFn::kLog: return 24;
    case UnaryFn::kExp: return 13;
    case UnaryFn::kSqrt:
    case UnaryFn::kReciprocal:
    case UnaryFn::kSoftsign: return 10;
    default: return 2;
  }
}
double binary_instructions(BinaryFn fn) {
  switch (fn) {
    case BinaryFn::kPow:
    case BinaryFn::kMod:
    case BinaryFn::kFmod: return 400;
    case BinaryFn::kSwiglu: return 30;
    case BinaryFn::kDiv: return 10;
    default: return 1;
  }
}

}  // namespace

double arithmetic_ns(const PointwiseBody& body, int64_t lanes) {
  double instructions = 2;
  for (const TileInstruction& instruction : body.body) {
    instructions += 0.5;
    if (const auto* unary = instruction.op.as<Unary>()) {
      instructions += unary_instructions(unary->fn);
    } else if (const auto* binary = instruction.op.as<Binary>()) {
      instructions += binary_instructions(binary->fn);
    } else {
      instructions += 2;
    }
  }
  const double per_ns = 3.5;
  return instructions / (per_ns * static_cast<double>(lanes));
}

ProgramSource source_of(const Problem& problem, const PointwiseBody& body) {
  ProgramSource source;
  source.body = body.body;
  source.results = body.results;
  for (const PointwiseOperand& operand : body.operands) {
    source.inputs.push_back({problem.inputs[operand.inputs[0]].dtype, false});
  }
  for (const Operand& output : problem.outputs) source.outputs.push_back(output.dtype);
  return source;
}

Loop loop_of(const Problem& problem, const PointwiseBody& body, double ns_per_element, int64_t longest_run) {
  std::vector<LoopOperand> operands;
  std::vector<int64_t> output_bytes;
  for (const Operand& output : problem.outputs) {
    if (output.shape != problem.outputs[0].shape) fail(Code::kInvalidArgument, "outputs of different shapes");
    output_bytes.push_back(dtype_bits(output.dtype) / 8);
  }
  for (const PointwiseOperand& operand : body.operands) {
    const Operand& first = problem.inputs[operand.inputs[0]];
    LoopOperand walked{first.shape, dtype_bits(first.dtype) / 8, static_cast<size_t>(operand.inputs[0]), {}};
    if (operand.inputs.size() > 1) {
      walked.shape = problem.outputs[0].shape;
      walked.joined = JoinedRows(problem, operand.inputs, operand.axis, {first.dtype, walked.shape});
    }
    operands.push_back(std::move(walked));
  }
  const double ns = std::max(ns_per_element, bytes_moved(problem) / 20);
  const int64_t chunk = std::clamp<int64_t>(static_cast<int64_t>(kWorthATask / ns) / 1024 * 1024, 1024, 65536);
  return Loop(problem.outputs[0].shape, operands, output_bytes, chunk, longest_run);
}

namespace {

class FloatProgramKernel : public BoundKernel {
 public:
  FloatProgramKernel(const Problem& problem, const Target& target, const Machine& machine)
      : FloatProgramKernel(problem, target, machine, body_of(problem)) {}

  void run(const RunArgs& args) const noexcept override {
    args.parallel.run(loop_.tasks(), [&](int64_t task) {
      Body body(program_, dtypes_);
      loop_.run(task, args.inputs, args.outputs, body);
    });
  }

 private:
  FloatProgramKernel(const Problem& problem, const Target& target, const Machine& machine, const PointwiseBody& body)
      : loop_(loop_of(problem, body, arithmetic_ns(body, machine.lanes), int64_t{1} << 40)) {
    ProgramSource source = source_of(problem, body);
    for (size_t i = 0; i < source.inputs.size(); ++i) {
      source.inputs[i].splat = loop_.is_splat(i);
      dtypes_.push_back(source.inputs[i].dtype);
    }
    const int64_t result_bytes = loop_.count() * 4 * static_cast<int64_t>(problem.outputs.size());
    source.stream_results = result_bytes > target.l3_bytes;
    program_ = compile_program(source, machine);
  }

  struct Body {
    Body(const Program& program, const std::vector<DType>& dtypes) : program_run(program), types(dtypes.data()) {}
    void bind(size_t port, const void* data) { program_run.bind(port, data); }
    void splat(size_t port, const void* element) {
      splats[port] = splat_value(types[port], element);
      program_run.bind(port, &splats[port]);
    }
    void run(int64_t count) { program_run.run(count); }
    ProgramRun program_run;
    const DType* types;
    float splats[kMaxLoopOperands];
  };

  Loop loop_;
  Program program_;
  std::vector<DType> dtypes_;
};

const OpDef* const kOps[] = {&Unary::def, &Binary::def, &Where::def, &Cast::def, &Fused::def};

const char* refuse_floats(const Problem& problem) {
  if (const char* reason = refuse_operands(problem)) return reason;
  const PointwiseBody body = body_of(problem);
  return refuse_program(source_of(problem, body));
}

template <IsaLevel isa> double cost_of_floats(const Problem& problem, const Target& target) {
  const double elements = static_cast<double>(elements_of(problem));
  const double bytes = bytes_moved(problem);
  const double arithmetic = arithmetic_ns(body_of(problem), machine_of(isa)->lanes) * elements;
  const double gigabytes_per_second = bytes * elements < static_cast<double>(target.l2_bytes) ? 60 : 20;
  const int threads = static_cast<int>(std::clamp<double>(arithmetic / kWorthATask, 1, target.threads));
  return 100 + std::max(arithmetic, bytes * elements / gigabytes_per_second) / threads;
}

template <IsaLevel isa> std::unique_ptr<BoundKernel> bind_floats(const Problem& problem, const Target& target) {
  return std::make_unique<FloatProgramKernel>(problem, target, *machine_of(isa));
}

const char* refuse_any(const Problem& problem) {
  if (const char* reason = refuse_operands(problem)) return reason;
  const PointwiseBody body = body_of(problem);
  return refuse_typed(source_of(problem, body));
}
double cost_of_any(const Problem& problem, const Target&) {
  const PointwiseBody body = body_of(problem);
  return 200 + arithmetic_ns(body, 1) * static_cast<double>(elements_of(problem));
}
std::unique_ptr<BoundKernel> bind_any(const Problem& problem, const Target&) { return bind_typed_program(problem); }

bool in_place(const Problem& problem, size_t input) {
  for (const TileInstruction& instruction : group_of(problem).body) {
    const auto& operands = instruction.operands;
    const bool reads = std::find(operands.begin(), operands.end(), static_cast<int64_t>(input)) != operands.end();
    if (instruction.op.is<Concat>() && reads) return false;
  }
  return problem.outputs.size() == 1 && problem.outputs[0].dtype == problem.inputs[input].dtype;
}

std::string text(const Problem& problem) {
  std::string result = "pointwise";
  for (const TileInstruction& instruction : group_of(problem).body) result += " " + instruction.op.text();
  for (const Operand& input : problem.inputs) {
    result += fmt::format(" {}{}", dtype_name(input.dtype), shape_text(input.shape));
  }
  for (const Operand& output : problem.outputs) {
    result += fmt::format(" -> {}{}", dtype_name(output.dtype), shape_text(output.shape));
  }
  return result;
}

// Where rounding to bf16 is one instruction.
const char* refuse_brains(const Problem& problem) {
  const auto is_brain = [](const Operand& result) { return result.dtype == DType::kBF16; };
  if (std::none_of(problem.outputs.begin(), problem.outputs.end(), is_brain)) return "no result of bf16";
  return refuse_floats(problem);
}

constexpr Row kRows[] = {
    {"avx512bf16_pointwise_bf16_64", IsaLevel::kAvx512Bf16, refuse_brains, cost_of_floats<IsaLevel::kAvx512Bf16>,
     bind_floats<IsaLevel::kAvx512Bf16>, nullptr, nullptr, in_place},
    {"avx512_pointwise_f32_64", IsaLevel::kAvx512, refuse_floats, cost_of_floats<IsaLevel::kAvx512>,
     bind_floats<IsaLevel::kAvx512>, nullptr, nullptr, in_place},
    {"avx2_pointwise_f32_32", IsaLevel::kAvx2, refuse_floats, cost_of_floats<IsaLevel::kAvx2>,
     bind_floats<IsaLevel::kAvx2>, nullptr, nullptr, in_place},
    {"reference_pointwise_any_512", IsaLevel::kReference, refuse_any, cost_of_any, bind_any, nullptr, nullptr,
     in_place},
};

}  // namespace

const Family kPointwiseFamily = {"pointwise", "elementwise operators and fused groups of them as tile programs", kOps,
                                 kRows, text};

}  // namespace ingot::kernels

// The plan: everything a run needs, as data. It is the seam between the compiler and the runtime.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/device_code.h"
#include "ops/op.h"
#include "tensor/type.h"

namespace ingot::plan {

using ValueIndex = int32_t;
inline constexpr ValueIndex kNoValue = -1;

// A value of a program. Where its bytes live is decided when the shapes are bound, not here.
struct ValueDef {
  std::string name;  // ONNX's where it has one
  Type type;
  std::optional<DimShape> shape;  // empty: known only when it exists
  int32_t constant = -1;          // index into Plan::constants
};

enum class StepKind : uint8_t {
  kKernel = 0,    // a named row of the library
  kEvaluate = 1,  // the operator's own evaluation; `reason` says why
  kView = 2,      // output 0 is input 0 under another shape: no work
};

// An operand stored in the layout that the row wants; `original` is what the problem speaks of.
struct PackedOperand {
  int32_t input;
  std::string layout;
  DType dtype;
  Shape shape;
};

struct Step {
  StepKind kind = StepKind::kEvaluate;
  Op op;
  std::string row;     // kKernel
  std::string reason;  // kEvaluate: why no kernel; kKernel: why this one, empty where the cost model chose
  std::vector<ValueIndex> inputs, outputs;
  std::vector<PackedOperand> packed;
  std::vector<std::string> origin;  // ONNX nodes by name
};

// Steps in order. Bodies of control flow are programs of their own, by the index that the operator holds.
struct Program {
  std::string name = "main";
  std::vector<ValueDef> values;
  std::vector<Step> steps;
  std::vector<ValueIndex> inputs, outputs;
  std::vector<std::string> output_names;
  std::vector<std::unique_ptr<Program>> bodies;
};

// Sizes that one dimension of one input may have.
struct ShapeRange {
  std::string input;
  Shape min, opt, max;
};

// "x:1x3x224x224,y:1x4": names and shapes as the command line takes them; throws kInvalidArgument.
std::vector<std::pair<std::string, Shape>> parse_shapes(const std::string& text);

struct PlanInfo {
  std::string library_version, target_isa, target_cpu;
  uint64_t kernel_abi = 0;
  std::string model_hash, model_name;           // of the source file
  std::map<std::string, std::string> options;   // build options as given; sessions read "device" and "precision"
  std::map<std::string, std::string> metadata;  // the model's own (producer, metadata_props)
  std::vector<ShapeRange> shapes;
  std::string option(const std::string& name, const std::string& otherwise) const {
    const auto found = options.find(name);
    return found != options.end() ? found->second : otherwise;
  }
};

struct Plan {
  PlanInfo info;
  Program program;
  std::vector<Tensor> constants;        // share the mapped file when read from one
  Bytes portable_graph;                 // bytes of the graph before fusion and layout; empty with --no-portable
  std::vector<DeviceCode> device_code;  // of the plan's own kernels; used with permission only
  std::shared_ptr<const void> owner;    // of these two and, when read from a file, of the mapped bytes
  uint64_t file_hash = 0;  // of the file or bytes that it was read from: equal plans have equal ones; 0: it was built
};

// Bumped whenever a packed layout or a row's meaning changes.
uint64_t kernel_abi();

// Writes atomically. Throws kIo. `mode`: who may do what with the file, less the umask.
void write_plan(const Plan& plan, const std::filesystem::path& path, unsigned mode = 0666);
std::vector<std::byte> serialize_plan(const Plan& plan);
// Checks header, tables, hashes of every section but the weights, and every index in them; throws kInvalidPlan naming
// the file and the fault. Constants are views of the mapped file.
Plan read_plan(const std::filesystem::path& path);
Plan parse_plan(Bytes bytes, std::shared_ptr<const void> owner);
bool is_plan(Bytes bytes);
// Hashes every byte, weights included. Throws kInvalidPlan.
void verify_plan_bytes(Bytes bytes);

// Entries and bytes of a plan's device code for one compute capability.
struct DeviceCodeSize {
  std::string architecture;  // "sm_90"
  size_t sources = 0, machine_code = 0, intermediate = 0;
};
std::vector<DeviceCodeSize> device_code_sizes(const Plan& plan);

// For people: one line per input, output and step.
std::string plan_text(const Plan& plan);
// Lines that differ between the texts of two plans, "-" and "+" as diff prints them; empty when equal.
std::string diff_plans(const Plan& before, const Plan& after);

}  // namespace ingot::plan

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "base/mapped_file.h"
#include "ops/op_io.h"
#include "plan/format.h"
#include "plan/plan.h"

namespace ingot::plan {
namespace {

constexpr size_t kMaxList = size_t{1} << 24, kMaxDepth = 64;

ByteReader reader_of(Bytes bytes, const char* what) { return {bytes, Code::kInvalidPlan, what}; }

std::vector<std::string> read_strings(ByteReader& reader) {
  std::vector<std::string> strings(reader.read_count(kMaxList, 8));
  for (auto& each : strings) each = reader.read_string();
  return strings;
}

template <class T> std::vector<T> read_numbers(ByteReader& reader) {
  std::vector<T> numbers(reader.read_count(kMaxList, sizeof(T)));
  for (T& each : numbers) each = reader.read<T>();
  return numbers;
}

Shape read_shape(ByteReader& reader) {
  Shape shape = read_numbers<int64_t>(reader);
  if (std::any_of(shape.begin(), shape.end(), [](int64_t size) { return size < 0; })) reader.reject("negative size");
  return shape;
}

std::map<std::string, std::string> read_map(ByteReader& reader) {
  std::map<std::string, std::string> map;
  for (size_t left = reader.read_count(kMaxList, 16); left > 0; --left) {
    std::string key = reader.read_string();
    map[std::move(key)] = reader.read_string(size_t{1} << 26);
  }
  return map;
}

DType read_dtype(ByteReader& reader) {
  const auto number = reader.read<uint8_t>();
  if (!is_valid_dtype(number)) reader.reject("unknown element type");
  return static_cast<DType>(number);
}

PlanInfo read_info(Bytes bytes) {
  ByteReader reader = reader_of(bytes, "plan section info");
  PlanInfo info;
  for (auto* text : {&info.library_version, &info.target_isa, &info.target_cpu, &info.model_hash, &info.model_name}) {
    *text = reader.read_string();
  }
  info.kernel_abi = reader.read<uint64_t>();
  info.options = read_map(reader);
  info.metadata = read_map(reader);
  for (size_t left = reader.read_count(kMaxList, 8); left > 0; --left) {
    ShapeRange range;
    range.input = reader.read_string();
    for (Shape* shape : {&range.min, &range.opt, &range.max}) *shape = read_shape(reader);
    info.shapes.push_back(std::move(range));
  }
  return info;
}

Step read_step(ByteReader& reader) {
  Step step;
  const auto kind = reader.read<uint8_t>();
  if (kind > static_cast<uint8_t>(StepKind::kView)) reader.reject("unknown kind of step");
  step.kind = static_cast<StepKind>(kind);
  step.op = read_op(reader);
  step.row = reader.read_string();
  step.reason = reader.read_string();
  step.inputs = read_numbers<ValueIndex>(reader);
  step.outputs = read_numbers<ValueIndex>(reader);
  for (size_t left = reader.read_count(64, 8); left > 0; --left) {
    PackedOperand packed;
    packed.input = reader.read<int32_t>();
    if (packed.input < 0 || static_cast<size_t>(packed.input) >= step.inputs.size())
      reader.reject("packed operand out of range");
    packed.layout = reader.read_string();
    packed.dtype = read_dtype(reader);
    packed.shape = read_shape(reader);
    step.packed.push_back(std::move(packed));
  }
  step.origin = read_strings(reader);
  return step;
}

// Every index in range, operands defined before use, each value defined once.
void check_program(const Program& program, size_t constants, ByteReader& reader) {
  const auto count = static_cast<ValueIndex>(program.values.size());
  std::vector<bool> defined(program.values.size(), false);
  const auto define = [&](ValueIndex value) {
    if (value == kNoValue) return;
    if (value < 0 || value >= count || defined[static_cast<size_t>(value)]) reader.reject("a value defined wrongly");
    defined[static_cast<size_t>(value)] = true;
  };
  const auto use = [&](ValueIndex value) {
    if (value == kNoValue) return;
    if (value < 0 || value >= count || !defined[static_cast<size_t>(value)])
      reader.reject("a value used before it is defined");
  };
  for (ValueIndex i = 0; i < count; ++i) {
    const int32_t constant = program.values[static_cast<size_t>(i)].constant;
    if (constant < -1 || constant >= static_cast<int32_t>(constants)) reader.reject("a constant out of range");
    if (constant >= 0) define(i);
  }
  for (const ValueIndex input : program.inputs) define(input);
  for (const Step& step : program.steps) {
    for (const ValueIndex input : step.inputs) use(input);
    for (const ValueIndex output : step.outputs) define(output);
    if (step.kind == StepKind::kView && (step.inputs.size() != 1 || step.outputs.size() != 1)) {
      reader.reject("a view without one input and one output");
    }
    for (const PackedOperand& packed : step.packed) {
      const ValueIndex value = step.inputs[static_cast<size_t>(packed.input)];
      if (value == kNoValue || program.values[static_cast<size_t>(value)].constant < 0)
        reader.reject("a packed operand that is no constant");
    }
  }
  for (const ValueIndex output : program.outputs) {
    if (output == kNoValue) reader.reject("an absent output");
    use(output);
  }
  if (program.output_names.size() != program.outputs.size()) reader.reject("outputs without names");
}

Program read_program(ByteReader& reader, size_t constants, size_t depth) {
  if (depth > kMaxDepth) reader.reject("programs nested too deeply");
  Program program;
  program.name = reader.read_string();
  for (size_t left = reader.read_count(kMaxList, 16); left > 0; --left) {
    ValueDef value;
    value.name = reader.read_string();
    value.type = read_type(reader);
    if (reader.read<uint8_t>() != 0) value.shape = read_dims(reader);
    value.constant = reader.read<int32_t>();
    program.values.push_back(std::move(value));
  }
  for (size_t left = reader.read_count(kMaxList, 16); left > 0; --left) program.steps.push_back(read_step(reader));
  program.inputs = read_numbers<ValueIndex>(reader);
  program.outputs = read_numbers<ValueIndex>(reader);
  program.output_names = read_strings(reader);
  for (size_t left = reader.read_count(kMaxList, 16); left > 0; --left) {
    program.bodies.push_back(std::make_unique<Program>(read_program(reader, constants, depth + 1)));
  }
  check_program(program, constants, reader);
  return program;
}

std::vector<Tensor> read_constants(Bytes bytes, Bytes weights, const std::shared_ptr<const void>& owner) {
  ByteReader reader = reader_of(bytes, "plan section constants");
  std::vector<Tensor> constants;
  for (size_t left = reader.read_count(kMaxList, 2); left > 0; --left) {
    if (reader.read<uint8_t>() != 0) {
      constants.push_back(read_tensor(reader));
      if (constants.back().dtype() != DType::kString) reader.reject("an inline constant that is no string");
      continue;
    }
    const DType dtype = read_dtype(reader);
    if (dtype == DType::kString) reader.reject("strings outside the table");
    Shape shape = read_shape(reader);
    const auto offset = reader.read<uint64_t>();
    const auto size = static_cast<uint64_t>(storage_bytes(dtype, element_count(shape)));
    if (offset % kWeightAlignment != 0 || offset > weights.size() || size > weights.size() - offset) {
      reader.reject("a constant outside the weights");
    }
    constants.emplace_back(dtype, std::move(shape), weights.data() + offset, owner);
  }
  return constants;
}

std::vector<DeviceCode> read_device_code(Bytes bytes) {
  if (bytes.empty()) return {};
  ByteReader reader = reader_of(bytes, "plan section device code");
  std::vector<DeviceCode> all(reader.read_count(kMaxList, 40));
  const auto block = [&] { return reader.take(reader.read_count(bytes.size())); };
  for (DeviceCode& each : all) {
    each.source.low = reader.read<uint64_t>();
    each.source.high = reader.read<uint64_t>();
    each.major = reader.read<int32_t>();
    each.minor = reader.read<int32_t>();
    each.machine_code = block();
    each.intermediate = block();
  }
  if (!reader.done()) reader.reject("bytes after the last entry");
  return all;
}

struct Sections {
  Bytes info, program, constants, portable, weights, device_code;
  uint64_t hash = 0;
};

Sections split(Bytes bytes, bool check_weights) {
  ByteReader reader = reader_of(bytes, "plan");
  Header header;
  std::memcpy(&header, reader.take(sizeof(Header)).data(), sizeof(Header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) reader.reject("this is no plan file");
  if (header.endian != kEndianMark) reader.reject("written on a machine of other byte order");
  if (header.version > kFormatVersion || header.version == 0) {
    fail(Code::kForeignPlan, "plan format {} is not one this library reads (up to {})", header.version, kFormatVersion);
  }
  if (header.file_size != bytes.size()) {
    reader.reject(
        fmt::format("truncated or extended: {} bytes where the header says {}", bytes.size(), header.file_size));
  }
  if (header.section_count > 64) reader.reject("too many sections");
  const Bytes table = reader.take(header.section_count * sizeof(SectionEntry));
  if (hash64(table) != header.table_hash) reader.reject("the section table is damaged");
  Sections sections;
  sections.hash = header.table_hash;  // the table has the hash of every section
  for (uint32_t i = 0; i < header.section_count; ++i) {
    SectionEntry entry;
    std::memcpy(&entry, table.data() + i * sizeof(SectionEntry), sizeof(entry));
    if (entry.offset > bytes.size() || entry.size > bytes.size() - entry.offset)
      reader.reject("a section outside the file");
    const Bytes section = bytes.subspan(entry.offset, entry.size);
    const bool weights = entry.id == static_cast<uint32_t>(Section::kWeights);
    if ((!weights || check_weights) && hash64(section) != entry.hash) {
      reader.reject(fmt::format("section {} is damaged (its hash differs)", entry.id));
    }
    switch (static_cast<Section>(entry.id)) {
      case Section::kInfo: sections.info = section; break;
      case Section::kProgram: sections.program = section; break;
      case Section::kConstants: sections.constants = section; break;
      case Section::kPortableGraph: sections.portable = section; break;
      case Section::kWeights: sections.weights = section; break;
      case Section::kDeviceCode: sections.device_code = section; break;
      default: break;  // a later release's: not needed here
    }
  }
  return sections;
}

}  // namespace

bool is_plan(Bytes bytes) {
  return bytes.size() >= sizeof(kMagic) && std::memcmp(bytes.data(), kMagic, sizeof(kMagic)) == 0;
}

Plan parse_plan(Bytes bytes, std::shared_ptr<const void> owner) {
  const Sections sections = split(bytes, false);
  Plan plan;
  plan.file_hash = sections.hash;
  try {
    plan.info = read_info(sections.info);
    plan.constants = read_constants(sections.constants, sections.weights, owner);
    ByteReader reader = reader_of(sections.program, "plan section program");
    plan.program = read_program(reader, plan.constants.size(), 0);
    plan.device_code = read_device_code(sections.device_code);
  } catch (const Error& error) {
    if (error.code() != Code::kInvalidArgument) throw;
    fail(Code::kInvalidPlan, "{}", error.message());  // sizes that overflow, expressions that do not parse
  }
  plan.portable_graph = sections.portable;
  plan.owner = std::move(owner);
  return plan;
}

Plan read_plan(const std::filesystem::path& path) {
  return with_frame([&] { return "file " + path.string(); },
                    [&] {
                      const auto file = MappedFile::open(path);
                      return parse_plan(file->bytes(), file);
                    });
}

void verify_plan_bytes(Bytes bytes) { split(bytes, true); }

}  // namespace ingot::plan

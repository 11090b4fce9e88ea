#include "base/checked.h"
#include "base/hash.h"
#include "base/mapped_file.h"
#include "ops/op_io.h"
#include "plan/format.h"
#include "plan/plan.h"

namespace ingot::plan {
namespace {

void write_strings(ByteWriter& writer, const std::vector<std::string>& strings) {
  writer.write_count(strings.size());
  for (const auto& each : strings) writer.write_string(each);
}

template <class T> void write_numbers(ByteWriter& writer, const std::vector<T>& numbers) {
  writer.write_count(numbers.size());
  for (const T each : numbers) writer.write(each);
}

void write_map(ByteWriter& writer, const std::map<std::string, std::string>& map) {
  writer.write_count(map.size());
  for (const auto& [key, value] : map) {
    writer.write_string(key);
    writer.write_string(value);
  }
}

void write_info(ByteWriter& writer, const PlanInfo& info) {
  for (const auto* text :
       {&info.library_version, &info.target_isa, &info.target_cpu, &info.model_hash, &info.model_name}) {
    writer.write_string(*text);
  }
  writer.write(info.kernel_abi);
  write_map(writer, info.options);
  write_map(writer, info.metadata);
  writer.write_count(info.shapes.size());
  for (const ShapeRange& range : info.shapes) {
    writer.write_string(range.input);
    for (const Shape* shape : {&range.min, &range.opt, &range.max}) write_numbers(writer, *shape);
  }
}

void write_step(ByteWriter& writer, const Step& step) {
  writer.write(static_cast<uint8_t>(step.kind));
  write_op(writer, step.op);
  writer.write_string(step.row);
  writer.write_string(step.reason);
  write_numbers(writer, step.inputs);
  write_numbers(writer, step.outputs);
  writer.write_count(step.packed.size());
  for (const PackedOperand& packed : step.packed) {
    writer.write(packed.input);
    writer.write_string(packed.layout);
    writer.write(static_cast<uint8_t>(packed.dtype));
    write_numbers(writer, packed.shape);
  }
  write_strings(writer, step.origin);
}

void write_program(ByteWriter& writer, const Program& program) {
  writer.write_string(program.name);
  writer.write_count(program.values.size());
  for (const ValueDef& value : program.values) {
    writer.write_string(value.name);
    write_type(writer, value.type);
    writer.write<uint8_t>(value.shape.has_value());
    if (value.shape) write_dims(writer, *value.shape);
    writer.write(value.constant);
  }
  writer.write_count(program.steps.size());
  for (const Step& step : program.steps) write_step(writer, step);
  write_numbers(writer, program.inputs);
  write_numbers(writer, program.outputs);
  write_strings(writer, program.output_names);
  writer.write_count(program.bodies.size());
  for (const auto& body : program.bodies) write_program(writer, *body);
}

// Table entry: dtype, shape, then offset in the weights section (strings: inline).
void write_constants(ByteWriter& writer, const std::vector<Tensor>& constants) {
  writer.write_count(constants.size());
  uint64_t offset = 0;
  for (const Tensor& tensor : constants) {
    if (tensor.dtype() == DType::kString) {
      writer.write<uint8_t>(1);
      write_tensor(writer, tensor);
      continue;
    }
    writer.write<uint8_t>(0);
    writer.write(static_cast<uint8_t>(tensor.dtype()));
    write_numbers(writer, tensor.shape());
    writer.write(offset);
    offset += static_cast<uint64_t>(round_up(tensor.byte_size(), kWeightAlignment));
  }
}

void write_device_code(ByteWriter& writer, const std::vector<DeviceCode>& all) {
  if (all.empty()) return;
  writer.write_count(all.size());
  for (const DeviceCode& each : all) {
    writer.write(each.source.low);
    writer.write(each.source.high);
    writer.write(each.major);
    writer.write(each.minor);
    for (const Bytes block : {each.machine_code, each.intermediate}) {
      writer.write_count(block.size());
      writer.append(block);
    }
  }
}

// A plan as a list of byte ranges: everything but the weights in `head`, weights taken from where they lie.
struct Layout {
  std::vector<std::byte> head;
  std::vector<Bytes> parts;
};

constexpr std::byte kZeros[kWeightAlignment] = {};

Layout lay_out(const Plan& plan) {
  struct {
    Section id;
    ByteWriter writer;
  } sections[] = {{Section::kInfo, {}},
                  {Section::kProgram, {}},
                  {Section::kConstants, {}},
                  {Section::kPortableGraph, {}},
                  {Section::kDeviceCode, {}}};
  write_info(sections[0].writer, plan.info);
  write_program(sections[1].writer, plan.program);
  write_constants(sections[2].writer, plan.constants);
  sections[3].writer.append(plan.portable_graph);
  write_device_code(sections[4].writer, plan.device_code);
  std::vector<Bytes> weights;
  uint64_t weight_bytes = 0;
  for (const Tensor& tensor : plan.constants) {
    if (tensor.dtype() == DType::kString) continue;
    const auto size = static_cast<uint64_t>(tensor.byte_size());
    const auto padding = static_cast<uint64_t>(round_up(tensor.byte_size(), kWeightAlignment)) - size;
    weights.push_back(tensor.bytes());
    weights.emplace_back(kZeros, padding);
    weight_bytes += size + padding;
  }

  std::vector<SectionEntry> table;
  uint64_t offset = sizeof(Header) + (std::size(sections) + 1) * sizeof(SectionEntry);
  for (const auto& [id, writer] : sections) {
    offset = static_cast<uint64_t>(round_up(static_cast<int64_t>(offset), kWeightAlignment));
    table.push_back({static_cast<uint32_t>(id), 0, offset, writer.size(), hash64(writer.bytes())});
    offset += writer.size();
  }
  offset = static_cast<uint64_t>(round_up(static_cast<int64_t>(offset), kWeightAlignment));
  table.push_back({static_cast<uint32_t>(Section::kWeights), 0, offset, weight_bytes, hash64(weights)});

  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kFormatVersion;
  header.endian = kEndianMark;
  header.file_size = offset + weight_bytes;
  header.section_count = static_cast<uint32_t>(table.size());
  const Bytes table_bytes = std::as_bytes(std::span(table));
  header.table_hash = hash64(table_bytes);

  ByteWriter writer;
  writer.append(std::as_bytes(std::span(&header, 1)));
  writer.append(table_bytes);
  for (const auto& section : sections) {
    writer.align(kWeightAlignment);
    writer.append(section.writer.bytes());
  }
  writer.align(kWeightAlignment);
  Layout layout{writer.release(), {}};
  layout.parts.push_back(layout.head);
  layout.parts.insert(layout.parts.end(), weights.begin(), weights.end());
  return layout;
}

}  // namespace

uint64_t kernel_abi() { return 2; }

void write_plan(const Plan& plan, const std::filesystem::path& path, unsigned mode) {
  const Layout layout = lay_out(plan);
  write_file_atomically(path, layout.parts, mode);
}

std::vector<std::byte> serialize_plan(const Plan& plan) {
  ByteWriter writer;
  const Layout layout = lay_out(plan);
  for (const Bytes part : layout.parts) writer.append(part);
  return writer.release();
}

}  // namespace ingot::plan

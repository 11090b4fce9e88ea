#include "ops/op_io.h"

#include <functional>
#include <map>

#include "ops/fused.h"
#include "ops/ops.h"

namespace ingot {
namespace {

constexpr size_t kMaxFields = 64, kMaxListLength = size_t{1} << 24, kMaxRank = 1 << 10;
constexpr int kMaxTypeDepth = 16, kMaxBodyDepth = 4;

// Kind tags are part of the plan format: append only.
enum class Kind : uint8_t {
  kInt = 1,
  kDouble,
  kBool,
  kString,
  kDType,
  kInts,
  kDoubles,
  kStrings,
  kDims,
  kTensor,
  kType,
  kBody,
  kEnum
};

class FieldWriter : public FieldVisitor {
 public:
  explicit FieldWriter(ByteWriter& writer) : writer_(writer) {}
  size_t count = 0;
  void visit(const char* name, int64_t& v) override { begin(name, Kind::kInt), writer_.write(v); }
  void visit(const char* name, double& v) override { begin(name, Kind::kDouble), writer_.write(v); }
  void visit(const char* name, bool& v) override { begin(name, Kind::kBool), writer_.write<uint8_t>(v); }
  void visit(const char* name, std::string& v) override { begin(name, Kind::kString), writer_.write_string(v); }
  void visit(const char* name, DType& v) override { begin(name, Kind::kDType), writer_.write(static_cast<uint8_t>(v)); }
  void visit(const char* name, std::vector<int64_t>& v) override {
    begin(name, Kind::kInts), writer_.write_count(v.size());
    for (const int64_t each : v) writer_.write(each);
  }
  void visit(const char* name, std::vector<double>& v) override {
    begin(name, Kind::kDoubles), writer_.write_count(v.size());
    for (const double each : v) writer_.write(each);
  }
  void visit(const char* name, std::vector<std::string>& v) override {
    begin(name, Kind::kStrings), writer_.write_count(v.size());
    for (const auto& each : v) writer_.write_string(each);
  }
  void visit(const char* name, DimShape& v) override { begin(name, Kind::kDims), write_dims(writer_, v); }
  void visit(const char* name, Tensor& v) override { begin(name, Kind::kTensor), write_tensor(writer_, v); }
  void visit(const char* name, Type& v) override { begin(name, Kind::kType), write_type(writer_, v); }
  void visit(const char* name, std::vector<TileInstruction>& v) override {
    begin(name, Kind::kBody), writer_.write_count(v.size());
    for (const auto& each : v) {
      write_op(writer_, each.op);
      writer_.write_count(each.operands.size());
      for (const int64_t operand : each.operands) writer_.write(operand);
    }
  }
  void visit_enum(const char* name, int64_t& value, std::span<const char* const> names) override {
    begin(name, Kind::kEnum), writer_.write_string(names[static_cast<size_t>(value)]);
  }

 private:
  void begin(const char* name, Kind kind) {
    ++count;
    writer_.write_string(name);
    writer_.write(static_cast<uint8_t>(kind));
  }
  ByteWriter& writer_;
};

Op read_op_at_depth(ByteReader& reader, int depth);

// Reads the value of the one field called `wanted`, whatever order the fields are stored in.
class FieldReader : public FieldVisitor {
 public:
  FieldReader(ByteReader& reader, std::string wanted, int depth)
      : reader_(reader), wanted_(std::move(wanted)), depth_(depth) {}
  bool found = false;
  void visit(const char* name, int64_t& v) override {
    if (begin(name, Kind::kInt)) v = reader_.read<int64_t>();
  }
  void visit(const char* name, double& v) override {
    if (begin(name, Kind::kDouble)) v = reader_.read<double>();
  }
  void visit(const char* name, bool& v) override {
    if (begin(name, Kind::kBool)) v = reader_.read<uint8_t>() != 0;
  }
  void visit(const char* name, std::string& v) override {
    if (begin(name, Kind::kString)) v = reader_.read_string();
  }
  void visit(const char* name, DType& v) override {
    if (!begin(name, Kind::kDType)) return;
    const auto number = reader_.read<uint8_t>();
    if (number >= kDTypeCount) reader_.reject("unknown element type");
    v = static_cast<DType>(number);
  }
  void visit(const char* name, std::vector<int64_t>& v) override {
    if (!begin(name, Kind::kInts)) return;
    v.assign(reader_.read_count(kMaxListLength, 8), 0);
    for (auto& each : v) each = reader_.read<int64_t>();
  }
  void visit(const char* name, std::vector<double>& v) override {
    if (!begin(name, Kind::kDoubles)) return;
    v.assign(reader_.read_count(kMaxListLength, 8), 0);
    for (auto& each : v) each = reader_.read<double>();
  }
  void visit(const char* name, std::vector<std::string>& v) override {
    if (!begin(name, Kind::kStrings)) return;
    v.assign(reader_.read_count(kMaxListLength, 8), "");
    for (auto& each : v) each = reader_.read_string();
  }
  void visit(const char* name, DimShape& v) override {
    if (begin(name, Kind::kDims)) v = read_dims(reader_);
  }
  void visit(const char* name, Tensor& v) override {
    if (begin(name, Kind::kTensor)) v = read_tensor(reader_);
  }
  void visit(const char* name, Type& v) override {
    if (begin(name, Kind::kType)) v = read_type(reader_);
  }
  void visit(const char* name, std::vector<TileInstruction>& v) override {
    if (!begin(name, Kind::kBody)) return;
    const size_t count = reader_.read_count(1 << 16, 8);
    for (size_t i = 0; i < count; ++i) {
      TileInstruction instruction{read_op_at_depth(reader_, depth_ + 1), {}};
      instruction.operands.assign(reader_.read_count(64, 8), 0);
      for (auto& operand : instruction.operands) operand = reader_.read<int64_t>();
      v.push_back(std::move(instruction));
    }
  }
  void visit_enum(const char* name, int64_t& value, std::span<const char* const> names) override {
    if (!begin(name, Kind::kEnum)) return;
    const std::string text = reader_.read_string();
    for (size_t i = 0; i < names.size(); ++i) {
      if (text == names[i]) {
        value = static_cast<int64_t>(i);
        return;
      }
    }
    reader_.reject(fmt::format("field {} has no value '{}'", name, text));
  }

 private:
  bool begin(const char* name, Kind kind) {
    if (found || wanted_ != name) return false;
    found = true;
    if (reader_.read<uint8_t>() != static_cast<uint8_t>(kind))
      reader_.reject(fmt::format("field {} has a wrong kind", name));
    return true;
  }
  ByteReader& reader_;
  std::string wanted_;
  int depth_;
};

Op read_op_at_depth(ByteReader& reader, int depth) {
  if (depth > kMaxBodyDepth) reader.reject("operators nested too deeply");
  const std::string name = reader.read_string(256);
  const OpDef* def = find_op(name);
  if (def == nullptr) reader.reject(fmt::format("unknown operator '{}'", name));
  std::shared_ptr<void> fields = def->create();
  const auto count = reader.read_count(kMaxFields);
  for (size_t i = 0; i < count; ++i) {
    FieldReader field_reader(reader, reader.read_string(256), depth);
    def->visit(fields.get(), field_reader);
    if (!field_reader.found) reader.reject(fmt::format("operator {} has an unknown field", name));
  }
  return Op(def, std::move(fields));
}

}  // namespace

void write_op(ByteWriter& writer, const Op& op) {
  writer.write_string(op.name());
  ByteWriter body;
  FieldWriter field_writer(body);
  // The visitor only reads; the interface serves reading and writing alike.
  op.def().visit(const_cast<void*>(op.fields()), field_writer);
  writer.write_count(field_writer.count);
  writer.append(body.bytes());
}

Op read_op(ByteReader& reader) { return read_op_at_depth(reader, 0); }

void write_tensor(ByteWriter& writer, const Tensor& tensor) {
  writer.write(static_cast<uint8_t>(tensor.dtype()));
  if (!tensor.defined()) return;
  writer.write_count(tensor.shape().size());
  for (const int64_t size : tensor.shape()) writer.write(size);
  if (tensor.dtype() == DType::kString) {
    for (const auto& text : tensor.span<std::string>()) writer.write_string(text);
  } else {
    writer.append(tensor.bytes());
  }
}

Tensor read_tensor(ByteReader& reader) {
  const auto number = reader.read<uint8_t>();
  if (number == 0) return {};
  if (!is_valid_dtype(number)) reader.reject("unknown element type");
  const auto dtype = static_cast<DType>(number);
  Shape shape(reader.read_count(kMaxRank, 8));
  for (auto& size : shape) {
    size = reader.read<int64_t>();
    if (size < 0) reader.reject("negative size");
  }
  const int64_t count = element_count(shape);
  const int64_t least = dtype == DType::kString ? count : storage_bytes(dtype, count);
  if (static_cast<uint64_t>(least) > reader.remaining()) reader.reject("a tensor larger than the bytes left");
  Tensor tensor(dtype, shape);
  if (dtype == DType::kString) {
    for (int64_t i = 0; i < count; ++i) tensor.mutable_data<std::string>()[i] = reader.read_string();
  } else if (least > 0) {
    std::memcpy(tensor.mutable_raw(), reader.take(static_cast<size_t>(least)).data(), static_cast<size_t>(least));
  }
  return tensor;
}

void write_dims(ByteWriter& writer, const DimShape& dims) {
  writer.write_count(dims.size());
  for (const Dim& dim : dims) writer.write_string(dim.text());
}

DimShape read_dims(ByteReader& reader) {
  DimShape dims(reader.read_count(kMaxListLength, 8));
  for (Dim& dim : dims) dim = Dim::parse(reader.read_string(1 << 16));
  return dims;
}

void write_type(ByteWriter& writer, const Type& type) {
  writer.write(static_cast<uint8_t>(type.kind));
  writer.write(static_cast<uint8_t>(type.dtype));
  writer.write(static_cast<uint8_t>(type.key));
  writer.write<uint8_t>(type.element != nullptr);
  if (type.element) write_type(writer, *type.element);
}

namespace {
Type read_type_at_depth(ByteReader& reader, int depth) {
  if (depth > kMaxTypeDepth) reader.reject("types nested too deeply");
  Type type;
  const auto kind = reader.read<uint8_t>(), dtype = reader.read<uint8_t>(), key = reader.read<uint8_t>();
  if (kind > static_cast<uint8_t>(Type::Kind::kMap) || dtype >= kDTypeCount || key >= kDTypeCount) {
    reader.reject("unknown type");
  }
  type.kind = static_cast<Type::Kind>(kind);
  type.dtype = static_cast<DType>(dtype);
  type.key = static_cast<DType>(key);
  const bool has_element = reader.read<uint8_t>() != 0;
  if (has_element != (type.kind == Type::Kind::kSequence || type.kind == Type::Kind::kOptional)) {
    reader.reject("a type with a wrong element");
  }
  if (has_element) type.element = std::make_shared<const Type>(read_type_at_depth(reader, depth + 1));
  return type;
}
}  // namespace

Type read_type(ByteReader& reader) { return read_type_at_depth(reader, 0); }

}  // namespace ingot

// Printing of operators: "name{field=value, ...}", fields at their default left out.
#include <map>

#include "ops/fused.h"
#include "ops/op_io.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// Quoted; backslash sequences: \\ \" \n and \xNN for other control characters.
std::string quote(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
  }
  return quoted + "\"";
}

template <class T, class Print> std::string list(const std::vector<T>& values, Print&& print) {
  std::string text = "[";
  for (size_t i = 0; i < values.size(); ++i) text += (i ? "," : "") + print(values[i]);
  return text + "]";
}

std::string number(double value) { return fmt::format("{}", value); }

// One element so that it reads back exactly: 1.5, -3, "text", (1,-2) for complex numbers.
std::string element_text(const Tensor& tensor, int64_t i) {
  switch (tensor.dtype()) {
    case DType::kString: return quote(tensor.data<std::string>()[i]);
    case DType::kC64:
      return fmt::format("({},{})", tensor.data<std::complex<float>>()[i].real(),
                         tensor.data<std::complex<float>>()[i].imag());
    case DType::kC128:
      return fmt::format("({},{})", tensor.data<std::complex<double>>()[i].real(),
                         tensor.data<std::complex<double>>()[i].imag());
    case DType::kU64: return std::to_string(static_cast<uint64_t>(read_int(tensor, i)));
    default: return is_float(tensor.dtype()) ? number(read_double(tensor, i)) : std::to_string(read_int(tensor, i));
  }
}

class FieldPrinter : public FieldVisitor {
 public:
  std::vector<std::pair<std::string, std::string>> fields;
  void visit(const char* name, int64_t& v) override { add(name, std::to_string(v)); }
  void visit(const char* name, double& v) override { add(name, number(v)); }
  void visit(const char* name, bool& v) override { add(name, v ? "true" : "false"); }
  void visit(const char* name, std::string& v) override { add(name, quote(v)); }
  void visit(const char* name, DType& v) override { add(name, std::string(dtype_name(v))); }
  void visit(const char* name, std::vector<int64_t>& v) override {
    add(name, list(v, [](int64_t each) { return std::to_string(each); }));
  }
  void visit(const char* name, std::vector<double>& v) override { add(name, list(v, number)); }
  void visit(const char* name, std::vector<std::string>& v) override { add(name, list(v, quote)); }
  void visit(const char* name, DimShape& v) override { add(name, dims_text(v)); }
  void visit(const char* name, Tensor& v) override {
    if (!v.defined()) return add(name, "none");
    std::string text = v.type_text() + "[";
    for (int64_t i = 0; i < v.count(); ++i) text += (i > 0 ? "," : "") + element_text(v, i);
    add(name, text + "]");
  }
  void visit(const char* name, Type& v) override { add(name, v.text()); }
  void visit(const char* name, std::vector<TileInstruction>& v) override {
    add(name, list(v, [](const TileInstruction& each) {
          return each.op.text() + "(" + list(each.operands, [](int64_t o) { return std::to_string(o); }) + ")";
        }));
  }
  void visit_enum(const char* name, int64_t& value, std::span<const char* const> names) override {
    add(name, names[static_cast<size_t>(value)]);
  }

 private:
  void add(const char* name, std::string text) { fields.emplace_back(name, std::move(text)); }
};

}  // namespace

std::string Op::text() const {
  FieldPrinter mine, defaults;
  def_->visit(const_cast<void*>(fields_.get()), mine);
  const auto fresh = def_->create();
  def_->visit(fresh.get(), defaults);
  std::string text;
  for (size_t i = 0; i < mine.fields.size(); ++i) {
    if (mine.fields[i] == defaults.fields[i]) continue;
    text += (text.empty() ? "" : ", ") + mine.fields[i].first + "=" + mine.fields[i].second;
  }
  return text.empty() ? def_->name : std::string(def_->name) + "{" + text + "}";
}

}  // namespace ingot

// Parsing of what op_text.cc prints.
#include <charconv>
#include <map>

#include "ops/fused.h"
#include "ops/ops.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

constexpr int kMaxBodyDepth = 4, kMaxTypeDepth = 16;

Op parse_at_depth(std::string_view text, int depth);

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Position of the first `wanted` outside of brackets and quotes, or the length.
size_t find_outside(std::string_view text, char wanted) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == wanted && depth == 0) return i;
    if (c == '"') quoted = true;
    if (c == '[' || c == '{' || c == '(') ++depth;
    if (c == ']' || c == '}' || c == ')') --depth;
  }
  return text.size();
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!trim(text).empty()) {
    const size_t comma = find_outside(text, ',');
    parts.push_back(trim(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

// Sets the fields that the text names; what it does not name keeps its default.
class FieldParser : public FieldVisitor {
 public:
  FieldParser(std::string_view op, std::string_view text, int depth) : op_(op), depth_(depth) {
    for (const auto entry : split(text)) {
      const size_t equals = find_outside(entry, '=');
      const auto name = trim(entry.substr(0, equals));
      if (equals == entry.size()) reject(name, "has no value");
      if (!fields_.emplace(name, trim(entry.substr(equals + 1))).second) reject(name, "stands twice");
    }
  }

  void visit(const char* name, int64_t& v) override {
    set(name, v, [&](auto text) { return integer(text); });
  }
  void visit(const char* name, double& v) override {
    set(name, v, [&](auto text) { return real(text); });
  }
  void visit(const char* name, bool& v) override {
    set(name, v, [&](auto text) { return truth(text); });
  }
  void visit(const char* name, std::string& v) override {
    set(name, v, [&](auto text) { return unquoted(text); });
  }
  void visit(const char* name, DType& v) override {
    set(name, v, [&](auto text) { return dtype(text); });
  }
  void visit(const char* name, std::vector<int64_t>& v) override {
    set(name, v, [&](auto text) { return list(text, [&](auto each) { return integer(each); }); });
  }
  void visit(const char* name, std::vector<double>& v) override {
    set(name, v, [&](auto text) { return list(text, [&](auto each) { return real(each); }); });
  }
  void visit(const char* name, std::vector<std::string>& v) override {
    set(name, v, [&](auto text) { return list(text, [&](auto each) { return unquoted(each); }); });
  }
  void visit(const char* name, DimShape& v) override {
    set(name, v, [&](auto text) { return list(text, [](auto each) { return Dim::parse(each); }); });
  }
  void visit(const char* name, Tensor& v) override {
    set(name, v, [&](auto text) { return tensor(text); });
  }
  void visit(const char* name, Type& v) override {
    set(name, v, [&](auto text) { return type(text); });
  }
  void visit(const char* name, std::vector<TileInstruction>& v) override {
    set(name, v, [&](auto text) { return list(text, [&](auto each) { return instruction(each); }); });
  }
  void visit_enum(const char* name, int64_t& value, std::span<const char* const> names) override {
    set(name, value, [&](auto text) -> int64_t {
      for (size_t i = 0; i < names.size(); ++i) {
        if (text == names[i]) return static_cast<int64_t>(i);
      }
      reject(current_, fmt::format("has no value '{}'", text));
    });
  }

  void require_all_used() const {
    if (!fields_.empty()) reject(fields_.begin()->first, "is no field of it");
  }

 private:
  [[noreturn]] void reject(std::string_view field, std::string_view why) const {
    fail(Code::kInvalidArgument, "operator {}: field '{}' {}", op_, field, why);
  }
  template <class T, class Parse> void set(const char* name, T& value, Parse&& parse) {
    const auto found = fields_.find(name);
    if (found == fields_.end()) return;
    current_ = name;
    value = parse(found->second);
    fields_.erase(found);
  }

  template <class Int = int64_t> Int integer(std::string_view text) const {
    Int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
      reject(current_, fmt::format("is no integer: {}", text));
    return value;
  }
  double real(std::string_view text) const {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
      reject(current_, fmt::format("is no number: {}", text));
    return value;
  }
  bool truth(std::string_view text) const {
    if (text != "true" && text != "false") reject(current_, "is neither true nor false");
    return text == "true";
  }
  std::string unquoted(std::string_view text) const {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') reject(current_, "is no string");
    std::string value;
    for (size_t i = 1; i + 1 < text.size(); ++i) {
      if (text[i] == '\\' && ++i + 1 < text.size() && text[i] == 'n') {
        value += '\n';
      } else if (text[i - 1] == '\\' && text[i] == 'x') {
        int code = 0;
        const auto digits = text.substr(i + 1, 2);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
        if (error != std::errc() || end != digits.data() + 2) reject(current_, "has a bad \\x sequence");
        value += static_cast<char>(code);
        i += 2;
      } else {
        value += text[i];
      }
    }
    return value;
  }
  DType dtype(std::string_view text) const {
    const DType dtype = parse_dtype(text);
    if (dtype == DType::kUndefined && text != dtype_name(dtype)) reject(current_, "is no element type");
    return dtype;
  }
  std::string_view inside(std::string_view text, char open, char close) const {
    if (text.size() < 2 || text.front() != open || text.back() != close) {
      reject(current_, fmt::format("needs {}...{}", open, close));
    }
    return text.substr(1, text.size() - 2);
  }
  template <class Parse> auto list(std::string_view text, Parse&& parse) const {
    std::vector<decltype(parse(text))> values;
    for (const auto each : split(inside(text, '[', ']'))) values.push_back(parse(each));
    return values;
  }

  void element(std::string_view text, Tensor& tensor, int64_t i) const {
    const DType dtype = tensor.dtype();
    if (dtype == DType::kString) {
      tensor.mutable_data<std::string>()[i] = unquoted(text);
    } else if (is_complex(dtype)) {
      const auto parts = split(inside(text, '(', ')'));
      if (parts.size() != 2) reject(current_, "needs complex numbers as (real,imaginary)");
      const std::complex<double> value(real(parts[0]), real(parts[1]));
      if (dtype == DType::kC128) {
        tensor.mutable_data<std::complex<double>>()[i] = value;
      } else {
        tensor.mutable_data<std::complex<float>>()[i] = std::complex<float>(value);
      }
    } else if (is_float(dtype)) {
      write_double(tensor, i, real(text));
    } else {
      write_int(tensor, i, dtype == DType::kU64 ? static_cast<int64_t>(integer<uint64_t>(text)) : integer(text));
    }
  }

  // "f32[2][1,2]"
  Tensor tensor(std::string_view text) const {
    if (text == "none") return {};
    const size_t open = std::min(text.find('['), text.size()), close = std::min(text.find(']'), text.size());
    if (close == text.size()) reject(current_, "is no tensor");
    const auto shape = list(text.substr(open, close + 1 - open), [&](auto each) { return integer(each); });
    const auto elements = split(inside(trim(text.substr(close + 1)), '[', ']'));
    if (element_count(shape) != static_cast<int64_t>(elements.size()))
      reject(current_, "has another number of elements");
    Tensor value(dtype(text.substr(0, open)), shape);
    if (!value.defined()) reject(current_, "has no element type");
    for (size_t i = 0; i < elements.size(); ++i) element(elements[i], value, static_cast<int64_t>(i));
    return value;
  }

  // "f32", "seq(f32)", "opt(seq(f32))", "map(i64,f32)"
  Type type(std::string_view text, int depth = 0) const {
    if (depth > kMaxTypeDepth) reject(current_, "is a type nested too deeply");
    const size_t open = text.find('(');
    if (open == std::string_view::npos) return Type::tensor(dtype(text));
    const auto word = text.substr(0, open);
    const auto inner = inside(text.substr(open), '(', ')');
    if (word == "seq") return Type::sequence(type(inner, depth + 1));
    if (word == "opt") return Type::optional(type(inner, depth + 1));
    const auto parts = split(inner);
    if (word != "map" || parts.size() != 2) reject(current_, "is no type");
    return Type::map(dtype(parts[0]), dtype(parts[1]));
  }

  // "binary{fn=add}([0,1])"
  TileInstruction instruction(std::string_view text) const {
    const size_t open = find_outside(text, '(');
    const auto operands = inside(trim(text.substr(open)), '(', ')');
    return {parse_at_depth(text.substr(0, open), depth_ + 1), list(operands, [&](auto each) { return integer(each); })};
  }

  std::string_view op_;
  int depth_;
  std::string_view current_;
  std::map<std::string_view, std::string_view> fields_;
};

Op parse_at_depth(std::string_view text, int depth) {
  if (depth > kMaxBodyDepth) fail(Code::kInvalidArgument, "operators nested too deeply");
  text = trim(text);
  const size_t brace = std::min(text.find('{'), text.size());
  const auto name = trim(text.substr(0, brace));
  const OpDef* def = find_op(name);
  if (def == nullptr) fail(Code::kInvalidArgument, "there is no operator '{}'", name);
  std::string_view fields;
  if (brace < text.size()) {
    if (text.back() != '}') fail(Code::kInvalidArgument, "operator {}: the fields do not end in }}", name);
    fields = text.substr(brace + 1, text.size() - brace - 2);
  }
  auto value = def->create();
  FieldParser parser(name, fields, depth);
  def->visit(value.get(), parser);
  parser.require_all_used();
  return Op(def, std::move(value));
}

}  // namespace

Op parse_op(std::string_view text) { return parse_at_depth(text, 0); }

}  // namespace ingot

// Recursive descent over the text form of graphs.
#include <charconv>
#include <unordered_map>

#include "ir/text.h"
#include "tensor/elements.h"
#include "tensor/random.h"

namespace ingot::ir {
namespace {

constexpr int kMaxNesting = 32;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Graph parse_all() {
    skip();
    expect_word("graph");
    Graph graph;
    graph.name = name();
    parse_graph_into(graph, 0);
    if (position_ != text_.size()) reject("text after the graph");
    return graph;
  }

 private:
  using Names = std::unordered_map<std::string, ValueId>;
  struct Result {
    std::string name;
    std::optional<Fact> fact;
  };

  [[noreturn]] void reject(std::string_view why) const {
    const auto line = std::count(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(position_), '\n') + 1;
    fail(Code::kInvalidArgument, "graph text, line {}: {}", line, why);
  }

  // Blanks and comments that stand on a line of their own.
  void skip() {
    while (position_ < text_.size()) {
      if (std::isspace(static_cast<unsigned char>(text_[position_]))) {
        ++position_;
      } else if (text_[position_] == '#') {
        position_ = std::min(text_.find('\n', position_), text_.size());
      } else {
        return;
      }
    }
  }
  void skip_blanks() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\t')) ++position_;
  }
  char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  bool accept(char c) {
    if (peek() != c) return false;
    ++position_;
    skip_blanks();
    return true;
  }
  void expect(char c) {
    if (!accept(c)) reject(fmt::format("expected '{}'", c));
  }
  bool accept_word(std::string_view word) {
    if (text_.substr(position_, word.size()) != word) return false;
    const char next = position_ + word.size() < text_.size() ? text_[position_ + word.size()] : '\0';
    if (std::isalnum(static_cast<unsigned char>(next)) || next == '_') return false;
    position_ += word.size();
    skip_blanks();
    return true;
  }
  void expect_word(std::string_view word) {
    if (!accept_word(word)) reject(fmt::format("expected '{}'", word));
  }

  std::string quoted() {
    std::string result;
    for (++position_; peek() != '"'; ++position_) {
      if (position_ >= text_.size()) reject("a string without end");
      if (peek() == '\\') {
        ++position_;
        result += peek() == 'n' ? '\n' : peek();
      } else {
        result += peek();
      }
    }
    ++position_;
    skip_blanks();
    return result;
  }
  std::string name() {
    if (peek() == '"') return quoted();
    const size_t first = position_;
    while (std::isalnum(static_cast<unsigned char>(peek())) || std::string_view("_./-$~").find(peek()) < 6) ++position_;
    if (first == position_) reject("expected a name");
    std::string result(text_.substr(first, position_ - first));
    skip_blanks();
    return result;
  }

  Type type() {
    for (const bool sequence : {true, false}) {
      if (!accept_word(sequence ? "seq" : "opt")) continue;
      expect('(');
      Type element = type();
      expect(')');
      return sequence ? Type::sequence(std::move(element)) : Type::optional(std::move(element));
    }
    if (accept_word("map")) {
      expect('(');
      const DType key = dtype();
      expect(',');
      const DType value = dtype();
      expect(')');
      return Type::map(key, value);
    }
    return Type::tensor(dtype());
  }
  DType dtype() {
    const std::string text = name();
    const DType dtype = parse_dtype(text);
    if (dtype == DType::kUndefined) reject(fmt::format("no element type '{}'", text));
    return dtype;
  }

  Fact fact() {
    Fact fact(type());
    if (!fact.type.is_tensor() || !accept('[')) return fact;
    if (text_.substr(position_, 2) == "?]") {
      ++position_;
      expect(']');
      return fact;
    }
    fact.shape.emplace();
    size_t first = position_;
    int depth = 0;
    for (; position_ < text_.size(); ++position_) {
      const char c = peek();
      if (c == '(') ++depth;
      if (c == ')') --depth;
      if (depth == 0 && (c == ',' || c == ']')) {
        if (position_ > first) fact.shape->push_back(Dim::parse(text_.substr(first, position_ - first)));
        first = position_ + 1;
        if (c == ']') break;
      }
    }
    expect(']');
    return fact;
  }

  void parse_graph_into(Graph& graph, int depth) {
    if (depth > kMaxNesting) reject("bodies nested too deeply");
    Names names;
    expect('(');
    while (!accept(')')) {
      expect('%');
      const std::string input = name();
      expect(':');
      Fact type = fact();
      if (!names.emplace(input, graph.add_input(input, std::move(type))).second) reject("a name defined twice");
      if (peek() != ')') expect(',');
      skip();
    }
    expect('{');
    for (skip(); accept_word("body"); skip()) {
      if (number() != std::to_string(graph.bodies().size())) reject("bodies are numbered from 0");
      Graph body = graph.new_body();
      body.name = name();
      parse_graph_into(body, depth + 1);
      graph.add_body(std::move(body));
    }
    while (!accept_word("return")) {
      parse_line(graph, names);
      skip();
    }
    parse_outputs(graph, names);
    skip();
    expect('}');
    skip();
  }

  void parse_outputs(Graph& graph, const Names& names) {
    std::vector<ValueId> outputs;
    std::vector<std::string> output_names;
    while (peek() == '%') {
      expect('%');
      output_names.push_back(name());
      outputs.push_back(find(names, output_names.back()));
      if (accept_word("as")) output_names.back() = quoted();
      if (!accept(',')) break;
      skip();
    }
    graph.set_outputs(std::move(outputs), std::move(output_names));
  }

  ValueId find(const Names& names, const std::string& wanted) {
    const auto found = names.find(wanted);
    if (found == names.end()) reject(fmt::format("%{} is not defined", wanted));
    return found->second;
  }

  void parse_line(Graph& graph, Names& names) {
    std::vector<Result> results;
    do {
      skip();
      expect('%');
      results.push_back({name(), {}});
      if (accept(':')) results.back().fact = fact();
    } while (accept(','));
    expect('=');
    std::vector<ValueId> values;
    if (accept_word("const")) {
      if (results.size() != 1 || !results[0].fact) reject("a constant is one value with a type");
      values.push_back(graph.add_constant(constant(*results[0].fact)));
    } else {
      values = parse_node(graph, names);
    }
    if (results.size() != values.size()) reject(fmt::format("the operator has {} results", values.size()));
    for (size_t i = 0; i < values.size(); ++i) {
      if (results[i].fact) refine(graph, values[i], std::move(*results[i].fact));
      graph.rename_value(values[i], results[i].name);
      if (!names.emplace(results[i].name, values[i]).second) reject("a name defined twice");
    }
  }

  void refine(Graph& graph, ValueId id, Fact given) {
    const Fact& inferred = graph.fact(id);
    if (const char* reason = compatible(given, inferred)) {
      reject(fmt::format("{} where {} is inferred: {}", given.text(), inferred.text(), reason));
    }
    if (!given.has_rank()) given.shape = inferred.shape;
    given.value = inferred.value;
    given.elements = inferred.elements;
    graph.refine_fact(id, std::move(given));
  }

  std::vector<ValueId> parse_node(Graph& graph, const Names& names) {
    const size_t first = position_;
    int depth = 0;
    bool inside_quotes = false;
    for (; position_ < text_.size() && (peek() != '(' || depth > 0 || inside_quotes); ++position_) {
      if (inside_quotes && peek() == '\\') {
        ++position_;
      } else if (peek() == '"') {
        inside_quotes = !inside_quotes;
      } else if (!inside_quotes && peek() == '{') {
        ++depth;
      } else if (!inside_quotes && peek() == '}') {
        --depth;
      }
    }
    const std::string_view op_text = text_.substr(first, position_ - first);
    std::vector<ValueId> inputs;
    expect('(');
    while (!accept(')')) {
      if (accept('_')) {
        inputs.push_back(kNoValue);
      } else {
        expect('%');
        inputs.push_back(find(names, name()));
      }
      if (peek() != ')') expect(',');
    }
    Origin origin;
    if (peek() == '#') origin = parse_origin();
    const auto line = fmt::format("graph text, line {}",
                                  std::count(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(first), '\n') + 1);
    return with_frame([&] { return line; },
                      [&] { return graph.add_node(parse_op(op_text), std::move(inputs), std::move(origin)); });
  }

  Origin parse_origin() {
    ++position_;
    skip_blanks();
    const size_t end = std::min(text_.find('\n', position_), text_.size());
    std::string_view rest = text_.substr(position_, end - position_);
    position_ = end;
    Origin origin;
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(", "), rest.size());
      origin.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 2, rest.size()));
    }
    return origin;
  }

  // The characters of a number, "nan" or "inf".
  std::string number() {
    const size_t first = position_;
    while (std::isalnum(static_cast<unsigned char>(peek())) || peek() == '-' || peek() == '+' || peek() == '.') {
      ++position_;
    }
    std::string result(text_.substr(first, position_ - first));
    skip_blanks();
    if (result.empty()) reject("expected a number");
    return result;
  }
  double real(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end != text.c_str() + text.size()) reject(fmt::format("'{}' is no number", text));
    return value;
  }

  template <class T> void complex_element(Tensor& tensor, int64_t index) {
    expect('(');
    const double re = real(number());
    expect(',');
    const double im = real(number());
    expect(')');
    tensor.mutable_data<std::complex<T>>()[index] = {static_cast<T>(re), static_cast<T>(im)};
  }

  void element(Tensor& tensor, int64_t index) {
    switch (tensor.dtype()) {
      case DType::kString:
        if (peek() != '"') reject("expected a string");
        tensor.mutable_data<std::string>()[index] = quoted();
        return;
      case DType::kBool: {
        const std::string text = number();
        if (text != "true" && text != "false") reject("expected true or false");
        tensor.mutable_data<bool>()[index] = text == "true";
        return;
      }
      case DType::kC64: return complex_element<float>(tensor, index);
      case DType::kC128: return complex_element<double>(tensor, index);
      default: break;
    }
    const std::string text = number();
    if (is_float(tensor.dtype())) return write_double(tensor, index, real(text));
    const bool negative = text[0] == '-';
    uint64_t magnitude = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + (negative ? 1 : 0), end, magnitude);
    if (error != std::errc() || stop != end) reject(fmt::format("'{}' is no whole number", text));
    write_int(tensor, index, static_cast<int64_t>(negative ? 0 - magnitude : magnitude));
  }

  Tensor constant(const Fact& fact) {
    const auto shape = fact.shape ? constant_shape(*fact.shape) : std::nullopt;
    if (!shape || !fact.type.is_tensor()) reject("a constant needs a type with sizes");
    for (const int base : {10, 16}) {
      if (!accept_word(base == 10 ? "random" : "hash")) continue;
      expect('(');
      const std::string text = number();
      uint64_t seed = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed, base);
      if (error != std::errc() || end != text.data() + text.size()) reject("expected a seed or hash");
      expect(')');
      return random_tensor(fact.dtype(), *shape, seed);
    }
    Tensor tensor(fact.dtype(), *shape);
    if (accept('{')) {
      for (int64_t i = 0; i < tensor.count(); ++i) {
        if (i > 0) expect(',');
        skip();
        element(tensor, i);
        skip_line_break();
      }
      expect('}');
      return tensor;
    }
    Tensor one(fact.dtype(), {1});
    element(one, 0);
    for (int64_t i = 0; i < tensor.count(); ++i) copy_element(one, 0, tensor, i);
    return tensor;
  }
  void skip_line_break() {
    if (peek() == '\n') skip();
  }

  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace

Graph parse_graph(std::string_view text) { return Parser(text).parse_all(); }

}  // namespace ingot::ir

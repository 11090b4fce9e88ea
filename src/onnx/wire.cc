#include "onnx/wire.h"

namespace ingot::onnx {

using protozero::pbf_wire_type;

void ReadBudget::take_node() {
  if (++nodes_ > limits_.max_nodes) {
    fail(Code::kInvalidModel, "the model has more than {} nodes (limit)", limits_.max_nodes);
  }
}

void ReadBudget::take_memory(size_t bytes) {
  memory_ += bytes;
  if (memory_ > limits_.max_memory) {
    fail(Code::kOutOfMemory, "reading the model's structure takes more than {} bytes (limit)", limits_.max_memory);
  }
}

void ReadBudget::check_depth(size_t depth) const {
  constexpr size_t kMessagesPerLevel = 4;  // graph, node, attribute; type, element
  if (depth > kMessagesPerLevel * (limits_.max_depth + 1)) {
    fail(Code::kInvalidModel, "graphs or types nested more than {} deep (limit)", limits_.max_depth);
  }
}

size_t ReadBudget::offset(const void* at) const {
  return static_cast<size_t>(static_cast<const std::byte*>(at) - file_.data());
}

MessageReader::MessageReader(Bytes bytes, const char* name, ReadBudget& budget, size_t depth)
    : reader_(reinterpret_cast<const char*>(bytes.data()), bytes.size()), name_(name), budget_(budget), depth_(depth) {}

void MessageReader::reject(std::string_view reason) const {
  const char* at = field_start_ != nullptr ? field_start_ : reader_.data().data();
  fail(Code::kInvalidModel, "{} in field {} of {} at offset {}", reason, reader_.tag(), name_, budget_.offset(at));
}

template <class Read> auto MessageReader::guarded(Read&& read) {
  try {
    return read();
  } catch (const protozero::exception& error) {
    reject(fmt::format("damaged bytes ({})", error.what()));
  }
}

void MessageReader::want(pbf_wire_type type) const {
  if (reader_.wire_type() != type) {
    reject(fmt::format("wire type {} where {} belongs", static_cast<uint32_t>(reader_.wire_type()),
                       static_cast<uint32_t>(type)));
  }
}

bool MessageReader::next() {
  field_start_ = reader_.data().data();
  return guarded([&] { return reader_.next(); });
}

int64_t MessageReader::get_int() {
  want(pbf_wire_type::varint);
  return guarded([&] { return reader_.get_int64(); });
}

int32_t MessageReader::get_int32() {
  return static_cast<int32_t>(get_int());  // protobuf truncates
}

float MessageReader::get_float() {
  want(pbf_wire_type::fixed32);
  return guarded([&] { return reader_.get_float(); });
}

double MessageReader::get_double() {
  want(pbf_wire_type::fixed64);
  return guarded([&] { return reader_.get_double(); });
}

Bytes MessageReader::get_bytes() {
  want(pbf_wire_type::length_delimited);
  return guarded([&]() -> Bytes {
    // protozero keeps lengths in 32 bits; a longer one must not be read as a shorter one.
    const auto left = reader_.data();
    const char* position = left.data();
    if (protozero::decode_varint(&position, left.data() + left.size()) > UINT32_MAX) {
      reject("a length over 4 GB");
    }
    const auto view = reader_.get_view();
    return {reinterpret_cast<const std::byte*>(view.data()), view.size()};
  });
}

std::string MessageReader::get_string() {
  const Bytes bytes = get_bytes();
  budget_.take_memory(bytes.size());
  return std::string(as_text(bytes));
}

MessageReader MessageReader::get_message(const char* name) {
  budget_.check_depth(depth_ + 1);
  return MessageReader(get_bytes(), name, budget_, depth_ + 1);
}

void MessageReader::get_ints(std::vector<int64_t>& into) {
  if (!is_length_delimited()) {
    budget_.take_memory(sizeof(int64_t));
    into.push_back(get_int());
    return;
  }
  const Bytes packed = get_bytes();
  const char* position = reinterpret_cast<const char*>(packed.data());
  const char* end = position + packed.size();
  size_t count = 0;
  for (const std::byte byte : packed) count += (byte & std::byte{0x80}) == std::byte{0} ? 1 : 0;
  budget_.take_memory(count * sizeof(int64_t));
  if (into.empty()) into.reserve(count);
  guarded([&] {
    while (position != end) into.push_back(static_cast<int64_t>(protozero::decode_varint(&position, end)));
  });
}

void MessageReader::get_floats(std::vector<float>& into) {
  if (!is_length_delimited()) {
    budget_.take_memory(sizeof(float));
    into.push_back(get_float());
    return;
  }
  const Bytes packed = get_bytes();
  if (packed.size() % sizeof(float) != 0) reject("packed floats of a broken length");
  budget_.take_memory(packed.size());
  const size_t start = into.size();
  into.resize(start + packed.size() / sizeof(float));
  if (!packed.empty()) std::memcpy(into.data() + start, packed.data(), packed.size());
}

void MessageReader::skip() {
  if (is_length_delimited()) {
    get_bytes();
  } else {
    guarded([&] { reader_.skip(); });
  }
}

void MessageReader::keep_unknown(std::vector<std::byte>& into) {
  skip();
  const auto* start = reinterpret_cast<const std::byte*>(field_start_);
  const auto* end = reinterpret_cast<const std::byte*>(reader_.data().data());
  budget_.take_memory(static_cast<size_t>(end - start));
  into.insert(into.end(), start, end);
}

}  // namespace ingot::onnx

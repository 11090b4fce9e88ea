#include "base/bytes.h"

namespace ingot {

Bytes ByteReader::take(size_t count) {
  if (count > remaining()) {
    fail(code_, "{}: {} bytes wanted at offset {}, {} left", what_, count, offset_, remaining());
  }
  Bytes result = bytes_.subspan(offset_, count);
  offset_ += count;
  return result;
}

void ByteReader::align(size_t multiple) {
  const size_t excess = offset_ % multiple;
  if (excess != 0) take(multiple - excess);
}

size_t ByteReader::read_count(size_t limit, size_t min_bytes_each) {
  const auto count = read<uint64_t>();
  if (count > limit) fail(code_, "{}: count {} at offset {} is over the limit of {}", what_, count, offset_ - 8, limit);
  if (min_bytes_each != 0 && count > remaining() / min_bytes_each) {
    fail(code_, "{}: count {} at offset {} needs more than the {} bytes left", what_, count, offset_ - 8, remaining());
  }
  return count;
}

std::string ByteReader::read_string(size_t limit) { return std::string(as_text(take(read_count(limit)))); }

void ByteReader::reject(std::string_view reason) const { fail(code_, "{}: {} at offset {}", what_, reason, offset_); }

void ByteWriter::align(size_t multiple) { bytes_.resize((bytes_.size() + multiple - 1) / multiple * multiple); }

void ByteWriter::write_string(std::string_view text) {
  write_count(text.size());
  append(as_bytes(text));
}

}  // namespace ingot

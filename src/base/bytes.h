// The bounds-checked reader and the growing writer that every untrusted byte goes through.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"

namespace ingot {

static_assert(std::endian::native == std::endian::little, "files are little-endian and mapped as they are");

using Bytes = std::span<const std::byte>;

inline Bytes as_bytes(std::string_view text) { return {reinterpret_cast<const std::byte*>(text.data()), text.size()}; }
inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Reads little-endian values in order. Every read past the end throws Error(code) naming `what` and the offset.
// Does not own the bytes; views handed out live as long as they do. Not for concurrent use.
class ByteReader {
 public:
  ByteReader(Bytes bytes, Code code, const char* what) : bytes_(bytes), code_(code), what_(what) {}

  size_t offset() const { return offset_; }
  size_t remaining() const { return bytes_.size() - offset_; }
  bool done() const { return remaining() == 0; }

  template <class T>
  requires std::is_arithmetic_v<T> T read() {
    if constexpr (std::is_same_v<T, bool>) {
      const auto value = read<uint8_t>();
      if (value > 1) reject("a truth value that is neither 0 nor 1");
      return value == 1;
    } else {
      T value;
      std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
      return value;
    }
  }
  Bytes take(size_t count);
  void align(size_t multiple);
  // A u64 count checked against `limit` and against the bytes left at `min_bytes_each`, so that a hostile count
  // cannot make the caller reserve memory.
  size_t read_count(size_t limit, size_t min_bytes_each = 1);
  std::string read_string(size_t limit = 1 << 20);
  [[noreturn]] void reject(std::string_view reason) const;

 private:
  Bytes bytes_;
  size_t offset_ = 0;
  Code code_;
  const char* what_;
};

// The writing twin: what it writes, ByteReader reads.
class ByteWriter {
 public:
  template <class T>
  requires std::is_arithmetic_v<T>
  void write(T value) { append({reinterpret_cast<const std::byte*>(&value), sizeof(T)}); }
  void append(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void align(size_t multiple);
  void write_count(size_t count) { write<uint64_t>(count); }
  void write_string(std::string_view text);
  size_t size() const { return bytes_.size(); }
  Bytes bytes() const { return bytes_; }
  std::vector<std::byte> release() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace ingot

// XXH3 content hashes (xxHash library): integrity and cache keys, no protection against tampering.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace ingot {

struct Hash128 {
  uint64_t low = 0, high = 0;
  bool operator==(const Hash128&) const = default;
  std::string hex() const;
};

uint64_t hash64(Bytes bytes, uint64_t seed = 0);
// The hash of the parts joined.
uint64_t hash64(std::span<const Bytes> parts);
Hash128 hash128(Bytes bytes);
inline uint64_t hash_combine(uint64_t a, uint64_t b) { return a ^ (b + 0x9e3779b97f4a7c15ull + (a << 6) + (a >> 2)); }

}  // namespace ingot

// Layout of a plan file; docs/plan-format.md explains it. Numbers are little-endian.
#pragma once
#include <cstdint>

namespace ingot::plan {

inline constexpr char kMagic[8] = {'I', 'N', 'G', 'O', 'T', 'P', 'L', 'N'};
inline constexpr uint32_t kFormatVersion = 1;
inline constexpr uint32_t kEndianMark = 0x01020304;
inline constexpr uint64_t kWeightAlignment = 64;  // of each constant, so that kernels read it in place

// Section identifiers: append only.
enum class Section : uint32_t {
  kInfo = 1,
  kProgram = 2,
  kConstants = 3,
  kPortableGraph = 4,
  kWeights = 5,
  kDeviceCode = 6
};

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t endian;
  uint64_t file_size;
  uint32_t section_count;
  uint32_t reserved;
  uint64_t table_hash;  // xxh3 of the section table
};

struct SectionEntry {
  uint32_t id;
  uint32_t reserved;
  uint64_t offset, size;
  uint64_t hash;  // xxh3 of the section's bytes
};

}  // namespace ingot::plan

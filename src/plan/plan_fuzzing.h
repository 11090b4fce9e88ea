// For fuzz targets: a damaged plan with its hashes put right, so that what they guard is reached.
#pragma once
#include "base/hash.h"
#include "plan/format.h"

namespace ingot::plan {

inline std::vector<std::byte> with_right_hashes(Bytes damaged) {
  std::vector<std::byte> bytes(damaged.begin(), damaged.end());
  Header header;
  if (bytes.size() < sizeof(header)) return bytes;
  std::memcpy(&header, bytes.data(), sizeof(header));
  header.file_size = bytes.size();
  const size_t room = (bytes.size() - sizeof(header)) / sizeof(SectionEntry);
  const size_t count = std::min<size_t>(header.section_count, room);
  for (size_t i = 0; i < count; ++i) {
    std::byte* const at = bytes.data() + sizeof(header) + i * sizeof(SectionEntry);
    SectionEntry entry;
    std::memcpy(&entry, at, sizeof(entry));
    if (entry.offset > bytes.size() || entry.size > bytes.size() - entry.offset) continue;
    entry.hash = hash64(Bytes(bytes).subspan(entry.offset, entry.size));
    std::memcpy(at, &entry, sizeof(entry));
  }
  header.table_hash = hash64(Bytes(bytes).subspan(sizeof(header), count * sizeof(SectionEntry)));
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

}  // namespace ingot::plan

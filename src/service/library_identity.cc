#include "service/library_identity.h"

#include <fmt/core.h>
#include <link.h>

#include <cstring>

#include "base/bytes.h"

namespace ingot::service {
namespace {

struct Search {
  uintptr_t address;
  std::string identifier;
};

// The NT_GNU_BUILD_ID note of a note segment, as hex.
std::string build_identifier(Bytes notes) {
  ByteReader reader(notes, Code::kInternal, "notes of the library");
  while (reader.remaining() >= 12) {
    const auto name_size = reader.read<uint32_t>(), size = reader.read<uint32_t>(), type = reader.read<uint32_t>();
    const Bytes name = reader.take(name_size);
    reader.align(4);
    const Bytes content = reader.take(size);
    if (type == NT_GNU_BUILD_ID && as_text(name) == std::string_view("GNU", 4)) {
      std::string hex;
      for (const std::byte each : content) hex += fmt::format("{:02x}", static_cast<unsigned>(each));
      return hex;
    }
    reader.align(4);
  }
  return "";
}

int visit(dl_phdr_info* info, size_t, void* given) {
  auto& search = *static_cast<Search*>(given);
  bool ours = false;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    const uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    ours = ours || (segment.p_type == PT_LOAD && search.address - begin < segment.p_memsz);
  }
  if (!ours) return 0;
  for (int i = 0; i < info->dlpi_phnum && search.identifier.empty(); ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE || segment.p_align > 4) continue;  // 8-aligned notes hold CPU properties
    const auto* notes = reinterpret_cast<const std::byte*>(info->dlpi_addr + segment.p_vaddr);
    search.identifier = build_identifier({notes, segment.p_memsz});
  }
  return 1;
}

}  // namespace

const std::string& library_identity() {
  static const std::string identity = [] {
    Search search{reinterpret_cast<uintptr_t>(&build_identifier), ""};
    dl_iterate_phdr(visit, &search);
    return search.identifier.empty() ? std::string(INGOT_LIBRARY_VERSION)
                                     : fmt::format("{}+{}", INGOT_LIBRARY_VERSION, search.identifier);
  }();
  return identity;
}

}  // namespace ingot::service

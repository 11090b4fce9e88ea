// Which build of the library this is.
#pragma once
#include <string>

namespace ingot::service {

// Version and linker's build identifier of the file that holds this code ("0.1.0+4f3c…"): two builds of one version
// differ. The version alone where the linker wrote no identifier.
const std::string& library_identity();

}  // namespace ingot::service

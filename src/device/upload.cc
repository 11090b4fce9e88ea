#include <algorithm>
#include <vector>

#include "device/device.h"

namespace ingot::device {

void Device::upload(Address to, int64_t bytes, const Fill& fill) {
  std::vector<std::byte> piece(static_cast<size_t>(std::min(bytes, kPieceBytes)));
  for (int64_t begin = 0; begin < bytes; begin += kPieceBytes) {
    const int64_t size = std::min(bytes - begin, kPieceBytes);
    fill(piece.data(), begin, size);
    copy_in(to + static_cast<Address>(begin), piece.data(), size);
  }
}

}  // namespace ingot::device

#include "cuda/staging.h"

#include <algorithm>

namespace ingot::cuda {

Staging::~Staging() {
  for (const Piece& piece : pieces_) {
    if (piece.copied != nullptr) driver().event_destroy(piece.copied);
    if (piece.memory != nullptr) driver().host_free(piece.memory);
  }
}

bool Staging::ready() {
  if (tried_) return ready_;
  tried_ = true;
  ready_ = std::all_of(pieces_.begin(), pieces_.end(), [](Piece& piece) {
    return driver().host_alloc(&piece.memory, static_cast<size_t>(device::kPieceBytes), 0) == 0 &&
           driver().event_create(&piece.copied, kEventDisableTiming) == 0;
  });
  return ready_;
}

void Staging::upload(DevicePtr to, int64_t bytes, const device::Device::Fill& fill, Stream stream) {
  Driver& d = driver();
  for (int64_t begin = 0; begin < bytes; begin += device::kPieceBytes) {
    const Piece& piece = pieces_[next_++ % pieces_.size()];
    const int64_t size = std::min(bytes - begin, device::kPieceBytes);
    d.check(d.event_synchronize(piece.copied), "waiting for a copy to the GPU");
    fill(static_cast<std::byte*>(piece.memory), begin, size);
    d.check(d.copy_in(to + static_cast<DevicePtr>(begin), piece.memory, static_cast<size_t>(size), stream),
            "copying to the GPU");
    d.check(d.event_record(piece.copied, stream), "recording an event");
  }
}

}  // namespace ingot::cuda

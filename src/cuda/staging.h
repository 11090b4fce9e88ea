// Host memory that a GPU reads while the host fills the next piece.
#pragma once
#include <array>

#include "cuda/driver.h"
#include "device/device.h"

namespace ingot::cuda {

// A few pinned pieces of memory in turn, of one context; made when first needed, used by one thread at a time.
class Staging {
 public:
  ~Staging();
  // Whether there is such memory; the system may refuse it.
  bool ready();
  // As device::Device::upload, on `stream`; call after ready().
  void upload(DevicePtr to, int64_t bytes, const device::Device::Fill& fill, Stream stream);

 private:
  struct Piece {
    void* memory = nullptr;
    Event copied = nullptr;  // recorded once the GPU has read it
  };
  std::array<Piece, 3> pieces_;
  size_t next_ = 0;
  bool tried_ = false, ready_ = false;
};

}  // namespace ingot::cuda

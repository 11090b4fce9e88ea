// Any text either is refused with an Error or is an expression whose text form parses back to it.
#include "base/error.h"
#include "tensor/dim.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using ingot::Dim;
  try {
    const Dim dim = Dim::parse({reinterpret_cast<const char*>(data), size});
    INGOT_ASSERT(Dim::parse(dim.text()) == dim, "text forms parse back");
    dim.eval({{"a", 3}, {"b", 0}, {"h", 7}});
  } catch (const ingot::Error& error) {
    if (error.code() == ingot::Code::kInternal) __builtin_trap();
  }
  return 0;
}

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "device_memory.h"

namespace ingot_ort {
namespace {

constexpr size_t kGranule = 256;

struct Block {
  ValueHandle memory;
  size_t size = 0;
};

// Runs of a session ask for the same sizes again and again, and every new address means another recording of its
// graphs: blocks are kept, and the least that fits is given, of equal ones the lowest. More than twice the size is no
// fit.
struct Allocator : OrtAllocator {
  explicit Allocator(const DeviceMemory& of) : OrtAllocator{}, memory(of) {
    version = declared_api;
    Alloc = [](OrtAllocator* self, size_t size) { return static_cast<Allocator*>(self)->take(size); };
    Free = [](OrtAllocator* self, void* block) { static_cast<Allocator*>(self)->give_back(block); };
    Info = [](const OrtAllocator* self) {
      return static_cast<const OrtMemoryInfo*>(static_cast<const Allocator*>(self)->memory.info.get());
    };
    Reserve = Alloc;
  }

  // Null when the device has not that much.
  void* take(size_t size) noexcept {
    try {
      const size_t rounded = (size / kGranule + 1) * kGranule;
      const std::lock_guard lock(mutex);
      const auto found = idle.lower_bound({rounded, nullptr});
      if (found != idle.end() && found->first / 2 <= rounded) {
        void* const block = found->second;
        idle.erase(found);
        return block;
      }
      void* made = allocate(rounded);
      if (!made && !idle.empty()) {
        for (const auto& [bytes, block] : idle) {
          blocks.erase(block);
        }
        idle.clear();
        made = allocate(rounded);
      }
      return made;
    } catch (...) {
      return nullptr;
    }
  }

  void give_back(void* block) noexcept {
    if (block) {
      const std::lock_guard lock(mutex);
      idle.insert({blocks.at(block).size, block});
    }
  }

  const DeviceMemory& memory;
  std::mutex mutex;
  std::map<void*, Block> blocks;            // all of them
  std::set<std::pair<size_t, void*>> idle;  // by size

 private:
  void* allocate(size_t bytes) {
    const auto count = static_cast<int64_t>(bytes);
    const ingot_tensor_type type{INGOT_U8, 1, &count};
    ingot_value* value = nullptr;
    if (ingot_error* error = ingot_value_allocate_device(&type, memory.device.c_str(), &value)) {
      ingot_error_release(error);
      return nullptr;
    }
    ValueHandle owned(value);
    ingot_tensor tensor{};
    check(ingot_value_tensor(value, &tensor));
    auto* block = const_cast<void*>(tensor.data);
    blocks.emplace(block, Block{std::move(owned), bytes});
    return block;
  }
};

}  // namespace

OrtAllocator* make_allocator(const DeviceMemory& memory) { return new Allocator(memory); }

void release_allocator(OrtAllocator* allocator) { delete static_cast<Allocator*>(allocator); }

}  // namespace ingot_ort

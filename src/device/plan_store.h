// Code that came with a plan, behind a store.
#pragma once
#include "device/store.h"

namespace ingot::device {

// As `store`, which also has `code` for those who ask for what was brought; keeps none of it. The bytes outlive it.
std::shared_ptr<Store> with_code(std::shared_ptr<Store> store, std::span<const DeviceCode> code);

}  // namespace ingot::device

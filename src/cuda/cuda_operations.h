// Kernels, modules and recorded graphs of CUDA's driver interface.
#pragma once
#include "cuda/driver.h"
#include "device/device.h"

namespace ingot::cuda {

// Of machine code or PTX, in the current context; throws kDevice. `early`: its kernels wait for what is ahead of them
// by themselves, so that they may be started before that is done.
std::unique_ptr<device::Module> load_module(const std::string& code, Stream stream, bool early);
// Instantiates the graph, which is gone then.
std::unique_ptr<device::Operation> graph_operation(Graph graph, Context context, Stream stream);

}  // namespace ingot::cuda

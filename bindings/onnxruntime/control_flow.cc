#include "control_flow.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <set>

#include "kernel_registry.h"

namespace ingot_ort {
namespace {

// The newest version of the operators that ONNX Runtime before 1.27 may know.
constexpr int kNewestOpset = 26;

struct Concatenation : OrtLoopKernelHelper {
  Concatenation() : OrtLoopKernelHelper{declared_api, release, concat} {}

  static void release(OrtLoopKernelHelper* self) { delete static_cast<Concatenation*>(self); }
  // What the body made in each iteration, behind each other.
  static OrtStatus* concat(OrtLoopKernelHelper*, void*, const OrtValue* const* values, size_t count, void* output,
                           size_t capacity) {
    return guarded([&] {
      auto* to = static_cast<char*>(output);
      for (size_t i = 0; i < count; ++i) {
        const TensorView view = view_tensor(values[i]);
        const size_t size = byte_size(view.dtype, view.shape, view.rank);
        if (size > capacity) {
          throw Failure(kInvalidGraph, "Ingot: iterations of a Loop make more than its output holds");
        }
        std::memcpy(to, view.data, size);
        to += size;
        capacity -= size;
      }
    });
  }
};

OrtStatus* make_if(void*, const OrtKernelInfo* info, OrtKernelImpl** kernel) {
  return ort::CreateIfKernel(info, kernel);
}

OrtStatus* make_loop(void*, const OrtKernelInfo* info, OrtKernelImpl** kernel) {
  auto helper = std::make_unique<Concatenation>();
  OrtStatus* status = ort::CreateLoopKernel(info, helper.get(), kernel);
  if (!status) {
    static_cast<void>(helper.release());  // the kernel's
  }
  return status;
}

constexpr KernelRow kRows[] = {{"If", 1, kNewestOpset, make_if}, {"Loop", 1, kNewestOpset, make_loop}};

bool has_kernel(const OrtNode* node) {
  const std::string op = text(node, ort::Node_GetOperatorType);
  for (const KernelRow& row : kRows) {
    if (op == row.op && text(node, ort::Node_GetDomain).empty()) {
      return true;
    }
  }
  return false;
}

// Whether bodies of `node` read values that are none of its inputs. Constants count: of a node whose body is looked at
// ONNX Runtime does not tell them.
bool reads_around(const OrtNode* node) {
  std::set<std::string> given;
  for (const OrtValueInfo* value : inputs_of(node)) {
    given.insert(name_of(value));
  }
  const auto read = implicit_inputs_of(node);
  return std::any_of(read.begin(), read.end(), [&](const OrtValueInfo* value) { return !given.count(name_of(value)); });
}

// Whether bodies of `node` hold nodes whose bodies are graphs of their own: they were placed before `node` is.
bool holds_such(const OrtNode* node) {
  for (const OrtGraph* body : bodies_of(node)) {
    const auto nodes = nodes_of(body);
    if (std::any_of(nodes.begin(), nodes.end(), runs_bodies_apart)) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool runs_bodies_apart(const OrtNode* node) { return has_kernel(node) && (reads_around(node) || holds_such(node)); }

bool comes_with_its_node(const OrtGraph* graph, bool bodies_apart) {
  const OrtNode* parent = nullptr;
  check(ort::Graph_GetParentNode(graph, &parent));
  return parent && !(bodies_apart && runs_bodies_apart(parent));
}

const OrtKernelRegistry* control_flow_kernels() {
  static const KernelRegistry made = make_registry(kRows, std::size(kRows));
  return made.get();
}

}  // namespace ingot_ort

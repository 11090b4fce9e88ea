#include "kernel_registry.h"

#include "provider.h"

namespace ingot_ort {
namespace {

void add_kernel(OrtKernelRegistry* registry, const KernelRow& row) {
  OrtKernelDefBuilder* builder = nullptr;
  check(ort::CreateKernelDefBuilder(&builder));
  const std::unique_ptr<OrtKernelDefBuilder, void (*)(OrtKernelDefBuilder*)> builder_owner(
      builder, [](OrtKernelDefBuilder* made) { ort::ReleaseKernelDefBuilder(made); });
  check(ort::KernelDefBuilder_SetOperatorType(builder, row.op));
  check(ort::KernelDefBuilder_SetDomain(builder, ""));
  check(ort::KernelDefBuilder_SetSinceVersion(builder, row.first, row.last));
  check(ort::KernelDefBuilder_SetExecutionProvider(builder, kName));
  if (row.input_on_host) {
    check(ort::KernelDefBuilder_SetInputMemType(builder, 0, kHostInput));
  }
  if (row.output_on_host) {
    check(ort::KernelDefBuilder_SetOutputMemType(builder, 0, kHostOutput));
  }
  OrtKernelDef* def = nullptr;
  check(ort::KernelDefBuilder_Build(builder, &def));
  const std::unique_ptr<OrtKernelDef, void (*)(OrtKernelDef*)> def_owner(
      def, [](OrtKernelDef* made) { ort::ReleaseKernelDef(made); });
  check(ort::KernelRegistry_AddKernel(registry, def, row.make, nullptr));
}

}  // namespace

KernelRegistry make_registry(const KernelRow* rows, size_t count) {
  OrtKernelRegistry* made = nullptr;
  check(ort::CreateKernelRegistry(&made));
  KernelRegistry registry(made);
  for (size_t i = 0; i < count; ++i) {
    add_kernel(made, rows[i]);
  }
  return registry;
}

}  // namespace ingot_ort

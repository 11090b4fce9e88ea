// Uses the runtime library alone.
#include <ingot/ingot_runtime.h>

#include <cstdio>
#include <cstring>

int main() {
  ingot_plan* plan = nullptr;
  ingot_error* error = ingot_plan_load("/nowhere/missing.plan", 0, &plan);
  const bool as_expected = error != nullptr && ingot_error_code(error) == INGOT_NOT_FOUND &&
                           std::strstr(ingot_error_message(error), "missing.plan") != nullptr;
  ingot_error_release(error);
  std::printf("ingot %s\n", ingot_version());
  return as_expected ? 0 : 1;
}

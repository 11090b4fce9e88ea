// Uses the compiler through the C++ interface.
#include <ingot/ingot.hpp>

#include <cstdio>
#include <cstring>

int main() {
  if (std::strstr(ingot_build_options_json(), "precision") == nullptr) return 1;
  ingot_builder* builder = nullptr;
  ingot_error* error = ingot_builder_from_bytes("no model", 8, nullptr, &builder);
  const bool as_expected = error != nullptr && ingot_error_code(error) == INGOT_INVALID_MODEL;
  if (error != nullptr) std::printf("%s\n", ingot_error_message(error));
  ingot_error_release(error);
  ingot_builder_release(builder);
  return as_expected ? 0 : 1;
}

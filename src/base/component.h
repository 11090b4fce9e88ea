// Parts of the library that live in shared objects of their own, loaded when first needed.
#pragma once
#include <string>

namespace ingot {

// Opens our shared object `file` ("libingot_image.so"): in the folder that the knob INGOT_COMPONENT_DIR names, else
// beside the file that holds this code, in ../lib of it, or where the dynamic linker finds it. Never closed. Null when
// there is none; `reason` then says what was tried. Thread-safe.
void* open_component(const char* file, std::string& reason);
// A file that is installed where components are; empty when there is none.
std::string find_component_file(const char* file);
// Null when the component has no such symbol.
void* component_symbol(void* component, const char* name);

}  // namespace ingot

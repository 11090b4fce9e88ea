#include <ingot/ingot_runtime.h>

const char* runtime_version(void) { return ingot_version(); }

#include <ingot/ingot.h>

const char* whole_version(void) { return ingot_version(); }

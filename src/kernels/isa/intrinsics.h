// <immintrin.h> without GCC 12's false warnings: its AVX-512 intrinsics start from deliberately undefined registers
// (GCC bug 105593), which -Wuninitialized reports wherever they are inlined. Holds for the rest of the source file.
#pragma once
#include <immintrin.h>
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

// Closes the region that "kernels/isa/avx512_begin.h" opened.
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC diagnostic pop
#pragma GCC pop_options
#endif
#undef INGOT_ROUNDS_BF16

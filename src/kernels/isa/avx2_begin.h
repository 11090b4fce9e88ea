// Opens a region whose functions may use AVX2, FMA, F16C and BMI. Include <immintrin.h> and every
// other header before it, put the code into namespace avx2, and close it with "kernels/isa/avx2_end.h". No include
// guard: once per region.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,bmi,bmi2")
#endif

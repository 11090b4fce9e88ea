// Opens a region whose functions may use AVX-512 F, BW, DQ, VL, CD and VNNI. Include <immintrin.h> and every other
// header before it, put the code into namespace avx512vnni, and close it with "kernels/isa/avx512_end.h". No include
// guard: once per region.
#if defined(__clang__)
#pragma clang attribute push(                                                                                 \
    __attribute__((target("avx512vnni,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx2,fma,f16c,bmi,bmi2"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC target("avx512vnni,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx2,fma,f16c,bmi,bmi2")
#endif

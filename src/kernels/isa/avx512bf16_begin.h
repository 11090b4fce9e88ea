// Opens a region whose functions may use AVX-512 F, BW, DQ, VL, CD and BF16. Include <immintrin.h> and every other
// header before it, put the code into namespace avx512bf16, and close it with "kernels/isa/avx512_end.h". No include
// guard: once per region. vec_avx512.h rounds by instruction there.
#define INGOT_ROUNDS_BF16
#if defined(__clang__)
#pragma clang attribute push(                                                                                 \
    __attribute__((target("avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx2,fma,f16c,bmi,bmi2"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC target("avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx2,fma,f16c,bmi,bmi2")
#endif

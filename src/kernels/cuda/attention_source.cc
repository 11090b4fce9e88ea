#include "kernels/cuda/attention_source.h"

namespace ingot::kernels::cuda {

std::string attention_prelude() {
  return R"(
__device__ __forceinline__ unsigned shared_address(const void* p) { return (unsigned)__cvta_generic_to_shared(p); }
// 16 bytes to shared memory, zeros where `inside` is false; done after copies_done.
__device__ __forceinline__ void copy_async(void* to, const void* from, bool inside) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from),
               "r"(inside ? 16 : 0) : "memory");
}
__device__ __forceinline__ void end_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int Pending> __device__ __forceinline__ void copies_done() {
  asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
}
// Four 8x8 matrices; lanes 8 i .. 8 i + 7 give the rows of matrix i.
__device__ __forceinline__ void load_matrices(unsigned (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}
__device__ __forceinline__ void load_transposed(unsigned (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}
// c [16, 8] += a [16, 16] b [16, 8].
__device__ __forceinline__ void multiply(f16, float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
__device__ __forceinline__ void multiply(bf16, float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
template <class T> __device__ __forceinline__ unsigned both(float low, float high) {
  pack<T, 2> pair;
  store(pair.v[0], low);
  store(pair.v[1], high);
  return pair.v[0].bits | (unsigned)pair.v[1].bits << 16;
}
__device__ __forceinline__ float exp2_fast(float x) { float y; asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }
// The score in units of ln 2 after cap and mask.
__device__ __forceinline__ float mask_value(float added) {
  return added == -INFINITY_F ? added : larger(added * 1.44269504f, -3.402823466e38f);
}
__device__ __forceinline__ float mask_value(bool shown) { return shown ? 0.0f : -INFINITY_F; }
// Of the keys `key` and `key` + 1, both or none of which are there: one load where the mask's elements allow it.
template <class C, class M> __device__ __forceinline__ void mask_pair(float (&added)[2], const M* mask, long long row, long long key) {
  const M* from = mask + row * C::kMaskRow + key * C::kMaskKey;
  if (C::kMaskPairs) {
    const auto pair = *(const pack<M, 2>*)from;
    added[0] = mask_value(load(pair.v[0])), added[1] = mask_value(load(pair.v[1]));
  } else {
    added[0] = mask_value(load(from[0]));
    added[1] = key + 1 < C::kTotal ? mask_value(load(from[C::kMaskKey])) : 0.0f;
  }
}
template <class C>
__device__ __forceinline__ float masked_score(float s, float scale, float cap, float added, long long row, long long key) {
  float x = s * (scale * 1.44269504f);
  if (C::kCapped) x = cap * 1.44269504f * tanhf(s * scale / cap);
  if (C::kCausal && key > row) return -INFINITY_F;
  return C::kMasked ? x + added : x;
}
// What the scores' exponents are counted from: the largest, where a key is seen.
__device__ __forceinline__ float exponent_base(float largest) { return largest == -INFINITY_F ? 0.0f : largest; }
// A result from its sum over the keys and that of their weights, whose reciprocal is `factor`.
template <class C> __device__ __forceinline__ float weighted(float value, float total, float factor) {
  if (total > 0.0f) return value * factor;
  return (total == 0.0f ? C::kUnseenIsZero : C::kNanIsZero) ? 0.0f : __int_as_float(0x7fffffff);
}

// Scaled dot-product attention with tensor cores: a warp has kRows x 16 queries, scores of kKeys keys at a time.
template <class T, class C, class M>
__device__ __forceinline__ void tiled_attention(const T* q, const T* k, const T* v, const M* mask, T* y, float scale, float cap) {
  constexpr int kSteps = (C::kSize + 15) / 16, kWidth = (C::kValueSize + 15) / 16, kKeys = C::kKeys, kRows = C::kRows;
  constexpr int kLine = kSteps * 16 + 8, kValueLine = kWidth * 16 + 8;
  __shared__ __align__(16) T ks[2][kKeys][kLine];
  __shared__ __align__(16) T vs[2][kKeys][kValueLine];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int tile = blockIdx.x % C::kTiles, head = blockIdx.x / C::kTiles % C::kHeads, batch = blockIdx.x / C::kTiles / C::kHeads;
  const int first = tile * (C::kWarps * kRows * 16) + warp * kRows * 16;
  q += batch * C::kQBatch + head * C::kQHead;
  k += batch * C::kKBatch + head / C::kGroup * C::kKHead;
  v += batch * C::kVBatch + head / C::kGroup * C::kVHead;
  y += batch * C::kYBatch + head * C::kYHead;
  if (C::kMasked) mask += batch % C::kMaskPeriod * C::kMaskBatch + head * C::kMaskHead;
  const auto fetch = [&](int stage, int key0) {
    for (int i = threadIdx.x; i < kKeys * kSteps * 2; i += C::kWarps * 32) {
      const int row = i / (kSteps * 2), column = i % (kSteps * 2) * 8;
      const bool inside = key0 + row < C::kTotal && column < C::kSize;
      copy_async(&ks[stage][row][column], inside ? k + (key0 + row) * C::kKRow + column : k, inside);
    }
    for (int i = threadIdx.x; i < kKeys * kWidth * 2; i += C::kWarps * 32) {
      const int row = i / (kWidth * 2), column = i % (kWidth * 2) * 8;
      const bool inside = key0 + row < C::kTotal && column < C::kValueSize;
      copy_async(&vs[stage][row][column], inside ? v + (key0 + row) * C::kVRow + column : v, inside);
    }
    end_copies();
  };
  int tiles = (C::kTotal + kKeys - 1) / kKeys;
  if (C::kCausal) tiles = min(tiles, ((tile + 1) * C::kWarps * kRows * 16 + kKeys - 1) / kKeys);
  fetch(0, 0);
  unsigned qs[kRows][kSteps][4];
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
#pragma unroll
    for (int step = 0; step < kSteps; ++step) {
#pragma unroll
      for (int part = 0; part < 4; ++part) {
        const int row = first + r * 16 + lane / 4 + part % 2 * 8, column = step * 16 + lane % 4 * 2 + part / 2 * 8;
        qs[r][step][part] = row < C::kQueries && column < C::kSize ? *(const unsigned*)(q + row * C::kQRow + column) : 0u;
      }
    }
  }
  float result[kRows][kWidth * 2][4] = {}, largest[kRows][2], sum[kRows][2];
#pragma unroll
  for (int r = 0; r < kRows; ++r) largest[r][0] = largest[r][1] = -INFINITY_F, sum[r][0] = sum[r][1] = 0;
  for (int t = 0; t < tiles; ++t) {
    const int stage = t % 2, key0 = t * kKeys;
    if (t + 1 < tiles) {
      fetch(1 - stage, key0 + kKeys);
      copies_done<1>();
    } else {
      copies_done<0>();
    }
    __syncthreads();
    float scores[kRows][kKeys / 8][4] = {};
#pragma unroll
    for (int n = 0; n < kKeys / 16; ++n) {
#pragma unroll
      for (int step = 0; step < kSteps; ++step) {
        unsigned b[4];
        load_matrices(b, &ks[stage][n * 16 + lane / 16 * 8 + lane % 8][step * 16 + lane / 8 % 2 * 8]);
#pragma unroll
        for (int r = 0; r < kRows; ++r) {
          multiply(T(), scores[r][n * 2], qs[r][step], b[0], b[1]);
          multiply(T(), scores[r][n * 2 + 1], qs[r][step], b[2], b[3]);
        }
      }
    }
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const long long row = min(first + r * 16 + lane / 4 + half * 8, C::kQueries - 1);
        float best = largest[r][half];
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n) {
          const int first_key = key0 + n * 8 + lane % 4 * 2;
          float added[2] = {};
          if (C::kMasked && first_key < C::kTotal) mask_pair<C>(added, mask, row, first_key);
#pragma unroll
          for (int j = 0; j < 2; ++j) {
            const int key = first_key + j;
            float& score = scores[r][n][half * 2 + j];
            score = key < C::kTotal ? masked_score<C>(score, scale, cap, added[j], row, key) : -INFINITY_F;
            best = fmaxf(best, score);
          }
        }
        best = fmaxf(best, __shfl_xor_sync(0xffffffffu, best, 1));
        best = fmaxf(best, __shfl_xor_sync(0xffffffffu, best, 2));
        const float base = exponent_base(best), factor = exp2_fast(largest[r][half] - base);
        largest[r][half] = best;
        sum[r][half] *= factor;
#pragma unroll
        for (int n = 0; n < kWidth * 2; ++n) result[r][n][half * 2] *= factor, result[r][n][half * 2 + 1] *= factor;
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
          for (int j = 0; j < 2; ++j) {
            float& score = scores[r][n][half * 2 + j];
            score = exp2_fast(score - base);
            sum[r][half] += score;
          }
        }
      }
    }
#pragma unroll
    for (int n = 0; n < kKeys / 16; ++n) {
      unsigned p[kRows][4];
#pragma unroll
      for (int r = 0; r < kRows; ++r) {
#pragma unroll
        for (int part = 0; part < 4; ++part) {
          const float* pair = &scores[r][n * 2 + part / 2][part % 2 * 2];
          p[r][part] = both<T>(pair[0], pair[1]);
        }
      }
#pragma unroll
      for (int w = 0; w < kWidth; ++w) {
        unsigned b[4];
        load_transposed(b, &vs[stage][n * 16 + lane / 8 % 2 * 8 + lane % 8][w * 16 + lane / 16 * 8]);
#pragma unroll
        for (int r = 0; r < kRows; ++r) {
          multiply(T(), result[r][w * 2], p[r], b[0], b[1]);
          multiply(T(), result[r][w * 2 + 1], p[r], b[2], b[3]);
        }
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float total = sum[r][half];
      total += __shfl_xor_sync(0xffffffffu, total, 1);
      total += __shfl_xor_sync(0xffffffffu, total, 2);
      const float factor = 1.0f / total;
      const int row = first + r * 16 + lane / 4 + half * 8;
      if (row >= C::kQueries) continue;
#pragma unroll
      for (int n = 0; n < kWidth * 2; ++n) {
        const int column = n * 8 + lane % 4 * 2;
        if (column >= C::kValueSize) continue;
        *(unsigned*)(y + row * C::kYRow + column) = both<T>(weighted<C>(result[r][n][half * 2], total, factor), weighted<C>(result[r][n][half * 2 + 1], total, factor));
      }
    }
  }
}

// The same for any type and size, one query of one head per block of 128 threads.
template <class T, class C, class M>
__device__ __forceinline__ void plain_attention(const T* q, const T* k, const T* v, const M* mask, T* y, float scale, float cap) {
  constexpr int kHeld = (C::kValueSize + 127) / 128;
  __shared__ float query[C::kSize], weights[128];
  const int row = blockIdx.x % C::kQueries, head = blockIdx.x / C::kQueries % C::kHeads, batch = blockIdx.x / C::kQueries / C::kHeads;
  q += batch * C::kQBatch + head * C::kQHead + row * C::kQRow;
  k += batch * C::kKBatch + head / C::kGroup * C::kKHead;
  v += batch * C::kVBatch + head / C::kGroup * C::kVHead;
  y += batch * C::kYBatch + head * C::kYHead + row * C::kYRow;
  if (C::kMasked) mask += batch % C::kMaskPeriod * C::kMaskBatch + head * C::kMaskHead;
  for (int i = threadIdx.x; i < C::kSize; i += 128) query[i] = load(q[i]);
  __syncthreads();
  float largest = -INFINITY_F, sum = 0, result[kHeld] = {};
  for (int key0 = 0; key0 < C::kTotal; key0 += 128) {
    const int key = key0 + threadIdx.x;
    float score = -INFINITY_F;
    if (key < C::kTotal) {
      score = 0;
      for (int i = 0; i < C::kSize; ++i) score += query[i] * load(k[key * C::kKRow + i]);
      float added = 0;
      if (C::kMasked) added = mask_value(load(mask[row * C::kMaskRow + key * C::kMaskKey]));
      score = masked_score<C>(score, scale, cap, added, row, key);
    }
    const float best = larger(largest, block_max(score)), base = exponent_base(best);
    const float factor = exp2f(largest - base), weight = exp2f(score - base);
    largest = best;
    sum = sum * factor + block_sum(weight);
    weights[threadIdx.x] = weight;
    __syncthreads();
    for (int i = 0; i < kHeld; ++i) {
      const int column = i * 128 + threadIdx.x;
      if (column >= C::kValueSize) continue;
      result[i] *= factor;
      for (int j = 0; j < 128 && key0 + j < C::kTotal; ++j) result[i] += weights[j] * load(v[(key0 + j) * C::kVRow + column]);
    }
    __syncthreads();
  }
  for (int i = 0; i < kHeld; ++i) {
    const int column = i * 128 + threadIdx.x;
    if (column < C::kValueSize) store(y[column], weighted<C>(result[i], sum, 1.0f / sum));
  }
}
)";
}

}  // namespace ingot::kernels::cuda

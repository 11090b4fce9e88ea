#include "kernels/machine_peak.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "kernels/gemm/bf16_tile.h"
#include "kernels/gemm/tile.h"

namespace ingot::kernels {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int64_t kDepth = 48, kRuns = 2000;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

const gemm::TileSet& f32_tiles() {
  return cpu_isa() >= IsaLevel::kAvx512 ? gemm::kAvx512_6x64
         : cpu_isa() >= IsaLevel::kAvx2 ? gemm::kAvx2_6x16
                                        : gemm::kReference4x8;
}

void run_f32(int64_t runs) {
  const gemm::TileSet& tiles = f32_tiles();
  alignas(64) float a[8 * kDepth], b[64 * kDepth], c[8 * 64];
  std::fill(std::begin(a), std::end(a), 1.0f);
  std::fill(std::begin(b), std::end(b), 1.0f);
  const float* rows[8];
  for (int64_t i = 0; i < 8; ++i) rows[i] = a + i * kDepth;
  const int64_t offset = 0;
  gemm::TileArgs args;
  args.a = rows;
  args.a_rows = tiles.rows;
  args.b = b;
  args.b_offsets = &offset;
  args.b_step = args.columns = args.c_stride = tiles.columns();
  args.taps = 1;
  args.depth = kDepth;
  args.c = c;
  for (int64_t run = 0; run < runs; ++run) tiles.tile(tiles.rows, tiles.vectors)(args);
}

// Null where no instruction multiplies bf16.
const gemm::Bf16TileSet* bf16_tiles() {
  if (cpu_isa() >= IsaLevel::kAmx) return &gemm::kAmxBf16_32x32;
  return cpu_isa() >= IsaLevel::kAvx512Bf16 ? &gemm::kAvx512Bf16_6x64 : nullptr;
}

constexpr int64_t kBf16Depth = 256;

void run_bf16_blocks(const gemm::Bf16BlockSet& blocks, int64_t runs) {
  const std::vector<uint16_t> a(gemm::kBlockRows * kBf16Depth, 0x3f80), b(32 * kBf16Depth, 0x3f80);
  std::vector<float> sums(gemm::kBlockRows * 32);
  gemm::Bf16BlockArgs args;
  args.a = {a.data(), gemm::kBlockDepth, gemm::kHalfRows * gemm::kBlockDepth, gemm::kBlockRows * gemm::kBlockDepth,
            nullptr};
  args.b = b.data();
  args.b_step = 64;
  args.rows = gemm::kBlockRows;
  args.vectors = 2;
  args.depth = kBf16Depth;
  args.sums = sums.data();
  blocks.begin();
  for (int64_t run = 0; run < runs; ++run) blocks.multiply(args);
  blocks.end();
}

void run_bf16(int64_t runs) {
  const gemm::Bf16TileSet& tiles = *bf16_tiles();
  if (tiles.blocks != nullptr) return run_bf16_blocks(*tiles.blocks, runs);
  const int64_t rows_count = tiles.shape.rows, columns = tiles.shape.columns();
  const std::vector<uint16_t> a(static_cast<size_t>(rows_count * kBf16Depth), 0x3f80);
  const std::vector<uint16_t> b(static_cast<size_t>(columns * kBf16Depth), 0x3f80);
  std::vector<float> c(static_cast<size_t>(rows_count * columns));
  std::vector<const uint16_t*> rows;
  for (int64_t i = 0; i < rows_count; ++i) rows.push_back(a.data() + i * kBf16Depth);
  gemm::Bf16TileArgs args;
  args.a = rows.data();
  args.a_rows = rows_count;
  args.b = b.data();
  args.b_step = 2 * columns;
  args.taps = 1;
  args.depth = kBf16Depth;
  args.wide = c.data();
  args.c_stride = args.columns = columns;
  for (int64_t run = 0; run < runs; ++run) tiles.tile(rows_count, tiles.shape.vectors)(args);
}

// Fastest of several rounds, all threads at once.
template <class Body> double best_seconds(const Parallel& parallel, int rounds, Body&& body) {
  double best = 1e30;
  for (int round = 0; round < rounds; ++round) {
    const auto start = Clock::now();
    parallel.run(parallel.threads, body);
    best = std::min(best, seconds_since(start));
  }
  return best;
}

double copy_gbps(const Parallel& parallel, int64_t bytes) {
  const int64_t each = std::max<int64_t>(4096, bytes / 2 / parallel.threads);
  const auto total = static_cast<size_t>(each * parallel.threads);
  std::vector<std::byte> from(total, std::byte{1}), to(total);
  const int64_t repeats = std::max<int64_t>(1, (int64_t{4} << 20) / each);
  const double best = best_seconds(parallel, 5, [&](int64_t thread) {
    for (int64_t i = 0; i < repeats; ++i) {
      std::memcpy(to.data() + thread * each, from.data() + thread * each, static_cast<size_t>(each));
    }
  });
  return 2e-9 * static_cast<double>(each * parallel.threads * repeats) / best;
}

double tile_flops(const gemm::TileSet& tiles, int64_t depth) {
  return 2.0 * static_cast<double>(tiles.rows) * tiles.columns() * static_cast<double>(depth);
}

}  // namespace

double peak_gflops() {
  static const double peak = [] {
    const double best = best_seconds({}, 50, [](int64_t) { run_f32(kRuns); });
    return 1e-9 * tile_flops(f32_tiles(), kDepth) * kRuns / best;
  }();
  return peak;
}

MachinePeak measure_peak(ThreadPool& pool) {
  const Parallel parallel = parallel_on(pool);
  MachinePeak peak;
  const double f32 = best_seconds(parallel, 50, [](int64_t) { run_f32(kRuns); });
  peak.gflops = 1e-9 * tile_flops(f32_tiles(), kDepth) * kRuns * parallel.threads / f32;
  peak.bf16_gflops = peak.gflops;
  if (const auto* tiles = bf16_tiles()) {
    constexpr int64_t kFewerRuns = kRuns / 8;
    const double bf16 = best_seconds(parallel, 50, [](int64_t) { run_bf16(kFewerRuns); });
    peak.bf16_gflops = 1e-9 * tile_flops(tiles->shape, kBf16Depth) * kFewerRuns * parallel.threads / bf16;
  }
  // The last level is taken as memory: how much of a shared cache is ours cannot be known.
  const auto l2 = static_cast<int64_t>(this_machine(1).l2_bytes) * parallel.threads;
  for (const int64_t bytes : {l2 / 2, 4 * l2, 16 * l2, std::max(64 * l2, int64_t{128} << 20)}) {
    peak.levels.push_back({static_cast<double>(bytes), copy_gbps(parallel, bytes)});
  }
  for (size_t i = peak.levels.size() - 1; i > 0; --i) {  // nearer memory is no slower: less is a disturbed measurement
    peak.levels[i - 1].gbps = std::max(peak.levels[i - 1].gbps, peak.levels[i].gbps);
  }
  return peak;
}

double bandwidth_gbps(const MachinePeak& peak, double bytes) {
  for (const MachinePeak::Level& level : peak.levels) {
    if (bytes <= level.bytes) return level.gbps;
  }
  return peak.levels.empty() ? 0 : peak.levels.back().gbps;
}

Roof roof_of(const Work& work, bool bf16, const MachinePeak& peak) {
  const double rate = bf16 ? peak.bf16_gflops : peak.gflops;
  const double arithmetic = rate > 0 ? work.flops * 1e-9 / rate : 0;
  const double movement = work.bytes * 1e-9 / bandwidth_gbps(peak, work.bytes);
  return {std::max(arithmetic, movement), arithmetic >= movement};
}

}  // namespace ingot::kernels

// The step functions of recurrent.h over a vector vocabulary (F, kLanes ...) with vec_storage.h, gate_sigmoid and
// gate_tanh, and kSums, the sums that its registers hold beside operands; included inside its namespace. Every loop
// over sums is unrolled, or GCC 12 keeps them in memory.
//
// E is the type of R and of what it multiplies, float or Brain. multiply-inl.h has what differs: kUnit<E>, the
// neighbours in depth that are multiplied at once, and spread, weights and add_product on such units.
#define INGOT_UNROLL _Pragma("GCC unroll 16")

using recurrent::StepArgs;
using recurrent::StepRow;

// Rows of the largest tile, and blocks of a tile of few rows: enough sums that one addition does not wait for another.
constexpr int most_rows(int gates) { return kSums / gates < 8 ? kSums / gates : 8; }
constexpr int tile_blocks(int rows, int gates) { return rows * gates < 8 ? 8 / (rows * gates) : 1; }

inline F clipped(F x, float clip) { return clip > 0 ? max2(set1(-clip), min2(set1(clip), x)) : x; }
inline F gate(F x, const StepArgs& args) { return gate_sigmoid(clipped(x, args.clip)); }
inline F squash(F x, const StepArgs& args) { return gate_tanh(clipped(x, args.clip)); }

template <class E> inline void store_state(const StepArgs& args, const StepRow& row, int64_t unit, F h) {
  store(row.next + unit, h);
  if constexpr (kUnit < E >> 1) put(static_cast<E*>(row.next_operand) + unit, h);
  if (row.y == nullptr) return;
  E* y = static_cast<E*>(row.y) + unit;
  const int64_t left = args.hidden - unit;
  left < kLanes ? put_part(y, h, left) : put(y, h);
}

// A cell: the gates summed in one tile, those of x's rows, the vector multiplied, where the sum of a gate starts, and
// what becomes of the sums of the block that starts at `unit`.
template <class E> struct RnnCell {
  using Element = E;
  static constexpr int kGates = 1, kInputGates = 1;
  static const E* operand(const StepRow& row) { return static_cast<const E*>(row.operand); }
  static F start(const StepArgs&, const float* x, int64_t, int g) { return load(x + g * kLanes); }
  static void finish(const StepArgs& args, const StepRow& row, int64_t unit, const float*, const float* sums) {
    store_state<E>(args, row, unit, squash(load(sums), args));
  }
};

template <class E> struct LstmCell {
  using Element = E;
  static constexpr int kGates = 4, kInputGates = 4;
  static const E* operand(const StepRow& row) { return static_cast<const E*>(row.operand); }
  static F start(const StepArgs&, const float* x, int64_t, int g) { return load(x + g * kLanes); }
  static F peep(const StepArgs& args, int64_t which, int64_t unit, F c, F sum) {
    return args.peepholes == nullptr ? sum : fma(load(args.peepholes + which * args.padded + unit), c, sum);
  }
  static void finish(const StepArgs& args, const StepRow& row, int64_t unit, const float*, const float* sums) {
    const F before = load(row.c + unit);
    const F input = gate(peep(args, 0, unit, before, load(sums)), args);
    const F forget =
        args.input_forget ? set1(1.0f) - input : gate(peep(args, 2, unit, before, load(sums + 2 * kLanes)), args);
    const F c = fma(forget, before, input * squash(load(sums + 3 * kLanes), args));
    const F output = gate(peep(args, 1, unit, c, load(sums + kLanes)), args);
    store(row.c + unit, c);
    store_state<E>(args, row, unit, output * squash(c, args));
  }
};

inline F gru_state(F update, F candidate, F before) { return fma(update, before, (set1(1.0f) - update) * candidate); }

template <class E> struct GruCell {
  using Element = E;
  static constexpr int kGates = 3, kInputGates = 3;
  static const E* operand(const StepRow& row) { return static_cast<const E*>(row.operand); }
  static F start(const StepArgs& args, const float* x, int64_t unit, int g) {
    return g == 2 ? load(args.candidate_bias + unit) : load(x + g * kLanes);
  }
  static void finish(const StepArgs& args, const StepRow& row, int64_t unit, const float* x, const float* sums) {
    const F update = gate(load(sums), args), reset = gate(load(sums + kLanes), args);
    const F candidate = squash(fma(reset, load(sums + 2 * kLanes), load(x + 2 * kLanes)), args);
    store_state<E>(args, row, unit, gru_state(update, candidate, load(row.h + unit)));
  }
};

template <class E> struct GruGates {
  using Element = E;
  static constexpr int kGates = 2, kInputGates = 3;
  static const E* operand(const StepRow& row) { return static_cast<const E*>(row.operand); }
  static F start(const StepArgs&, const float* x, int64_t, int g) { return load(x + g * kLanes); }
  static void finish(const StepArgs& args, const StepRow& row, int64_t unit, const float*, const float* sums) {
    store(row.update + unit, gate(load(sums), args));
    put(static_cast<E*>(row.gated) + unit, gate(load(sums + kLanes), args) * load(row.h + unit));
  }
};

template <class E> struct GruCandidates {
  using Element = E;
  static constexpr int kGates = 1, kInputGates = 3;
  static const E* operand(const StepRow& row) { return static_cast<const E*>(row.gated); }
  static F start(const StepArgs&, const float* x, int64_t, int) { return load(x + 2 * kLanes); }
  static void finish(const StepArgs& args, const StepRow& row, int64_t unit, const float*, const float* sums) {
    const F candidate = squash(load(sums), args);
    store_state<E>(args, row, unit, gru_state(load(row.update + unit), candidate, load(row.h + unit)));
  }
};

template <int R, int B, int G> struct Sums { F at[R][B][G]; };

// sums += operands * panels of R, `panel` elements from one to the next, over `depth` units; the smaller side of the
// tile stays in registers.
template <class E, int R, int B, int G>
inline __attribute__((always_inline)) void multiply(Sums<R, B, G>& sums, const E* const* operands, const E* panels,
                                                    int64_t panel, int64_t depth) {
  using Units = decltype(weights(panels));
  constexpr int64_t kVector = kLanes * kUnit<E>;
  const E* a[R];
  INGOT_UNROLL
  for (int r = 0; r < R; ++r) a[r] = operands[r];
  for (int64_t k = 0; k < depth; ++k, panels += G * kVector) {
    if constexpr (R < B * G) {
      Units value[R];
      INGOT_UNROLL
      for (int r = 0; r < R; ++r) value[r] = spread(a[r] + k * kUnit<E>);
      INGOT_UNROLL
      for (int i = 0; i < B * G; ++i) {
        const Units weight = weights(panels + i / G * panel + i % G * kVector);
        INGOT_UNROLL
        for (int r = 0; r < R; ++r) sums.at[r][i / G][i % G] = add_product(sums.at[r][i / G][i % G], value[r], weight);
      }
    } else {
      Units weight[B * G];
      INGOT_UNROLL
      for (int i = 0; i < B * G; ++i) weight[i] = weights(panels + i / G * panel + i % G * kVector);
      INGOT_UNROLL
      for (int r = 0; r < R; ++r) {
        const Units value = spread(a[r] + k * kUnit<E>);
        INGOT_UNROLL
        for (int i = 0; i < B * G; ++i) {
          sums.at[r][i / G][i % G] = add_product(sums.at[r][i / G][i % G], value, weight[i]);
        }
      }
    }
  }
}

template <class E> inline int64_t units_of(const StepArgs& args) { return (args.hidden + kUnit<E> - 1) / kUnit<E>; }

// Adds the units [first, end) of h, times R, to the sums [R][B][G][unit] of R rows and the blocks [block, block + B);
// from 0 on, starts them.
template <class Cell, int R, int B>
void add_part(const StepArgs& args, const StepRow* rows, int64_t block, int64_t first, int64_t end, float* stored) {
  using E = typename Cell::Element;
  constexpr int kGates = Cell::kGates;
  Sums<R, B, kGates> sums;
  const E* operands[R];
  INGOT_UNROLL
  for (int r = 0; r < R; ++r) {
    operands[r] = Cell::operand(rows[r]) + first * kUnit<E>;
    INGOT_UNROLL
    for (int i = 0; i < B * kGates; ++i) {
      const int64_t at = block + i / kGates;
      sums.at[r][i / kGates][i % kGates] =
          first == 0 ? Cell::start(args, rows[r].x + at * Cell::kInputGates * kLanes, at * kLanes, i % kGates)
                     : load(stored + (r * B * kGates + i) * kLanes);
    }
  }
  constexpr int64_t kRow = kGates * kLanes * kUnit<E>;
  const int64_t units = units_of<E>(args);
  const E* panels = static_cast<const E*>(args.r) + (block * units + first) * kRow;
  multiply<E, R, B, kGates>(sums, operands, panels, units * kRow, end - first);
  INGOT_UNROLL
  for (int r = 0; r < R; ++r) {
    INGOT_UNROLL
    for (int i = 0; i < B * kGates; ++i)
      store(stored + (r * B * kGates + i) * kLanes, sums.at[r][i / kGates][i % kGates]);
  }
}

template <class Cell, int R, int B> void tile(const StepArgs& args, const StepRow* rows, int64_t block) {
  constexpr int kGates = Cell::kGates;
  alignas(64) float sums[R * B * kGates * kLanes];
  add_part<Cell, R, B>(args, rows, block, 0, units_of<typename Cell::Element>(args), sums);
  for (int i = 0; i < R * B; ++i) {
    const int64_t at = block + i % B;
    const StepRow& row = rows[i / B];
    Cell::finish(args, row, at * kLanes, row.x + at * Cell::kInputGates * kLanes, sums + i * kGates * kLanes);
  }
}

// Of R rows, found by counting down.
template <class Cell, int R> inline void few_rows(const StepArgs& args, int64_t count) {
  if (count == R) {
    constexpr int kBlocks = tile_blocks(R, Cell::kGates);
    int64_t block = args.first_block;
    for (; block + kBlocks <= args.end_block; block += kBlocks) tile<Cell, R, kBlocks>(args, args.rows, block);
    for (; block < args.end_block; ++block) tile<Cell, R, 1>(args, args.rows, block);
  } else if constexpr (R > 1) {
    few_rows<Cell, R - 1>(args, count);
  }
}
template <class Cell, int R>
inline void add_part_of(int64_t count, const StepArgs& args, const StepRow* rows, int64_t block, int64_t first,
                        int64_t end, float* sums) {
  if (count == R) {
    add_part<Cell, R, 1>(args, rows, block, first, end, sums);
  } else if constexpr (R > 1) {
    add_part_of<Cell, R - 1>(count, args, rows, block, first, end, sums);
  }
}

constexpr int64_t kManyRows = 24;     // that share a part of a panel
constexpr int64_t kPartWords = 4096;  // 32 bits each: of a panel, which stay in L1 for all rows

// A block of up to kManyRows rows in tiles of at most kMost.
template <class Cell, int64_t kMost>
void many_rows(const StepArgs& args, const StepRow* rows, int64_t count, int64_t block) {
  constexpr int64_t kFloats = Cell::kGates * kLanes;
  alignas(64) float sums[kManyRows * kFloats];
  const int64_t tiles = (count + kMost - 1) / kMost;
  const int64_t units = units_of<typename Cell::Element>(args);
  const int64_t parts = (units * kFloats + kPartWords - 1) / kPartWords;
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t first = units * part / parts, end = units * (part + 1) / parts;
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t row = count * tile / tiles, next = count * (tile + 1) / tiles;
      add_part_of<Cell, kMost>(next - row, args, rows + row, block, first, end, sums + row * kFloats);
    }
  }
  for (int64_t i = 0; i < count; ++i) {
    const float* x = rows[i].x + block * Cell::kInputGates * kLanes;
    Cell::finish(args, rows[i], block * kLanes, x, sums + i * kFloats);
  }
}

template <class Cell> void step(const StepArgs& args) noexcept {
  constexpr int64_t kMost = most_rows(Cell::kGates);
  if (args.row_count <= kMost) return few_rows<Cell, kMost>(args, args.row_count);
  for (int64_t row = 0; row < args.row_count; row += kManyRows) {
    const int64_t count = args.row_count - row < kManyRows ? args.row_count - row : kManyRows;
    for (int64_t block = args.first_block; block < args.end_block; ++block) {
      many_rows<Cell, kMost>(args, args.rows + row, count, block);
    }
  }
}

template <class E> constexpr recurrent::Functions functions() {
  return {kLanes, step<RnnCell<E>>, step<GruCell<E>>, step<GruGates<E>>, step<GruCandidates<E>>, step<LstmCell<E>>};
}

#undef INGOT_UNROLL

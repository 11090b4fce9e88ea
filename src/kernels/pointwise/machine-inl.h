// The steps of step.h on one ISA. Included inside an ISA namespace after functions-inl.h.

using StepRun = void (*)(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3);

// What an operand in memory is: floats, bf16, or one float for all lanes.
enum class Holds { kFloats, kBrains, kSplat };
constexpr Holds holds(bool is_splat) { return is_splat ? Holds::kSplat : Holds::kFloats; }

// Steps with kWide vectors per block: four, or one for the end of a run.
template <int kWide> struct Steps {
  static inline void next(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
    reinterpret_cast<StepRun>(step[1].run)(step + 1, places, i, x0, x1, x2, x3);
  }
  template <class T> static const T* at(const Places* places, int place, int64_t i) {
    return static_cast<const T*>(places->pointer[place]) + (i & places->mask[place]);
  }
  static F splat(const Places* places, int place) { return set1(*static_cast<const float*>(places->pointer[place])); }

  // x[k] = fn(x[k], k) for the vectors of the block.
  template <class Fn> static inline void each(F& x0, F& x1, F& x2, F& x3, Fn fn) {
    x0 = fn(x0, 0);
    if constexpr (kWide == 4) {
      x1 = fn(x1, kLanes);
      x2 = fn(x2, 2 * kLanes);
      x3 = fn(x3, 3 * kLanes);
    }
  }
  // The operand at `place`, vector by vector.
  template <Holds held> struct Operand {
    const float* floats;
    const uint16_t* brains;
    F all;
    Operand(const Places* places, int place, int64_t i) {
      if constexpr (held == Holds::kSplat) all = splat(places, place);
      if constexpr (held == Holds::kFloats) floats = at<float>(places, place, i);
      if constexpr (held == Holds::kBrains) brains = at<uint16_t>(places, place, i);
    }
    F get(int64_t offset) const {
      if constexpr (held == Holds::kSplat) return all;
      if constexpr (held == Holds::kFloats) return load(floats + offset);
      if constexpr (held == Holds::kBrains) return load_brain(brains + offset);
    }
  };

  static void end(const Step*, const Places*, int64_t, F, F, F, F) {}

  template <class T, F (*read)(const T*)>
  static void load_typed(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
    const T* p = at<T>(places, step->place, i);
    each(x0, x1, x2, x3, [p](F, int64_t k) { return read(p + k); });
    next(step, places, i, x0, x1, x2, x3);
  }
  static void load_splat(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
    const F all = splat(places, step->place);
    each(x0, x1, x2, x3, [all](F, int64_t) { return all; });
    next(step, places, i, x0, x1, x2, x3);
  }
  template <class T, void (*write)(T*, F)>
  static void store_typed(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
    T* p = const_cast<T*>(at<T>(places, step->place, i));
    each(x0, x1, x2, x3, [p](F x, int64_t k) { return write(p + k, x), x; });
    next(step, places, i, x0, x1, x2, x3);
  }
  static void store_past_caches(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
    float* p = const_cast<float*>(at<float>(places, step->place, i));
    if ((reinterpret_cast<uintptr_t>(p) & (sizeof(F) - 1)) == 0) {
      each(x0, x1, x2, x3, [p](F x, int64_t k) { return store_stream(p + k, x), x; });
    } else {
      each(x0, x1, x2, x3, [p](F x, int64_t k) { return store(p + k, x), x; });
    }
    next(step, places, i, x0, x1, x2, x3);
  }
  template <UnaryFn fn>
  static void unary_step(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
    const float alpha = step->alpha, beta = step->beta;
    each(x0, x1, x2, x3, [alpha, beta](F x, int64_t) { return unary<fn>(x, alpha, beta); });
    next(step, places, i, x0, x1, x2, x3);
  }
  template <BinaryFn fn, bool reverse, Holds held>
  static void binary_step(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
    const Operand<held> other(places, step->place, i);
    if constexpr (fn == BinaryFn::kPow && held == Holds::kSplat && !reverse) {
      const float exponent = *static_cast<const float*>(places->pointer[step->place]);
      each(x0, x1, x2, x3, [exponent](F x, int64_t) { return power(x, exponent); });
    } else if constexpr (reverse) {
      each(x0, x1, x2, x3, [&other](F x, int64_t k) { return binary<fn>(other.get(k), x); });
    } else {
      each(x0, x1, x2, x3, [&other](F x, int64_t k) { return binary<fn>(x, other.get(k)); });
    }
    next(step, places, i, x0, x1, x2, x3);
  }
  template <bool splat1, bool splat2>
  static void mul_add(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
    const Operand<holds(splat1)> factor(places, step->place, i);
    const Operand<holds(splat2)> addend(places, step->place2, i);
    each(x0, x1, x2, x3, [&](F x, int64_t k) { return fma(x, factor.get(k), addend.get(k)); });
    next(step, places, i, x0, x1, x2, x3);
  }
  template <bool splat1, bool splat2>
  static void where(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
    const Operand<holds(splat1)> yes(places, step->place, i);
    const Operand<holds(splat2)> no(places, step->place2, i);
    each(x0, x1, x2, x3, [&](F x, int64_t k) { return select(to_mask(x), yes.get(k), no.get(k)); });
    next(step, places, i, x0, x1, x2, x3);
  }
  static void to_truth(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
    const F zero = set1(0.0f);
    each(x0, x1, x2, x3, [zero](F x, int64_t) { return bit_xor(to_lanes(eq(x, zero)), from_bits(set1i(-1))); });
    next(step, places, i, x0, x1, x2, x3);
  }
  static void to_number(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
    const F one = set1(1.0f);
    each(x0, x1, x2, x3, [one](F x, int64_t) { return bit_and(x, one); });
    next(step, places, i, x0, x1, x2, x3);
  }
  template <void (*write)(uint16_t*, F), F (*read)(const uint16_t*)>
  static void round_step(const Step* step, const Places* places, int64_t i, F x0, F x1, F x2, F x3) {
    uint16_t rounded[kLanes];
    each(x0, x1, x2, x3, [&rounded](F x, int64_t) {
      write(rounded, x);
      return read(rounded);
    });
    next(step, places, i, x0, x1, x2, x3);
  }

  static StepRun find_load(const Step& step) {
    if (step.splat) return load_splat;
    switch (step.type) {
      case DType::kF32: return load_typed<float, load>;
      case DType::kF16: return load_typed<uint16_t, load_half>;
      case DType::kBF16: return load_typed<uint16_t, load_brain>;
      case DType::kU8: return load_typed<uint8_t, load_u8>;
      case DType::kI8: return load_typed<int8_t, load_i8>;
      case DType::kI32: return load_typed<int32_t, load_i32>;
      case DType::kI64: return load_typed<int64_t, load_i64>;
      case DType::kBool: return load_typed<uint8_t, load_bool>;
      default: return nullptr;
    }
  }
  static StepRun find_store(const Step& step) {
    switch (step.type) {
      case DType::kF32: return store_typed<float, store>;
      case DType::kF16: return store_typed<uint16_t, store_half>;
      case DType::kBF16: return store_typed<uint16_t, store_brain>;
      case DType::kU8:
      case DType::kI8: return store_typed<uint8_t, store_byte>;
      case DType::kI32: return store_typed<int32_t, store_i32>;
      case DType::kBool: return store_typed<uint8_t, store_bool>;
      default: return nullptr;
    }
  }
  template <size_t... fns> static StepRun find_unary(size_t fn, std::index_sequence<fns...>) {
    static constexpr StepRun kTable[] = {unary_step<static_cast<UnaryFn>(fns)>...};
    return kTable[fn];
  }
  template <bool reverse, Holds held, size_t... fns>
  static StepRun find_binary(size_t fn, std::index_sequence<fns...>) {
    static constexpr StepRun kTable[] = {binary_step<static_cast<BinaryFn>(fns), reverse, held>...};
    return fn < sizeof...(fns) ? kTable[fn] : nullptr;
  }
  template <bool reverse> static StepRun find_binary(const Step& step) {
    constexpr std::make_index_sequence<kBinaryFnCount> kAll;
    constexpr std::make_index_sequence<static_cast<size_t>(BinaryFn::kMul) + 1> kOfBrains;  // reads_brain
    if (step.type == DType::kBF16) return find_binary<reverse, Holds::kBrains>(step.fn, kOfBrains);
    return step.splat ? find_binary<reverse, Holds::kSplat>(step.fn, kAll)
                      : find_binary<reverse, Holds::kFloats>(step.fn, kAll);
  }
  static StepRun find_pair(const Step& step) {
    const int splats = step.splat * 2 + step.splat2;
    static constexpr StepRun kMulAdds[] = {mul_add<false, false>, mul_add<false, true>, mul_add<true, false>,
                                           mul_add<true, true>};
    static constexpr StepRun kWheres[] = {where<false, false>, where<false, true>, where<true, false>,
                                          where<true, true>};
    return step.code == StepCode::kWhere ? kWheres[splats] : kMulAdds[splats];
  }
  static StepRun find(const Step& step) {
    switch (step.code) {
      case StepCode::kEnd: return end;
      case StepCode::kLoad: return find_load(step);
      case StepCode::kStore: return find_store(step);
      case StepCode::kStream: return store_past_caches;
      case StepCode::kUnary: return find_unary(step.fn, std::make_index_sequence<kUnaryFnCount>());
      case StepCode::kBinary: return find_binary<false>(step);
      case StepCode::kReverse: return find_binary<true>(step);
      case StepCode::kMulAdd:
      case StepCode::kWhere: return find_pair(step);
      case StepCode::kToTruth: return to_truth;
      case StepCode::kToFloat: return to_number;
      case StepCode::kRound:
        return step.type == DType::kF16 ? round_step<store_half, load_half> : round_step<store_brain, load_brain>;
    }
    return nullptr;
  }
};

inline void run_steps(const Step* full, const Step* narrow, const Places& places, int64_t count) noexcept {
  const F none = set1(0.0f);
  int64_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    reinterpret_cast<StepRun>(full->run)(full, &places, i, none, none, none, none);
  }
  for (; i < count; i += kLanes) {
    reinterpret_cast<StepRun>(narrow->run)(narrow, &places, i, none, none, none, none);
  }
}
inline void (*find_step(const Step& step, bool narrow))() {
  return reinterpret_cast<void (*)()>(narrow ? Steps<1>::find(step) : Steps<4>::find(step));
}

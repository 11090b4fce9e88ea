#include "kernels/recurrent/recurrent.h"

#include <algorithm>
#include <array>

#include "kernels/families.h"

namespace ingot::kernels {
namespace {

enum Input : size_t { kX, kW, kR, kB, kLengths };

const OpDef* const kOps[] = {&Recurrent::def};

// Whether the listed functions are the default ones.
bool default_functions(const Recurrent& op) {
  const size_t count = activations_per_direction(op.cell);
  for (size_t i = 0; i < op.activations.size(); ++i) {
    const bool gate = op.cell != RecurrentCell::kRnn && i % count == 0;
    if (op.activations[i] != (gate ? "sigmoid" : "tanh")) return false;
  }
  return true;
}

// x, W and R of `type`, everything else f32.
template <DType type> const char* refuse(const Problem& problem) {
  const auto& op = *problem.op.as<Recurrent>();
  for (size_t i = 0; i < problem.inputs.size(); ++i) {
    const Operand& operand = problem.inputs[i];
    if (!operand.present()) continue;
    if (i == kLengths && operand.dtype != DType::kI32) return "lengths other than i32";
    if (i <= kR && operand.dtype != type) return "elements of another type";
    if (i > kR && i != kLengths && operand.dtype != DType::kF32) return "biases or states other than f32";
    if (i <= kR && operand.shape.size() != 3) return "an operand of rank other than 3";
  }
  if (!problem.inputs[kW].constant || !problem.inputs[kR].constant) return "weights that are not constant";
  if (type != DType::kF32 && op.quantized_states) return "quantised states of elements other than f32";
  return default_functions(op) ? nullptr : "functions other than sigmoid for gates and tanh for the rest";
}

double gflops(const gemm::TileSet& tiles, const Target&) { return tiles.gflops; }
double gflops(const gemm::Bf16TileSet& tiles, const Target& target) {
  constexpr double kSlowDot = 3.5;  // times slower where the instruction is split
  return tiles.shape.gflops / (target.slow_bf16_dot && tiles.by_dot ? kSlowDot : 1);
}

// Nanoseconds: the input's product on all threads; that of the states, read from L2 or L3 a step, on one a direction.
template <const auto& tiles> double cost(const Problem& problem, const Target& target) {
  const auto& op = *problem.op.as<Recurrent>();
  const auto known = [](int64_t size) { return size < 0 ? 32.0 : static_cast<double>(size); };
  const Shape& x = problem.inputs[kX].shape;
  const double rows = known(x[0]) * known(x[1]), weights = static_cast<double>(element_count(problem.inputs[kW].shape)),
               states = static_cast<double>(element_count(problem.inputs[kR].shape));
  const int threads = std::min<int>(target.threads, static_cast<int>(op.directions()));
  return 1000 + 2 * rows * (weights / target.threads + 2 * states / threads) / gflops(tiles, target);
}

template <DType type, const auto& tiles, const recurrent::Functions& functions>
std::unique_ptr<BoundKernel> bind(const Problem& problem, const Target& target) {
  if (const char* reason = refuse<type>(problem)) fail(Code::kInvalidArgument, "recurrent: {}", reason);
  const auto product = [](const recurrent::InputSize& size, const Target& on) {
    return recurrent::input_product(tiles, size, on);
  };
  return recurrent::bind_recurrent(product, functions, problem, target);
}

// Names of layouts: of W, of R, and of R in two parts; by cell.
struct Packings {
  std::array<const char*, 3> w, r;
  const char* two_parts;
};
constexpr Packings kPackings1 = {{"f32_rnn1_panels_8x8", "f32_gru1_panels_8x8", "f32_lstm1_panels_8x8"},
                                 {"f32_rnn1", "f32_gru1", "f32_lstm1"},
                                 "f32_gru1_two_parts"};
constexpr Packings kPackings8 = {{"f32_rnn8_panels_16x8", "f32_gru8_panels_16x8", "f32_lstm8_panels_16x8"},
                                 {"f32_rnn8", "f32_gru8", "f32_lstm8"},
                                 "f32_gru8_two_parts"};
constexpr Packings kPackings16 = {{"f32_rnn16_panels_64x16", "f32_gru16_panels_64x16", "f32_lstm16_panels_64x16"},
                                  {"f32_rnn16", "f32_gru16", "f32_lstm16"},
                                  "f32_gru16_two_parts"};
constexpr Packings kBf16Packings1 = {{"bf16_rnn1_panels_32x16", "bf16_gru1_panels_32x16", "bf16_lstm1_panels_32x16"},
                                     {"bf16_rnn1", "bf16_gru1", "bf16_lstm1"},
                                     "bf16_gru1_two_parts"};
constexpr Packings kBf16Packings8 = {{"bf16_rnn8_panels_16x8", "bf16_gru8_panels_16x8", "bf16_lstm8_panels_16x8"},
                                     {"bf16_rnn8", "bf16_gru8", "bf16_lstm8"},
                                     "bf16_gru8_two_parts"};
constexpr Packings kBf16Packings16 = {
    {"bf16_rnn16_panels_48x16", "bf16_gru16_panels_48x16", "bf16_lstm16_panels_48x16"},
    {"bf16_rnn16", "bf16_gru16", "bf16_lstm16"},
    "bf16_gru16_two_parts"};
constexpr Packings kAmxPackings16 = {{"bf16_rnn16_panels_32x16", "bf16_gru16_panels_32x16", "bf16_lstm16_panels_32x16"},
                                     {"bf16_rnn16", "bf16_gru16", "bf16_lstm16"},
                                     "bf16_gru16_two_parts"};

template <const Packings& names> const char* packing(const Problem& problem, size_t input) {
  const auto& op = *problem.op.as<Recurrent>();
  if (input == kW) return names.w[static_cast<size_t>(op.cell)];
  if (input != kR) return nullptr;
  return recurrent::in_two_parts(op) ? names.two_parts : names.r[static_cast<size_t>(op.cell)];
}

template <const auto& tiles, const recurrent::Functions& functions>
Tensor pack(const Problem& problem, size_t input, const Tensor& weights) {
  const auto& op = *problem.op.as<Recurrent>();
  return input == kW ? recurrent::pack_w(tiles, recurrent::order_w(functions.lanes, op, weights))
                     : recurrent::pack_r(functions.lanes, op, weights);
}

template <IsaLevel isa, const auto& tiles, const recurrent::Functions& functions, const Packings& names>
constexpr Row row(const char* name) {
  constexpr DType kType = requires { tiles.gflops; }
  ? DType::kF32 : DType::kBF16;
  return {name, isa, refuse<kType>, cost<tiles>, bind<kType, tiles, functions>, packing<names>, pack<tiles, functions>};
}

constexpr Row kRows[] = {
    row<IsaLevel::kAvx512, gemm::kAvx512_6x64, avx512::kRecurrentFunctions, kPackings16>("avx512_recurrent_f32_6x64"),
    row<IsaLevel::kAvx2, gemm::kAvx2_6x16, avx2::kRecurrentFunctions, kPackings8>("avx2_recurrent_f32_3x32"),
    row<IsaLevel::kReference, gemm::kReference4x8, recurrent::kReferenceFunctions, kPackings1>(
        "reference_recurrent_f32_1x4"),
    row<IsaLevel::kAmx, gemm::kAmxBf16_32x32, avx512::kRecurrentBf16Functions, kAmxPackings16>(
        "amx_recurrent_bf16_32x32"),
    row<IsaLevel::kAvx512Bf16, gemm::kAvx512Bf16_8x48, avx512bf16::kRecurrentBf16Functions, kBf16Packings16>(
        "avx512bf16_recurrent_bf16_8x48"),
    row<IsaLevel::kAvx512, gemm::kAvx512WideBf16_8x48, avx512::kRecurrentBf16Functions, kBf16Packings16>(
        "avx512_recurrent_bf16_8x48"),
    row<IsaLevel::kAvx2, gemm::kAvx2Bf16_4x16, avx2::kRecurrentBf16Functions, kBf16Packings8>(
        "avx2_recurrent_bf16_4x16"),
    row<IsaLevel::kReference, gemm::kReferenceBf16_32x32, recurrent::kReferenceBf16Functions, kBf16Packings1>(
        "reference_recurrent_bf16_1x4"),
};

}  // namespace

const Family kRecurrentFamily = {"recurrent", "RNN, GRU and LSTM: a step's product with its gates", kOps, kRows,
                                 text_with_inputs};

}  // namespace ingot::kernels

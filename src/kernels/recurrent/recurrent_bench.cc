#include "kernels/recurrent/recurrent.h"

#include "kernels/families.h"
#include "kernels/kernel_benching.h"

namespace ingot::kernels {
namespace {

void add(const Recurrent& op, int64_t sequence, int64_t batch, int64_t hidden, int threads) {
  const int64_t d = op.directions(), rows = op.gates() * hidden;
  const Operand x{DType::kF32, {sequence, batch, hidden}};
  const Operand w{DType::kF32, {d, rows, hidden}, true};
  const Problem problem{
      op, {x, w, w, {DType::kF32, {d, 2 * rows}, true}}, {{DType::kF32, {sequence, d, batch, hidden}}}};
  const auto weights = static_cast<double>(element_count(w.shape)), steps = static_cast<double>(sequence);
  bench_rows(kRecurrentFamily, fmt::format("{}/threads:{}", kRecurrentFamily.text(problem), threads), problem,
             4 * weights * steps * static_cast<double>(batch), 4 * weights * steps, threads);
}

const int kRegistered = [] {
  Recurrent lstm, gru;
  lstm.cell = RecurrentCell::kLstm;
  gru.cell = RecurrentCell::kGru;
  gru.linear_before_reset = true;
  for (const int threads : {1, 2}) {
    for (const auto direction : {RecurrentDirection::kForward, RecurrentDirection::kBidirectional}) {
      lstm.direction = gru.direction = direction;
      for (const int64_t hidden : {64, 256, 512}) {
        for (const int64_t batch : {1, 8}) {
          add(lstm, 50, batch, hidden, threads);
          add(gru, 50, batch, hidden, threads);
        }
      }
    }
  }
  return 0;
}();

}  // namespace
}  // namespace ingot::kernels

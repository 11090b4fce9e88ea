// A chain with sizes fixed, by bands: its members as stages, the rings between them, and the walk by bands of lines.
#include <algorithm>
#include <array>

#include "base/checked.h"
#include "kernels/chain/stage.h"
#include "kernels/conv/channels_last.h"
#include "kernels/gemm/bound_epilogue.h"

namespace ingot::kernels::chain {
namespace {

constexpr int64_t kMostLines = 8;        // of a band: more gain nothing
constexpr double kWorthAThread = 200e3;  // multiply-adds

// One per member.
using Lines = std::array<int64_t, kMaxMembers>;

struct Span {
  int64_t first, end;
};
// Lines of the data that lines [first, end) of the result read.
Span lines_read(const conv::Geometry& geometry, Span lines) {
  const WindowRange& axis = geometry.axes[1];
  const int64_t first = axis.start(lines.first),
                end = axis.start(lines.end - 1) + (axis.kernel - 1) * axis.dilation + 1;
  return {std::clamp<int64_t>(first, 0, axis.size), std::clamp<int64_t>(end, 0, axis.size)};
}

class Bands final : public BoundKernel {
 public:
  Bands(const Parts& parts, const Problem& problem, const Target& target);
  void run(const RunArgs& args) const noexcept override;

 private:
  struct Member {
    conv::Geometry geometry;  // of one image
    gemm::BoundEpilogue epilogue;
    TileInstruction own;
    std::unique_ptr<Stage> stage = nullptr;
    size_t epilogue_at = 0;  // in scratch
    int64_t kept = 0;        // lines of its result that are kept; of the last: all
    size_t ring_at = 0;      // in a slot
    int64_t line_floats() const { return geometry.axes[2].output * geometry.filters; }
  };
  void add(const Problem& problem, size_t index, IsaLevel isa);
  void choose_band(const Target& target);
  Lines lines_kept(int64_t band) const;
  void share_out(const Target& target);
  size_t reserve(size_t bytes);
  void run_lines(const RunArgs& args, int64_t image, Span lines, std::byte* slot) const noexcept;
  void advance(const RunArgs& args, int64_t image, int64_t end, Lines& done, std::byte* slot) const noexcept;
  void run_stage(const RunArgs& args, int64_t image, size_t index, Span lines, std::byte* slot) const noexcept;

  std::vector<Member> members_;
  int64_t images_ = 0, lines_ = 0;  // lines: of an image's result
  int64_t band_ = 1;
  int64_t slots_ = 1, slot_bytes_ = 0;
  int64_t zeros_ = 0;
  size_t zeros_at_ = 0, slots_at_ = 0;
};

Bands::Bands(const Parts& parts, const Problem& problem, const Target& target) {
  const size_t count = problem.op.as<Chain>()->members.size();
  members_.reserve(count);
  for (size_t i = 0; i < count; ++i) add(problem, i, parts.isa);
  lines_ = members_.back().geometry.axes[1].output;
  choose_band(target);
  const Lines most = lines_kept(band_);
  size_t stage_bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    Member& member = members_[i];
    const RowProgram* program = member.epilogue.program();
    if (slides(member.own.op)) {
      member.stage = sliding_stage(parts.segments, member.geometry, program, target);
    } else {
      const gemm::TileSet& tiles = tiles_for(parts, member_problem(problem, i).inputs[1].shape);
      member.stage = product_stage(tiles, member.geometry, program, most[i], target);
    }
    stage_bytes = std::max(stage_bytes, member.stage->scratch_bytes);
    zeros_ = std::max(zeros_, member.stage->zeros);
  }
  slot_bytes_ = round_up(static_cast<int64_t>(stage_bytes), 64);
  for (size_t i = 0; i + 1 < count; ++i) {
    Member& member = members_[i];
    member.kept = most[i];
    member.ring_at = static_cast<size_t>(slot_bytes_);
    slot_bytes_ += round_up(member.kept * member.line_floats() * static_cast<int64_t>(sizeof(float)), 64);
  }
  share_out(target);
  zeros_at_ = reserve(static_cast<size_t>(zeros_) * sizeof(float));
  slots_at_ = reserve(static_cast<size_t>(slots_ * slot_bytes_));
}

void Bands::add(const Problem& problem, size_t index, IsaLevel isa) {
  const TileInstruction& own = problem.op.as<Chain>()->members[index];
  const Problem member = member_problem(problem, index);
  conv::Geometry geometry = conv::geometry_of(member);
  images_ = geometry.images;
  geometry.images = 1;
  members_.push_back({geometry,
                      gemm::BoundEpilogue(member, {member.outputs[0].shape, 1, 1}, conv::kBias,
                                          own.op.as<Conv>()->epilogue, conv::kFirstOperand, isa),
                      own});
  members_.back().epilogue_at = reserve(members_.back().epilogue.scratch_bytes());
}

// The lines that each member computes and keeps for a band of the result.
Lines Bands::lines_kept(int64_t band) const {
  Lines kept{};
  int64_t lines = band;
  for (size_t i = members_.size(); i-- > 0;) {
    const WindowRange& axis = members_[i].geometry.axes[1];
    kept[i] = std::clamp<int64_t>(lines, 1, std::max<int64_t>(1, axis.output));
    lines = (lines - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
  }
  return kept;
}

// As many lines as leave half of L2 to weights, data and result.
void Bands::choose_band(const Target& target) {
  const auto bytes = [&](int64_t band) {
    const Lines kept = lines_kept(band);
    int64_t floats = 0;
    for (size_t i = 0; i + 1 < members_.size(); ++i) floats += kept[i] * members_[i].line_floats();
    return floats * static_cast<int64_t>(sizeof(float));
  };
  band_ = std::clamp<int64_t>(lines_, 1, kMostLines);
  while (band_ > 1 && bytes(band_) > target.l2_bytes / 2) --band_;
}

void Bands::share_out(const Target& target) {
  double work = 0;
  for (const Member& member : members_) {
    const conv::Geometry& sizes = member.geometry;
    work += static_cast<double>(sizes.output_pixels() * sizes.filters) *
            static_cast<double>(sizes.kernel() * sizes.group_channels());
  }
  const auto worth = static_cast<int64_t>(work * static_cast<double>(images_) / kWorthAThread);
  slots_ = std::max<int64_t>(1, std::min(std::clamp<int64_t>(worth, 1, target.threads), images_ * lines_));
}

size_t Bands::reserve(size_t bytes) {
  const size_t at = scratch_bytes;
  scratch_bytes += static_cast<size_t>(round_up(static_cast<int64_t>(bytes), 64));
  return at;
}

void Bands::run(const RunArgs& args) const noexcept {
  const int64_t all = images_ * lines_;
  if (all * members_.back().line_floats() == 0) return;
  std::fill_n(reinterpret_cast<float*>(args.scratch + zeros_at_), zeros_, 0.0f);
  for (const Member& member : members_) {
    member.epilogue.prepare(member_inputs(member.own, args).data(), args.scratch + member.epilogue_at);
  }
  args.parallel.run(slots_, [&](int64_t index) {
    std::byte* slot = args.scratch + slots_at_ + index * slot_bytes_;
    const int64_t end = all * (index + 1) / slots_;
    for (int64_t line = all * index / slots_; line < end;) {
      const int64_t image = line / lines_, first = line % lines_;
      const int64_t last = std::min(lines_, first + end - line);
      run_lines(args, image, {first, last}, slot);
      line += last - first;
    }
  });
}

void Bands::run_lines(const RunArgs& args, int64_t image, Span lines, std::byte* slot) const noexcept {
  Lines done{};
  Span read = lines;
  for (size_t i = members_.size(); i-- > 0;) {
    done[i] = read.first;
    read = lines_read(members_[i].geometry, read);
  }
  for (int64_t line = lines.first; line < lines.end; line += band_) {
    advance(args, image, std::min(line + band_, lines.end), done, slot);
  }
}

// Computes the result up to line `end`, and what that needs of the members before; `done`: lines that are there.
void Bands::advance(const RunArgs& args, int64_t image, int64_t end, Lines& done, std::byte* slot) const noexcept {
  Lines ends{};
  for (size_t i = members_.size(); i-- > 0;) {
    ends[i] = std::max(end, done[i]);
    end = lines_read(members_[i].geometry, {0, ends[i]}).end;
  }
  for (size_t i = 0; i < members_.size(); ++i) {
    while (done[i] < ends[i]) {
      const int64_t kept = members_[i].kept;
      const int64_t part = kept == 0 ? ends[i] : std::min(ends[i], done[i] + kept - done[i] % kept);
      run_stage(args, image, i, {done[i], part}, slot);
      done[i] = part;
    }
  }
}

void Bands::run_stage(const RunArgs& args, int64_t image, size_t index, Span lines, std::byte* slot) const noexcept {
  const Member& member = members_[index];
  const auto ring = [&](const Member& of) { return reinterpret_cast<float*>(slot + of.ring_at); };
  StageRun run;
  if (index == 0) {
    const conv::Geometry& geometry = member.geometry;
    run.x = static_cast<const float*>(args.inputs[0]) + image * geometry.input_pixels() * geometry.channels;
  } else {
    run.x = ring(members_[index - 1]);
    run.kept = members_[index - 1].kept;
  }
  run.weights = static_cast<const float*>(args.inputs[static_cast<size_t>(member.own.operands[1])]);
  run.zeros = reinterpret_cast<const float*>(args.scratch + zeros_at_);
  member.epilogue.fill(member_inputs(member.own, args).data(), args.scratch + member.epilogue_at, image, 0,
                       run.epilogue);
  run.first = lines.first;
  run.count = lines.end - lines.first;
  run.y = member.kept > 0
              ? ring(member) + lines.first % member.kept * member.line_floats()
              : static_cast<float*>(args.outputs[0]) + (image * lines_ + lines.first) * member.line_floats();
  run.scratch = slot;
  member.stage->run(run);
}

}  // namespace

std::unique_ptr<BoundKernel> bind_bands(const Parts& parts, const Problem& problem, const Target& target) {
  return std::make_unique<Bands>(parts, problem, target);
}

}  // namespace ingot::kernels::chain

// How a depthwise convolution walks its output: lines of all images, in segments, shared out among threads.
#pragma once
#include <vector>

#include "kernels/conv/geometry.h"
#include "kernels/depthwise/segment.h"

namespace ingot::kernels::depthwise {

// The operands of a run, channels-last.
struct WalkData {
  const std::byte *x = nullptr, *zeros = nullptr;  // zeros: as many as there are channels
  int64_t element_bytes = 4;                       // of both
  const float* weights = nullptr;                  // packed
  int64_t kept = 0;  // > 0: of one image without depth, line l of the data is at place l % kept
};

class Walk {
 public:
  Walk(const SegmentSet& segments, const SegmentFunctions& functions, const conv::Geometry& geometry,
       const Target& target);
  int64_t slots() const { return slots_; }              // parts for threads
  int64_t table_bytes() const { return table_bytes_; }  // scratch of a part
  const conv::Geometry& geometry() const { return geometry_; }

  // Calls body(line, block of channels) for the part's share.
  template <class Body> void lines(int64_t slot, Body&& body) const {
    const int64_t units = lines_ * blocks_;
    for (int64_t unit = units * slot / slots_; unit < units * (slot + 1) / slots_; ++unit) {
      body(unit % lines_, unit / lines_);
    }
  }
  // Calls body(column, index of the size) for the segments of a line.
  template <class Body> void segments(Body&& body) const {
    int index = 0;
    for (int64_t column = 0; column < geometry_.axes[2].output; column += kSizes[index]) {
      while (column + kSizes[index] > geometry_.axes[2].output) ++index;
      body(column, index);
    }
  }
  // Pointers of a segment. Those of one that lies in the data serve others of its line and size too.
  struct Table {
    const void** pointers = nullptr;  // table_bytes()
    int index = -1;                   // the size they serve, -1: none
    int64_t column = 0;
  };
  // A segment's arguments, but for the result and its finish. `table`: what the segment before it on the line left.
  SegmentArgs arguments(const WalkData& data, int64_t line, int64_t column, int index, int64_t block,
                        Table& table) const noexcept;
  SegmentFn function(int index) const { return functions_[index]; }
  int64_t most_channels() const;  // of a block

 private:
  void choose_segments(const SegmentFunctions& functions);
  void share_out(const Target& target);
  int64_t end_of_block(int64_t block) const;
  bool inside(int64_t line, int64_t column, int pixels) const noexcept;
  void fill_table(const WalkData& data, int64_t line, int64_t column, int pixels, const void** table) const noexcept;

  conv::Geometry geometry_;
  int64_t vector_;
  const SegmentFn* functions_ = nullptr;  // [kSizeCount]
  bool sliding_ = false;
  int64_t rotations_ = 1;           // channels of a group
  int64_t spread_ = 1;              // filters of a channel
  std::vector<int32_t> lanes_;      // of each rotation, or of the spread
  int64_t lines_ = 0;               // output lines of all images
  int64_t blocks_ = 1, slots_ = 1;  // blocks of channels; parts handed to threads
  int64_t table_bytes_ = 0;
};

}  // namespace ingot::kernels::depthwise

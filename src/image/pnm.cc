// Portable any-maps: PBM, PGM and PPM, as text (P1-P3) and binary (P4-P6).
#include "image/picture.h"

namespace ingot::image {
namespace {

bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

class Reader {
 public:
  explicit Reader(Input input) : input_(input) {}
  uint8_t byte() {
    if (at_ >= input_.size()) throw Damaged{"the picture is cut off"};
    return input_[at_++];
  }
  // The next decimal number, after white space and comments.
  uint32_t number(bool one_digit = false) {
    uint8_t c = byte();
    while (is_space(c) || c == '#') {
      while (c == '#' && byte() != '\n') {
      }
      c = byte();
    }
    if (c < '0' || c > '9') throw Damaged{"the picture lacks a number"};
    uint32_t value = c - '0';
    while (!one_digit && at_ < input_.size() && input_[at_] >= '0' && input_[at_] <= '9') {
      value = value * 10 + (input_[at_++] - '0');
      if (value > 1u << 24) throw Damaged{"the picture holds too large a number"};
    }
    return value;
  }
  size_t remaining() const { return input_.size() - at_; }

 private:
  Input input_;
  size_t at_ = 2;
};

}  // namespace

bool is_pnm(Input input) { return input.size() > 3 && input[0] == 'P' && input[1] >= '1' && input[1] <= '6'; }

Picture decode_pnm(Input input, uint64_t max_bytes) {
  const int kind = (input[1] - '1') % 3;  // 0: bits, 1: grey, 2: colors
  const bool binary = input[1] >= '4';
  Reader reader(input);
  const uint32_t width = reader.number(), height = reader.number();
  const uint32_t highest = kind == 0 ? 1 : reader.number();
  if (highest < 1 || highest > 65535) throw Damaged{"the picture has a wrong range"};
  if (binary) reader.byte();  // one white space
  const uint32_t channels = kind == 2 ? 3 : 1;
  const uint64_t samples = uint64_t{width} * height * channels;
  if (samples / 8 > reader.remaining()) throw Damaged{"the picture is cut off"};
  Picture picture = make_picture(width, height, channels, max_bytes);
  uint32_t bits = 0;
  for (size_t i = 0; i < picture.pixels.size(); ++i) {
    uint32_t value;
    if (kind == 0 && binary) {
      const size_t x = i % width;
      if (x % 8 == 0) bits = reader.byte();
      value = bits >> (7 - x % 8) & 1;
    } else if (!binary) {
      value = reader.number(kind == 0);
    } else {
      value = reader.byte();
      if (highest > 255) value = value << 8 | reader.byte();
    }
    if (value > highest) throw Damaged{"the picture leaves its range"};
    if (kind == 0) value = 1 - value;  // 1 is black
    picture.pixels[i] = static_cast<uint8_t>(highest == 255 ? value : (value * 255 + highest / 2) / highest);
  }
  return picture;
}

}  // namespace ingot::image

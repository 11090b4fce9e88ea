#include "image/image.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

struct Decoded {
  bool ok = false;
  std::string reason;
  uint32_t width = 0, height = 0, channels = 0;
  std::vector<int> pixels;
};

Decoded decode(const std::string& bytes, uint64_t max_bytes = 1 << 20) {
  Decoded result;
  IngotImage image;
  const char* reason = "";
  result.ok =
      ingot_image_decode(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), max_bytes, &image, &reason);
  result.reason = reason;
  if (!result.ok) return result;
  result.width = image.width, result.height = image.height, result.channels = image.channels;
  result.pixels.assign(image.pixels, image.pixels + size_t{image.width} * image.height * image.channels);
  ingot_image_free(&image);
  return result;
}

std::string little(uint32_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

// A bitmap of 2 x 1 pixels with `bits` per pixel.
std::string bitmap(int32_t height, uint32_t bits, const std::string& palette, const std::string& pixels) {
  const auto start = static_cast<uint32_t>(54 + palette.size());
  return "BM" + little(0, 4) + little(0, 4) + little(start, 4) + little(40, 4) + little(2, 4) +
         little(static_cast<uint32_t>(height), 4) + little(1, 2) + little(bits, 2) + little(0, 4) +
         std::string(20, '\0') + palette + pixels;
}

TEST(Image, ReadsBitmapsUpsideDownAndUpright) {
  const std::string rows = "\x01\x02\x03\x04\x05\x06" + little(0, 2) + "\x11\x12\x13\x14\x15\x16" + little(0, 2);
  EXPECT_EQ(decode(bitmap(2, 24, "", rows)).pixels,
            (std::vector<int>{0x13, 0x12, 0x11, 0x16, 0x15, 0x14, 3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(decode(bitmap(-2, 24, "", rows)).pixels,
            (std::vector<int>{3, 2, 1, 6, 5, 4, 0x13, 0x12, 0x11, 0x16, 0x15, 0x14}));
  EXPECT_EQ(decode(bitmap(1, 1, little(0x010203, 4) + little(0x040506, 4), little(0x40, 4))).pixels,
            (std::vector<int>{1, 2, 3, 4, 5, 6}));
}

TEST(Image, RefusesBitmapsThatLie) {
  EXPECT_FALSE(decode(bitmap(1000, 24, "", std::string(8, '\0'))).ok);
  EXPECT_FALSE(decode(bitmap(INT32_MIN, 24, "", std::string(8, '\0'))).ok);
  EXPECT_FALSE(decode(bitmap(1, 7, "", std::string(8, '\0'))).ok);
  EXPECT_FALSE(decode(bitmap(1, 8, "", std::string(8, '\xff'))).ok);
  const std::string whole = bitmap(1, 24, "", std::string(8, '\0'));
  EXPECT_TRUE(decode(whole).ok);
  for (size_t size = 0; size < 50; ++size) EXPECT_FALSE(decode(whole.substr(0, size)).ok) << size;
}

TEST(Image, ReadsPortableMaps) {
  EXPECT_EQ(decode("P3 # comment\n1 2\n15\n15 0 0\n0 15 5\n").pixels, (std::vector<int>{255, 0, 0, 0, 255, 85}));
  EXPECT_EQ(decode("P1\n2 1\n10").pixels, (std::vector<int>{0, 255}));
  EXPECT_EQ(decode("P4\n2 1\n\x80").pixels, (std::vector<int>{0, 255}));
  const Decoded grey = decode("P5 2 1 255\n\x07\x09");
  EXPECT_EQ(grey.channels, 1u);
  EXPECT_EQ(grey.pixels, (std::vector<int>{7, 9}));
  EXPECT_FALSE(decode("P6 2 1 255\n\x07\x09").ok);
  EXPECT_FALSE(decode("P6 99999999 9999999 255\n\x07").ok);
  EXPECT_FALSE(decode("P5 1 1 7\n\x09").ok);
  EXPECT_FALSE(decode("P5 1 1 0\n\x01").ok);
}

TEST(Image, KeepsToTheMemoryAllowed) {
  EXPECT_EQ(decode("P5 2 1 255\n\x07\x09", 1).reason, "the picture is too large");
}

TEST(Image, TellsDamageFromUnknownFormats) {
  EXPECT_EQ(decode("").reason, "the format is unknown or was left out of this build");
  for (const std::string magic : {"\xff\xd8\xff\xe0", "\x89PNG\r\n\x1a\n", "II*", "RIFF....WEBPVP8 ", "BM", "P6"}) {
    EXPECT_FALSE(decode(magic + std::string(64, '\0')).ok) << magic;
    EXPECT_FALSE(decode(magic + std::string(64, '\xff')).ok) << magic;
  }
}

}  // namespace

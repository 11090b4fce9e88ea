#include "base/bytes.h"

#include <gtest/gtest.h>

namespace ingot {
namespace {

ByteReader reader_of(const ByteWriter& writer) { return {writer.bytes(), Code::kInvalidPlan, "test bytes"}; }

template <class Body> std::string message_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInvalidPlan);
    return error.message();
  }
  return "nothing thrown";
}

TEST(ByteReader, ReadsBackWhatTheWriterWrote) {
  ByteWriter writer;
  writer.write<uint8_t>(7);
  writer.align(8);
  writer.write<int64_t>(-5);
  writer.write(2.5f);
  writer.write(true);
  writer.write_string("h\0i");
  ByteReader reader = reader_of(writer);
  EXPECT_EQ(reader.read<uint8_t>(), 7);
  reader.align(8);
  EXPECT_EQ(reader.offset(), 8u);
  EXPECT_EQ(reader.read<int64_t>(), -5);
  EXPECT_EQ(reader.read<float>(), 2.5f);
  EXPECT_TRUE(reader.read<bool>());
  EXPECT_EQ(reader.read_string(), std::string("h\0i"));
  EXPECT_TRUE(reader.done());
}

TEST(ByteReader, EveryPrefixOfAMessageEndsInAnErrorNamingTheOffset) {
  ByteWriter writer;
  writer.write<uint32_t>(1);
  writer.write_string("name");
  for (size_t length = 0; length < writer.size(); ++length) {
    ByteReader reader(writer.bytes().first(length), Code::kInvalidPlan, "test bytes");
    const auto message = message_of([&] {
      reader.read<uint32_t>();
      reader.read_string();
    });
    EXPECT_NE(message.find("test bytes: "), std::string::npos) << length;
    EXPECT_NE(message.find(" at offset "), std::string::npos) << length << message;
    EXPECT_LE(reader.offset(), length);
  }
}

TEST(ByteReader, RefusesHugeCountsBeforeAnyoneReserves) {
  ByteWriter writer;
  writer.write_count(~size_t{0});
  EXPECT_NE(message_of([&] { reader_of(writer).read_count(1000); }).find("over the limit"), std::string::npos);
  ByteWriter short_of_bytes;
  short_of_bytes.write_count(5);
  short_of_bytes.write<uint32_t>(0);
  EXPECT_NE(message_of([&] { reader_of(short_of_bytes).read_count(1000, 4); }).find("needs more than"),
            std::string::npos);
  EXPECT_EQ(reader_of(short_of_bytes).read_count(1000, 0), 5u);
}

TEST(ByteReader, TakesHugeSizesAsErrorsNotOverflow) {
  const std::byte one{};
  ByteReader reader({&one, 1}, Code::kInvalidPlan, "test bytes");
  reader.take(1);
  EXPECT_NE(message_of([&] { reader.take(~size_t{0}); }).find("wanted at offset 1, 0 left"), std::string::npos);
  EXPECT_EQ(reader.take(0).size(), 0u);
}

TEST(ByteReader, RefusesTruthValuesOtherThanZeroAndOne) {
  ByteWriter writer;
  writer.write<uint8_t>(2);
  EXPECT_NE(message_of([&] { reader_of(writer).read<bool>(); }).find("truth value"), std::string::npos);
}

TEST(ByteReader, AlignPastTheEndThrows) {
  const std::byte three[3]{};
  ByteReader reader(three, Code::kInvalidPlan, "test bytes");
  reader.take(2);
  EXPECT_NE(message_of([&] { reader.align(4); }).find("2 bytes wanted"), std::string::npos);
}

TEST(ByteReader, EmptyBytesAreDone) {
  ByteReader reader({}, Code::kInvalidPlan, "test bytes");
  EXPECT_TRUE(reader.done());
  reader.align(64);
  EXPECT_NE(message_of([&] { reader.read<uint8_t>(); }).find("1 bytes wanted"), std::string::npos);
}

TEST(ByteWriter, AlignPadsWithZeros) {
  ByteWriter writer;
  writer.align(16);
  EXPECT_EQ(writer.size(), 0u);
  writer.write<uint8_t>(0xff);
  writer.align(4);
  ASSERT_EQ(writer.size(), 4u);
  for (size_t i = 1; i < 4; ++i) EXPECT_EQ(writer.bytes()[i], std::byte{0});
}

}  // namespace
}  // namespace ingot

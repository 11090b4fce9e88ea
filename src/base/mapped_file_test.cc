#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/folder_testing.h"

namespace ingot {
namespace {

class MappedFileTest : public testing::Test {
 protected:
  static Code code_of_open(const std::filesystem::path& path) {
    try {
      MappedFile::open(path);
    } catch (const Error& error) {
      EXPECT_NE(error.message().find(path.string()), std::string::npos);
      return error.code();
    }
    return Code{};
  }

  const TemporaryFolder owned_;
  const std::filesystem::path& folder_ = owned_.path;
};

TEST_F(MappedFileTest, MapsWhatWasWrittenInParts) {
  const auto path = folder_ / "plan";
  const Bytes parts[] = {as_bytes("hello "), {}, as_bytes("world")};
  write_file_atomically(path, parts);
  const auto file = MappedFile::open(path);
  EXPECT_EQ(as_text(file->bytes()), "hello world");
  EXPECT_EQ(file->path(), path);
}

TEST_F(MappedFileTest, AnEmptyFileHasNoBytes) {
  write_file_atomically(folder_ / "empty", {});
  EXPECT_TRUE(MappedFile::open(folder_ / "empty")->bytes().empty());
}

TEST_F(MappedFileTest, MissingFilesFoldersAndFifosAreErrors) {
  EXPECT_EQ(code_of_open(folder_ / "missing"), Code::kNotFound);
  EXPECT_EQ(code_of_open(folder_), Code::kIo);
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(code_of_open(folder_ / "fifo"), Code::kIo);
}

TEST_F(MappedFileTest, AFailedWriteLeavesTheOldFileAndNoTemporary) {
  const Bytes parts[] = {as_bytes("x")};
  EXPECT_THROW(write_file_atomically(folder_ / "no" / "such" / "folder", parts), Error);
  std::filesystem::create_directory(folder_ / "taken");
  EXPECT_THROW(write_file_atomically(folder_ / "taken", parts), Error);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(MappedFileTest, ReadersSeeTheOldOrTheNewBytesWhileWritersReplace) {
  const auto path = folder_ / "plan";
  const std::string content[] = {std::string(100000, 'a'), std::string(200000, 'b')};
  const Bytes first[] = {as_bytes(content[0])};
  write_file_atomically(path, first);
  std::vector<std::thread> writers;
  for (int w = 0; w < 2; ++w) {
    writers.emplace_back([&, w] {
      const Bytes parts[] = {as_bytes(content[w])};
      for (int i = 0; i < 20; ++i) write_file_atomically(path, parts);
    });
  }
  for (int i = 0; i < 200; ++i) {
    const auto file = MappedFile::open(path);
    const auto text = as_text(file->bytes());
    EXPECT_TRUE(text == content[0] || text == content[1]);
  }
  for (auto& writer : writers) writer.join();
}

}  // namespace
}  // namespace ingot

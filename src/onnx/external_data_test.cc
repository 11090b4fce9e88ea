#include "onnx/external_data.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "onnx/test_models.h"

namespace ingot::onnx {
namespace {

using namespace testing;
namespace fs = std::filesystem;

// A folder "model" with weights.bin beside a secret outside of it.
class ExternalData : public ::testing::Test {
 protected:
  ExternalData() : folder_(root_.path / "model") {
    fs::create_directories(folder_ / "sub");
    std::ofstream(folder_ / "weights.bin") << "0123456789abcdef";
    std::ofstream(folder_ / "sub" / "more.bin") << "ABCDEFGH";
    std::ofstream(root_.path / "secret.bin") << "secrets!";
  }
  Tensor read(const std::string& location, const std::string& offset = "", const std::string& length = "") {
    TensorProto proto;
    proto.name = "w";
    proto.data_type = static_cast<int32_t>(DType::kU8);
    proto.dims = {4};
    proto.external_data = {{"location", location}};
    if (!offset.empty()) proto.external_data.push_back({"offset", offset});
    if (!length.empty()) proto.external_data.push_back({"length", length});
    return to_tensor(proto, folder_);
  }
  Error error(const std::string& location, const std::string& offset = "", const std::string& length = "") {
    return error_of([&] { read(location, offset, length); });
  }
  TemporaryFolder root_;
  fs::path folder_;
};

std::string text(const Tensor& tensor) { return std::string(as_text(tensor.bytes())); }

TEST_F(ExternalData, IsReadBelowTheFolder) {
  EXPECT_EQ(text(read("weights.bin")), "0123");
  EXPECT_EQ(text(read("./weights.bin", "12", "4")), "cdef");
  EXPECT_EQ(text(read("sub/more.bin", "1")), "BCDE");
}

TEST_F(ExternalData, MayNotLeaveTheFolder) {
  for (const char* location : {"../secret.bin", "sub/../../secret.bin", "sub/..", "..", "", "."}) {
    EXPECT_EQ(error(location).code(), Code::kInvalidModel) << location;
  }
  EXPECT_EQ(error((root_.path / "secret.bin").string()).code(), Code::kInvalidModel);
  EXPECT_EQ(error(std::string("weights.bin\0x", 13)).code(), Code::kInvalidModel);
}

TEST_F(ExternalData, FollowsNoSymbolicLink) {
  fs::create_symlink(root_.path / "secret.bin", folder_ / "link.bin");
  fs::create_directory_symlink(root_.path, folder_ / "up");
  fs::create_symlink("weights.bin", folder_ / "inside.bin");
  EXPECT_EQ(error("link.bin").code(), Code::kInvalidModel);
  EXPECT_EQ(error("inside.bin").code(), Code::kInvalidModel);
  EXPECT_NE(error("up/secret.bin").code(), Code::kInternal);
}

TEST_F(ExternalData, RefusesHardLinks) {
  fs::create_hard_link(root_.path / "secret.bin", folder_ / "hard.bin");
  EXPECT_NE(error("hard.bin").message().find("hard link"), std::string::npos);
}

TEST_F(ExternalData, RefusesWhatIsNoRegularFile) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(error("pipe").code(), Code::kInvalidModel);
  EXPECT_EQ(error("sub").code(), Code::kInvalidModel);
  EXPECT_EQ(error("absent.bin").code(), Code::kNotFound);
}

TEST_F(ExternalData, ChecksOffsetsAndLengths) {
  EXPECT_EQ(error("weights.bin", "13").code(), Code::kInvalidModel);
  EXPECT_EQ(error("weights.bin", "18446744073709551615").code(), Code::kInvalidModel);
  EXPECT_EQ(error("weights.bin", "18446744073709551616").code(), Code::kInvalidModel);
  EXPECT_EQ(error("weights.bin", "-1").code(), Code::kInvalidModel);
  EXPECT_EQ(error("weights.bin", "0x4").code(), Code::kInvalidModel);
  EXPECT_EQ(error("weights.bin", "0", "5").code(), Code::kInvalidModel);
  EXPECT_EQ(error("weights.bin", "0", "99999999999").code(), Code::kInvalidModel);
}

TEST_F(ExternalData, NeedsAFolder) {
  folder_.clear();
  EXPECT_EQ(error("weights.bin").code(), Code::kInvalidModel);
}

TEST_F(ExternalData, MapsAFileOnce) {
  TensorProto proto;
  proto.external_data = {{"location", "weights.bin"}};
  const auto first = read_external(proto, folder_, 4), second = read_external(proto, folder_, 8);
  EXPECT_EQ(first.owner, second.owner);
}

}  // namespace
}  // namespace ingot::onnx

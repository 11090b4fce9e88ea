#include "service/cache_key.h"

#include <fstream>

#include "service/library_identity.h"
#include "service/test_requests.h"

namespace ingot::service {
namespace {

using testing::Folder;
using testing::matmul;

CacheKey key_of(const testing::Request& request, const std::vector<std::pair<std::string, std::string>>& given = {}) {
  Options options;
  for (const auto& [name, value] : given) set_option(options, name, value);
  return cache_key(request.model, request.hash, options);
}

TEST(CacheKey, WeightsShapesAndOptionsCount) {
  const auto plain = key_of(matmul(1));
  EXPECT_EQ(plain.name(), key_of(matmul(1)).name());
  EXPECT_NE(plain.content, key_of(matmul(2)).content);
  EXPECT_NE(plain.content, key_of(matmul(1, 5)).content);
  EXPECT_NE(plain.content, key_of(matmul(1), {{"maxShapes", "x:4x3"}}).content);
  EXPECT_NE(plain.content, key_of(matmul(1), {{"free-dimension", "n=4"}}).content);
  EXPECT_EQ(plain.content, key_of(matmul(1), {{"precision", "fp32"}}).content);  // the default, said aloud
}

TEST(CacheKey, AnotherCpuChangesTheTargetAlone) {
  const auto any = key_of(matmul(1));
  Options slower;
  slower.build.isa = "reference";
  const auto other = cache_key(matmul(1).model, matmul(1).hash, slower);
  EXPECT_NE(any.target, other.target);
  EXPECT_EQ(any.content, other.content);
}

TEST(CacheKey, DataOutsideOfTheModelFileCounts) {
  const Folder folder;
  const auto request = matmul(1, 16);
  onnx::write_model(request.model, folder.path / "m.onnx", 16);
  const auto data = folder.path / "m.onnx.data";
  ASSERT_TRUE(std::filesystem::exists(data));
  const auto key = [&] { return cache_key(onnx::read_model(folder.path / "m.onnx"), "same", {}).content; };
  const std::string before = key();
  EXPECT_EQ(before, key());
  std::fstream(data, std::ios::in | std::ios::out | std::ios::binary).write("retrained", 9);
  EXPECT_NE(before, key());
}

TEST(CacheKey, AFileThatAnOptionNamesCountsByItsContent) {
  const Folder folder;
  const std::string file = (folder.path / "file").string();
  Options options;
  options.given = {{"some-file", file}};
  const auto key = [&] { return cache_key(matmul(1).model, "same", options).content; };
  std::ofstream(file) << "one";
  const std::string before = key();
  std::ofstream(file) << "two";
  EXPECT_NE(before, key());
}

TEST(LibraryIdentity, StartsWithTheVersion) {
  EXPECT_EQ(library_identity().rfind(INGOT_LIBRARY_VERSION, 0), 0u) << library_identity();
}

}  // namespace
}  // namespace ingot::service

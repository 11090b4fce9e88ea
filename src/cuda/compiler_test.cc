#include "cuda/compiler.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/folder_testing.h"
#include "base/log.h"
#include "device/code_folder.h"

namespace ingot::cuda {
namespace {

class Compiler : public testing::Test {
 protected:
  void SetUp() override {
    if (!nvrtc_library().found()) GTEST_SKIP() << nvrtc_library().detail();
  }
};

TEST_F(Compiler, MakesMachineCodeForHopperWithoutAGpu) {
  const std::string cubin = compile_cubin("extern \"C\" __global__ void nothing() {}", 9, 0);
  EXPECT_EQ(cubin.substr(0, 4),
            "\x7f"
            "ELF");
  EXPECT_NE(cubin.find("nothing"), std::string::npos);
}

TEST_F(Compiler, GivesItsLogOnAnError) {
  try {
    compile_cubin("void f() { undeclared(); }", 9, 0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("undeclared"), std::string::npos) << error.what();
  }
}

TEST_F(Compiler, CompilesASourceOnceForAllProcesses) {
  const TemporaryFolder folder;
  const std::string source = "extern \"C\" __global__ void nothing() {}", other = source + "// changed";
  const auto find = [&](const std::string& text, int major) {
    device::FolderStore store(folder.path / "device", {});  // as another process would
    return find_cubin(store, text, major, 0);
  };
  const Cubin cold = find(source, 9);
  EXPECT_FALSE(cold.kept);
  const Cubin warm = find(source, 9);
  EXPECT_TRUE(warm.kept);
  EXPECT_EQ(warm.code, cold.code);
  EXPECT_FALSE(find(other, 9).kept);
  EXPECT_FALSE(find(source, 8).kept) << "for another architecture";
  for (const auto& file : device::CodeFolder(folder.path / "device").files()) {
    std::filesystem::resize_file(file.path, file.bytes / 2);
  }
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  EXPECT_FALSE(find(source, 9).kept) << "damaged";
  set_log_sink(nullptr);
  EXPECT_EQ(lines.size(), 1u);
  EXPECT_TRUE(find(source, 9).kept);
}

std::string kernel_named(const std::string& name) { return "extern \"C\" __global__ void " + name + "() {}"; }

TEST_F(Compiler, CompilesTheSourcesThatTheStoreLacksEachForItself) {
  const TemporaryFolder folder;
  device::FolderStore store(folder.path / "device", {});
  const std::string sources[] = {kernel_named("a"), kernel_named("b"), kernel_named("c")};
  const Cubin second = find_cubin(store, sources[1], 9, 0);
  const auto cubins = find_cubins(store, sources, 9, 0);
  ASSERT_EQ(cubins.size(), 3u);
  EXPECT_EQ(cubins[1].code, second.code);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(cubins[i].kept, i == 1);
    EXPECT_EQ(cubins[i].code, compile_cubin(sources[i], 9, 0));
  }
  for (const Cubin& each : find_cubins(store, sources, 9, 0)) EXPECT_TRUE(each.kept);
}

TEST_F(Compiler, FailsOfSeveralSourcesWithTheLogOfOneThatIsWrong) {
  const auto store = device::no_store();
  const std::string sources[] = {kernel_named("a"), "void f() { undeclared(); }", kernel_named("c")};
  try {
    find_cubins(*store, sources, 9, 0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("undeclared"), std::string::npos) << error.what();
  }
}

TEST_F(Compiler, KeepsNothingOfASourceThatIsWrong) {
  const TemporaryFolder folder;
  device::FolderStore store(folder.path / "device", {});
  EXPECT_THROW(find_cubin(store, "void f() { undeclared(); }", 9, 0), Error);
  EXPECT_TRUE(device::CodeFolder(folder.path / "device").files().empty());
}

TEST(SharedLibrary, SaysWhyThereIsNone) {
  const SharedLibrary library({"libno_such_thing.so.9"});
  EXPECT_FALSE(library.found());
  EXPECT_NE(library.detail().find("libno_such_thing.so.9"), std::string::npos);
}

TEST(SharedLibrary, WithoutAFunctionCountsAsMissing) {
  SharedLibrary library({"libc.so.6"});
  ASSERT_TRUE(library.found());
  int (*function)() = nullptr;
  library.get("ingot_no_such_function", function);
  EXPECT_EQ(function, nullptr);
  EXPECT_FALSE(library.found());
  EXPECT_NE(library.detail().find("ingot_no_such_function"), std::string::npos);
}

}  // namespace
}  // namespace ingot::cuda

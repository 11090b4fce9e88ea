#include "cuda/compiler.h"

#include <gtest/gtest.h>

#include "base/environment_testing.h"
#include "base/error.h"
#include "base/folder_testing.h"
#include "base/log.h"
#include "cuda/nvrtc_testing.h"
#include "device/code_folder.h"
#include "device/plan_store.h"

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
  EXPECT_EQ(cold.origin, Origin::kCompiled);
  const Cubin warm = find(source, 9);
  EXPECT_EQ(warm.origin, Origin::kKept);
  EXPECT_EQ(warm.code, cold.code);
  EXPECT_EQ(find(other, 9).origin, Origin::kCompiled);
  EXPECT_EQ(find(source, 8).origin, Origin::kCompiled) << "for another architecture";
  for (const auto& file : device::CodeFolder(folder.path / "device").files()) {
    std::filesystem::resize_file(file.path, file.bytes / 2);
  }
  std::vector<std::string> lines;
  set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  EXPECT_EQ(find(source, 9).origin, Origin::kCompiled) << "damaged";
  set_log_sink(nullptr);
  EXPECT_EQ(lines.size(), 1u);
  EXPECT_EQ(find(source, 9).origin, Origin::kKept);
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
    EXPECT_EQ(cubins[i].origin, i == 1 ? Origin::kKept : Origin::kCompiled);
    EXPECT_EQ(cubins[i].code, compile_cubin(sources[i], 9, 0));
  }
  for (const Cubin& each : find_cubins(store, sources, 9, 0)) EXPECT_EQ(each.origin, Origin::kKept);
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

std::vector<DeviceCode> as_brought(std::span<const device::CompiledCode> compiled, int major, int minor) {
  std::vector<DeviceCode> all;
  for (const auto& each : compiled) {
    all.push_back({each.source, major, minor, as_bytes(each.machine_code), as_bytes(each.intermediate)});
  }
  return all;
}

TEST_F(Compiler, MakesMachineCodeAndPtxForPlans) {
  const std::string sources[] = {kernel_named("a"), kernel_named("b")};
  const auto all = compile_all(sources, 9, 0);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_NE(all[0].source, all[1].source);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(all[i].machine_code, compile_cubin(sources[i], 9, 0));
    EXPECT_NE(all[i].intermediate.find(i == 0 ? ".entry a" : ".entry b"), std::string::npos);
  }
}

TEST_F(Compiler, RefusesACapabilityThatItDoesNotKnow) {
  const std::string source = kernel_named("a");
  try {
    compile_all(std::span(&source, 1), 3, 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kUnsupported);
    EXPECT_NE(error.message().find("sm_31"), std::string::npos) << error.message();
  }
}

TEST_F(Compiler, TakesWhatAPlanBroughtWhereTheUsersOwnCacheLacksItAndKeepsNoneOfIt) {
  const TemporaryFolder folder;
  const auto own = std::make_shared<device::FolderStore>(folder.path / "device", std::filesystem::path());
  const std::string sources[] = {kernel_named("a"), kernel_named("b"), kernel_named("c")};
  find_cubin(*own, sources[0], 9, 0);
  const auto compiled = compile_all(std::span(sources, 2), 9, 0);
  const auto brought = as_brought(compiled, 9, 0);
  const auto store = device::with_code(own, brought);
  const auto cubins = find_cubins(*store, sources, 9, 0);
  EXPECT_EQ(cubins[0].origin, Origin::kKept);
  EXPECT_EQ(cubins[1].origin, Origin::kBrought);
  EXPECT_EQ(cubins[1].code, compiled[1].machine_code);
  EXPECT_EQ(cubins[2].origin, Origin::kCompiled) << "nobody brought it";
  EXPECT_EQ(device::CodeFolder(folder.path / "device").files().size(), 2u) << "what was compiled";
  EXPECT_EQ(find_cubin(*store, sources[1], 8, 0).origin, Origin::kCompiled) << "brought for another architecture";
  EXPECT_EQ(find_cubin(*store, sources[1], 9, 0, true).origin, Origin::kCompiled) << "the driver refused it";
}

// In a process of its own, which finds a library without NVRTC's functions in NVRTC's place.
TEST(WithoutNvrtc, PtxOfAPlanIsLeftToTheDriverAndNothingElseServes) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const TemporaryFolder folder;
  put_decoy_of_nvrtc(folder.path);
  const Environment libraries("INGOT_CUDA_LIBRARIES", folder.path.string());
  const auto find = [] {
    const std::string source = kernel_named("a"), other = kernel_named("b");
    const DeviceCode brought[] = {{name_in_plans(source), 8, 0, as_bytes("cubin"), as_bytes("ptx")}};
    const auto store = device::with_code(device::no_store(), brought);
    const Cubin cubin = find_cubin(*store, source, 9, 0);
    if (cubin.origin != Origin::kTranslated || cubin.code != "ptx") std::exit(1);
    if (find_cubins(*store, std::span(&source, 1), 8, 0)[0].origin != Origin::kBrought) std::exit(2);
    try {
      find_cubin(*store, other, 9, 0);
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n", error.message().c_str());
      std::exit(0);
    }
    std::exit(3);
  };
  EXPECT_EXIT(find(), testing::ExitedWithCode(0), "NVRTC is missing: .*lacks nvrtcVersion");
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

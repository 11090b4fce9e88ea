#include "cuda/compiler.h"

#include <gtest/gtest.h>

#include "base/error.h"

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

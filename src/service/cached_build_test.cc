#include "service/cached_build.h"

#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "base/log.h"
#include "plan/plan.h"
#include "runtime/session.h"
#include "service/plan_cache.h"
#include "service/test_requests.h"

namespace ingot::service {
namespace {

using testing::build;
using testing::Folder;
using testing::matmul;
using testing::options_in;
using testing::state_of;
namespace fs = std::filesystem;

// First element of y for ones.
float answer(plan::Plan plan) {
  const int64_t rows = plan.program.values[static_cast<size_t>(plan.program.inputs[0])].shape->at(1).constant().value();
  runtime::Session session(std::make_shared<const plan::Plan>(std::move(plan)), {{.threads = 1}});
  std::vector<Value> inputs{Tensor::of<float>({1, rows}, std::vector<float>(static_cast<size_t>(rows), 1))}, outputs(1);
  session.run(inputs, outputs);
  return outputs[0].tensor().data<float>()[0];
}

// Log lines of the least level while it lives.
class Lines {
 public:
  explicit Lines(LogLevel level) : before_(log_level()) {
    set_log_level(level);
    set_log_sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); });
  }
  ~Lines() {
    set_log_sink(nullptr);
    set_log_level(before_);
  }
  std::vector<std::string> lines;

 private:
  LogLevel before_;
};

TEST(CachedBuild, TheSecondBuildIsTheFileOfTheFirst) {
  const Folder folder;
  EXPECT_EQ(state_of(build(matmul(2), options_in(folder))), "built");
  auto second = build(matmul(2), options_in(folder));
  EXPECT_EQ(state_of(second), "loaded");
  EXPECT_EQ(answer(std::move(second.plan)), 6);
  EXPECT_EQ(fs::directory_iterator(folder.path)->path().extension(), ".plan");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path), {}), 1);  // no lock, no temporary file
}

TEST(CachedBuild, RetrainedWeightsUnderTheSameNamesAreBuiltAgain) {
  const Folder folder;
  EXPECT_EQ(answer(build(matmul(2), options_in(folder)).plan), 6);
  auto retrained = build(matmul(3), options_in(folder));
  EXPECT_EQ(state_of(retrained), "built");
  EXPECT_EQ(answer(std::move(retrained.plan)), 9);
}

TEST(CachedBuild, DamagedAndForeignFilesCostOneLineEach) {
  const Folder folder;
  build(matmul(2), options_in(folder));
  build(matmul(5), options_in(folder));
  const auto entries = PlanCache(folder.path).entries();
  const fs::path path = entries[0].path;
  std::ifstream in(path, std::ios::binary);
  const std::string sound{std::istreambuf_iterator<char>(in), {}};
  std::string other, flipped = sound;
  flipped[sound.size() / 2] ^= 8;
  {
    std::ifstream file(entries[1].path, std::ios::binary);
    other.assign(std::istreambuf_iterator<char>(file), {});
  }
  for (const std::string& content : {std::string(), std::string("not a plan"), sound.substr(0, 300), flipped, other}) {
    std::ofstream(path, std::ios::binary) << content;
    const Lines log(LogLevel::kWarning);
    auto result = build(matmul(2), options_in(folder));
    EXPECT_EQ(state_of(result), "built");
    EXPECT_EQ(log.lines.size(), 1u);
    EXPECT_NE(log.lines[0].find(path.string()), std::string::npos) << log.lines[0];
    EXPECT_EQ(answer(std::move(result.plan)), 6);
    EXPECT_EQ(state_of(build(matmul(2), options_in(folder))), "loaded");
  }
}

TEST(CachedBuild, AFolderThatCannotBeWrittenCostsOneWarning) {
  Options options;
  options.cache.folder = "/dev/null/cache";
  const Lines log(LogLevel::kWarning);
  auto result = build(matmul(2), options);
  EXPECT_EQ(state_of(result), "off");
  EXPECT_EQ(answer(std::move(result.plan)), 6);
  EXPECT_EQ(log.lines.size(), 1u);
}

TEST(CachedBuild, AFileThatIsAFolderCostsOneWarningPerTry) {
  const Folder folder;
  build(matmul(2), options_in(folder));
  const auto path = PlanCache(folder.path).entries()[0].path;
  fs::remove(path);
  fs::create_directory(path);
  auto result = build(matmul(2), options_in(folder));
  EXPECT_EQ(answer(std::move(result.plan)), 6);
}

TEST(CachedBuild, APlanOfAnotherCpuIsBuiltAgainFromItsPortableGraph) {
  const Folder folder;
  auto options = options_in(folder);
  options.build.isa = "reference";  // as if this were a lesser machine: the key's content does not see it
  build(matmul(2), options);
  auto result = build(matmul(2), options_in(folder));
  EXPECT_EQ(state_of(result), "respecialized");
  EXPECT_EQ(result.plan.info.target_isa, isa_name(cpu_isa()));
  EXPECT_EQ(result.plan.info.model_name, "m.onnx");
  EXPECT_EQ(answer(std::move(result.plan)), 6);
  EXPECT_EQ(state_of(build(matmul(2), options_in(folder))), "loaded");
  EXPECT_EQ(PlanCache(folder.path).entries().size(), 2u);
}

TEST(CachedBuild, WhoWaitsTooLongBuildsForItself) {
  const Folder folder;
  auto options = options_in(folder);
  const auto request = matmul(2);
  const FileLock other(PlanCache(folder.path).lock_of(cache_key(request.model, request.hash, options)), 0);
  options.cache.lock_seconds = 0.05;
  auto result = build(request, options);
  EXPECT_EQ(state_of(result), "built");
  EXPECT_EQ(answer(std::move(result.plan)), 6);
  EXPECT_TRUE(PlanCache(folder.path).entries().empty());
}

TEST(CachedBuild, EightProcessesBuildOnceTogether) {
  const Folder folder;
  const auto request = matmul(2, 64);
  const auto options = options_in(folder);
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto result = build(request, options);
      const std::string state = state_of(result);
      ::_exit(answer(std::move(result.plan)) != 128 ? 9 : state == "built" ? 1 : state == "loaded" ? 2 : 8);
    }
    children.push_back(child);
  }
  std::map<int, int> exits;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    ++exits[WIFEXITED(status) ? WEXITSTATUS(status) : -1];
  }
  EXPECT_EQ(exits, (std::map<int, int>{{1, 1}, {2, 7}}));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path), {}), 1);
}

TEST(CachedBuild, KilledWhileWritingLeavesNothingThatIsBelieved) {
  const Folder folder;
  const auto request = matmul(2, 1 << 17);  // 2 MB of weights
  const auto options = options_in(folder);
  int leftovers = 0;
  for (int round = 0; round < 10; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) {
        for (const auto& file : folder.files(".plan")) fs::remove(file);
        build(request, options);
      }
    }
    while (folder.files(".tmp").empty()) std::this_thread::yield();
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    leftovers += folder.files(".tmp").empty() ? 0 : 1;
    EXPECT_EQ(answer(build(request, options).plan), float(1 << 18));
    EXPECT_EQ(state_of(build(request, options)), "loaded");
    for (const auto& entry : PlanCache(folder.path).entries()) EXPECT_EQ(PlanCache::check(entry.path), "");
    PlanCache(folder.path).prune(0);
    EXPECT_TRUE(fs::is_empty(folder.path));
  }
  EXPECT_GT(leftovers, 0) << "no kill came in the middle of a write: this test tested nothing";
}

}  // namespace
}  // namespace ingot::service

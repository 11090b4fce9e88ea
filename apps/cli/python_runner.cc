#include "apps/cli/python_runner.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <ingot/ingot.hpp>

extern char** environ;

namespace ingot::cli {
namespace {

// Requests: {"do":"engines"}; {"do":"run","model":path,"folder":path or null,"inputs":{name:npy},"out":folder}.
constexpr const char* kScript = R"PY(
import importlib, json, os, sys, traceback
channel = os.fdopen(os.dup(1), "w"); os.dup2(2, 1)
def engines(_):
    found = {}
    for name in ("onnxruntime", "openvino", "torch", "onnx"):
        try:
            module = importlib.import_module(name)
            found[name] = {"found": True, "detail": str(getattr(module, "__version__", ""))}
        except Exception as error:
            found[name] = {"found": False, "detail": "%s: %s" % (type(error).__name__, error)}
    return found
def run(what):
    import numpy, onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if what.get("folder"):
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", what["folder"])
    session = onnxruntime.InferenceSession(what["model"], options, providers=["CPUExecutionProvider"])
    feeds = {name: numpy.load(path) for name, path in what["inputs"].items()}
    for each in session.get_inputs():
        if each.type == "tensor(string)" and each.name in feeds: feeds[each.name] = feeds[each.name].astype(object)
    names = [each.name for each in session.get_outputs()]
    files = {}
    for index, (name, value) in enumerate(zip(names, session.run(names, feeds))):
        if not isinstance(value, numpy.ndarray): continue
        if value.dtype == object: value = value.astype(str)
        files[name] = os.path.join(what["out"], "%d.npy" % index)
        numpy.save(files[name], numpy.ascontiguousarray(value).reshape(value.shape))
    return {"outputs": files, "version": onnxruntime.__version__}
for line in sys.stdin:
    try:
        what = json.loads(line)
        answer = {"engines": engines, "run": run}[what["do"]](what)
    except Exception as error:
        answer = {"error": "%s: %s" % (type(error).__name__, error)}
    print(json.dumps(answer), file=channel, flush=True)
)PY";

}  // namespace

std::string python_interpreter() {
  const char* named = std::getenv("INGOT_PYTHON");
  return named != nullptr ? named : "python3";
}

PythonRunner::PythonRunner() {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw Exception(INGOT_IO, std::strerror(errno));
  std::signal(SIGPIPE, SIG_IGN);  // a dead process shows as a failed write
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  std::string python = python_interpreter(), flag = "-c", script = kScript;
  char* arguments[] = {python.data(), flag.data(), script.data(), nullptr};
  const int failed = ::posix_spawnp(&process_, python.c_str(), &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
  if (failed != 0) throw Exception(INGOT_NOT_FOUND, "cannot start " + python + ": " + std::strerror(failed));
}

PythonRunner::~PythonRunner() {
  ::close(to_);
  ::close(from_);
  if (process_ > 0) ::waitpid(process_, nullptr, 0);
}

nlohmann::json PythonRunner::request(const nlohmann::json& what) {
  const std::string line = what.dump() + "\n";
  for (size_t sent = 0; sent < line.size();) {
    const ssize_t count = ::write(to_, line.data() + sent, line.size() - sent);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw Exception(INGOT_DEVICE, "the Python runner ended");
    sent += static_cast<size_t>(count);
  }
  size_t end;
  while ((end = pending_.find('\n')) == std::string::npos) {
    char buffer[4096];
    const ssize_t count = ::read(from_, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw Exception(INGOT_DEVICE, "the Python runner ended without an answer");
    pending_.append(buffer, static_cast<size_t>(count));
  }
  const auto answer = nlohmann::json::parse(pending_.substr(0, end));
  pending_.erase(0, end + 1);
  if (answer.contains("error")) throw Exception(INGOT_DEVICE, answer["error"].get<std::string>());
  return answer;
}

void become_python(const std::string& module, const std::vector<std::string>& arguments) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  std::string path;
  for (const fs::path& place : {folder.parent_path() / "python", folder.parent_path().parent_path()}) {
    if (fs::exists(place / "ingot" / "__init__.py", ignored)) path += place.string() + ":";
  }
  if (const char* before = std::getenv("PYTHONPATH"); before != nullptr) path += before;
  if (!path.empty()) ::setenv("PYTHONPATH", path.c_str(), 1);
  std::vector<std::string> words = {python_interpreter(), "-m", module};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execvp(pointers[0], pointers.data());
  throw Exception(INGOT_NOT_FOUND, "cannot start " + words[0] + ": " + std::strerror(errno));
}

nlohmann::json find_engines() {
  try {
    return PythonRunner().request({{"do", "engines"}});
  } catch (const Exception& error) {
    return {{python_interpreter(), {{"found", false}, {"detail", error.what()}}}};
  }
}

}  // namespace ingot::cli

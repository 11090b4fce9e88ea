// Other engines run in a Python process of their own: one JSON document per line each way, tensors in .npy files.
#pragma once
#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ingot::cli {

// The interpreter: $INGOT_PYTHON, else python3 on the path.
std::string python_interpreter();

class PythonRunner {
 public:
  // Starts the process. Throws Exception(INGOT_NOT_FOUND) when there is no interpreter.
  PythonRunner();
  ~PythonRunner();
  PythonRunner(const PythonRunner&) = delete;
  PythonRunner& operator=(const PythonRunner&) = delete;
  // Throws Exception(INGOT_DEVICE) with the process's own words when the request failed or the process died.
  nlohmann::json request(const nlohmann::json& what);

 private:
  pid_t process_ = -1;
  int to_ = -1, from_ = -1;
  std::string pending_;
};

// Runs `python -m MODULE ARGUMENTS` of the package `ingot` in place of this process: it does not return. The package
// lies beside this program (build folder, wheel) or is installed for the interpreter. Throws Exception(INGOT_NOT_FOUND)
// when the interpreter cannot be started.
[[noreturn]] void become_python(const std::string& module, const std::vector<std::string>& arguments);

// {"onnxruntime": {"found": true, "detail": "1.32.0"}, ...}
nlohmann::json find_engines();

}  // namespace ingot::cli

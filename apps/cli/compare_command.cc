#include "apps/cli/command.h"
#include "apps/cli/python_runner.h"

namespace ingot::cli {

void add_compare(CLI::App& app, Common& common, int&) {
  CLI::App* verb =
      app.add_subcommand("compare", "Runs a model in every engine that is installed and reports side by side");
  verb->prefix_command();
  verb->fallthrough(false);
  verb->set_help_flag();  // the options, --help among them, are those of the Python package
  verb->callback([verb, &common] {
    std::vector<std::string> arguments = {"compare"};
    if (common.json) arguments.emplace_back("--json");
    if (common.quiet) arguments.emplace_back("--quiet");
    for (const auto& word : verb->remaining()) arguments.push_back(word);
    become_python("ingot.compare", arguments);
  });
}

void start_suite(int argc, char** argv) {
  std::vector<std::string> arguments = {"suite"};  // the verb of the package: another for the gate
  int verb = 1;
  for (; verb < argc && argv[verb][0] == '-'; ++verb) arguments.emplace_back(argv[verb]);  // --json before the verb
  if (verb >= argc || std::string(argv[verb]) != "bench") return;
  std::string suite;
  for (int i = verb + 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--suite" && i + 1 < argc) {
      suite = argv[++i];
    } else if (word.rfind("--suite=", 0) == 0) {
      suite = word.substr(8);
    } else {
      arguments.push_back(word);
    }
  }
  if (suite.empty()) return;
  if (suite != "cpu" && suite != "gate") {
    throw CLI::ValidationError("--suite", "there is no suite '" + suite + "'; there are: cpu, gate");
  }
  if (suite == "gate") arguments[0] = suite;
  become_python("ingot.compare", arguments);
}

}  // namespace ingot::cli

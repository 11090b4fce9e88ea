// ingot_random_graphs: random graphs, optimised and run as plans, against the interpreter.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/cpu.h"
#include "random_graphs/check.h"

int main(int argc, char** argv) {
  CLI::App app{"Random graphs, optimised and run as plans, against the interpreter"};
  uint64_t seed = 1, count = 2000;
  bool print = false;
  std::string json;
  size_t most = 10;
  app.add_option("--seed", seed, "Seed of the first graph; the next have the next numbers");
  app.add_option("--count", count, "How many graphs");
  app.add_option("--most", most, "Stop after so many faults");
  app.add_option("--json", json, "File to write the figures to");
  app.add_flag("--print", print, "Print every graph");
  CLI11_PARSE(app, argc, argv);
  const auto begin = std::chrono::steady_clock::now();
  size_t faults = 0, nodes = 0, steps = 0, compared = 0;
  uint64_t done = 0;
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(seed + count - 1));
  for (; done < count && faults < most; ++done) {
    const auto outcome = ingot::random_graphs::check(seed + done);
    nodes += outcome.nodes;
    steps += outcome.steps;
    compared += outcome.compared ? 1 : 0;
    if (print) std::printf("%s\n", outcome.graph.c_str());
    if (outcome.fault.empty()) continue;
    ++faults;
    std::printf("seed %llu: %s\nrepeat: %s --seed %llu --count 1 --print\n",
                static_cast<unsigned long long>(seed + done), outcome.fault.c_str(), argv[0],
                static_cast<unsigned long long>(seed + done));
    std::fflush(stdout);
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  std::printf("%llu graphs, %zu compared, %zu nodes, %zu steps, %zu faults, %.1f s\n",
              static_cast<unsigned long long>(done), compared, nodes, steps, faults, taken.count());
  if (!json.empty()) {
    const nlohmann::ordered_json report = {{"first seed", seed},
                                           {"graphs", done},
                                           {"compared", compared},
                                           {"nodes", nodes},
                                           {"steps", steps},
                                           {"faults", faults},
                                           {"widest ISA level", ingot::isa_name(ingot::cpu_isa())}};
    std::ofstream(json) << report.dump(2) << "\n";
  }
  return faults == 0 ? 0 : 1;
}

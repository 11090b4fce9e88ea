#include "apps/cli/hints.h"

#include <fmt/core.h>
#include <ingot/ingot.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace ingot::cli {
namespace {

struct Habit {
  const char *word, *here;
};
// Options of trtexec that have other names, or no meaning, here. Those of the same meaning and name are options.
constexpr Habit kHabits[] = {
    {"--onnx", "`ingot build --onnx=model.onnx --saveEngine=model.plan`"},
    {"--saveEngine", "`ingot build --onnx=model.onnx --saveEngine=model.plan`"},
    {"--loadEngine", "`ingot bench --loadEngine=model.plan`"},
    {"--best", "nothing: types are never chosen in silence; --precision names one"},
    {"--int8", "nothing: models with QuantizeLinear and DequantizeLinear run as they are"},
    {"--fp8", "nothing: --precision has no fp8"},
    {"--noTF32", "nothing: fp32 is fp32 unless --tf32 is given"},
    {"--workspace", "nothing: memory is planned when shapes are bound"},
    {"--memPoolSize", "nothing: memory is planned when shapes are bound"},
    {"--explicitBatch", "nothing: the batch is a size of the model"},
    {"--batch", "--shapes"},
    {"--timingCacheFile", "--tuning-db, with --tune quick"},
    {"--builderOptimizationLevel", "--tune quick or --tune full"},
    {"--exportLayerInfo", "`ingot inspect model.plan --json`"},
    {"--dumpLayerInfo", "`ingot inspect model.plan`"},
    {"--exportTimes", "--json"},
    {"--useCudaGraph", "nothing: a plan already is a fixed list of steps"},
    {"--useSpinWait", "--spins"},
    {"--noDataTransfers", "nothing: times are those of whole runs"},
    {"--separateProfileRun", "nothing: --layers times runs of its own"},
    {"--skipInference", "`ingot build` does not run the plan"},
    {"--buildOnly", "`ingot build` does not run the plan"},
    {"--loadInputs", "--input name=file.npy"},
    {"--exportOutput", "`ingot run model.plan -o FOLDER`"},
    {"--useDLACore", "nothing: there is no DLA"},
    {"--allowGPUFallback", "--fallback"},
};

// "--fp16" of "--fp16=true"; "" for words that are no long option.
std::string option_word(const char* word) {
  const std::string_view text = word;
  return text.substr(0, 2) == "--" ? std::string(text.substr(0, text.find('='))) : "";
}

bool takes(const CLI::App& app, const std::string& word) {
  const auto options = app.get_options();
  return std::any_of(options.begin(), options.end(), [&](const CLI::Option* each) { return each->check_name(word); });
}

std::string nearest(const std::vector<const CLI::App*>& apps, const std::string& word) {
  std::string best;
  size_t least = word.size() / 3 + 1;  // farther away is another word
  for (const CLI::App* app : apps) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        const size_t away = ingot_name_distance(word.c_str(), ("--" + name).c_str());
        if (away >= least) continue;
        least = away;
        best = "--" + name;
      }
    }
  }
  return best;
}

}  // namespace

std::string hint_for(const CLI::App& app, int argc, char** argv) {
  std::vector<const CLI::App*> apps = {&app};
  for (const CLI::App* verb : app.get_subcommands()) apps.push_back(verb);
  for (int i = 1; i < argc; ++i) {
    const std::string word = option_word(argv[i]);
    if (word.empty() || std::any_of(apps.begin(), apps.end(), [&](const CLI::App* each) { return takes(*each, word); }))
      continue;
    for (const Habit& habit : kHabits) {
      if (word == habit.word) return fmt::format("{} of trtexec is here: {}", word, habit.here);
    }
    const std::string meant = nearest(apps, word);
    return meant.empty() ? "" : fmt::format("did you mean {}?", meant);
  }
  return "";
}

}  // namespace ingot::cli

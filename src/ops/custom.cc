#include "ops/custom.h"

#include <map>
#include <mutex>

#include "ops/eval.h"
#include "ops/infer.h"

namespace ingot {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::pair<std::string, std::string>, CustomFunctions> functions;
};

Registry& registry() {
  static Registry* instance = new Registry;
  return *instance;
}

CustomFunctions functions_of(const Custom& custom) {
  const std::lock_guard lock(registry().mutex);
  const auto found = registry().functions.find({custom.domain, custom.op_type});
  if (found == registry().functions.end()) {
    fail(Code::kUnsupported, "operator {} of domain {} is not registered in this process", custom.op_type,
         custom.domain);
  }
  return found->second;
}

}  // namespace

void register_custom(const std::string& domain, const std::string& op_type, CustomFunctions functions) {
  const std::lock_guard lock(registry().mutex);
  registry().functions[{domain, op_type}] = std::move(functions);
}

std::vector<std::pair<std::string, std::string>> registered_customs() {
  const std::lock_guard lock(registry().mutex);
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& [name, functions] : registry().functions) names.push_back(name);
  return names;
}

static void infer(const Custom& custom, InferContext& context) { functions_of(custom).infer(custom, context); }
static void eval(const Custom& custom, EvalContext& context) { functions_of(custom).eval(custom, context); }

const OpDef Custom::def = define_op<Custom, infer, eval>(
    {"custom", "an operator that the application registered", 0, -1, -1, kNondeterministic});

}  // namespace ingot

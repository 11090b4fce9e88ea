#include "cuda/library_choices.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "cuda/continued.h"
#include "cuda/cublas.h"
#include "cuda/cudnn.h"
#include "cuda/cudnn_attention.h"
#include "cuda/recall.h"

namespace ingot::cuda {
namespace {

using device::Operation;

constexpr const char* kOwn = "own kernel";
constexpr double kLeastPatience = 0.1, kMostPatience = 2;  // seconds for making the candidates of one choice
constexpr double kSaveAfter = 5;                           // seconds of choosing
constexpr uint64_t kCandidates = 1;  // counts up when names of candidates come to mean something else

std::string plan_key(const tuning::Key& key, const std::string& name) {
  return fmt::format("cuDNN plan\n{}\n{}\n{}", key.cpu, key.problem, name);
}

std::string text_of(const tuning::Key& key) { return key.problem + "\n" + key.cpu; }

}  // namespace

std::unique_ptr<Operation> LibraryChoices::convolution(const device::Convolution& c, const device::OwnOperation* own) {
  return chosen(prepared(c, own));
}

std::unique_ptr<Operation> LibraryChoices::matrix_product(const device::MatrixProduct& p,
                                                          const device::OwnOperation* own) {
  return chosen(prepared(p, own));
}

LibraryChoices::Prepared LibraryChoices::prepared(const device::Convolution& c, const device::OwnOperation* own) {
  const int64_t width = dtype_bits(c.dtype) / 8, y = c.n * c.out_h * c.out_w * c.m * width;
  std::vector<int64_t> bytes = {c.n * c.h * c.w * c.c * width,
                                c.m * c.kernel[0] * c.kernel[1] * (c.c / c.groups) * width, y};
  if (c.bias) bytes.push_back(c.m * width);
  if (c.residual) bytes.push_back(y);
  const std::string libraries = fmt::format("cuBLASLt {}, cuDNN {}", cublas_version(), cudnn_version());
  const auto again = [this, c](const std::string& name, const std::optional<std::string>& text) {
    if (name.rfind("cuDNN ", 0) == 0) return kept_convolution(c, name, text, stream_);
    const auto product = device::as_product(c);
    return product ? named_product(*product, name, stream_) : nullptr;
  };
  const bool fallback = own == nullptr;
  const auto all = [this, c, fallback] { return candidates(c, fallback); };
  return prepared(own, device::text_of(c), libraries, bytes, all, again);
}

LibraryChoices::Prepared LibraryChoices::prepared(const device::MatrixProduct& p, const device::OwnOperation* own) {
  const int64_t width = dtype_bits(p.dtype) / 8, y = p.batch * p.m * p.n * width;
  std::vector<int64_t> bytes = {(p.stride_a * (p.batch - 1) + p.m * p.k) * width,
                                (p.stride_b * (p.batch - 1) + p.k * p.n) * width, y};
  if (p.bias) bytes.push_back(p.n * width);
  if (p.residual) bytes.push_back(y);
  const auto again = [this, p](const std::string& name, const std::optional<std::string>&) {
    return named_product(p, name, stream_);
  };
  const auto all = [this, p] { return matrix_products(p, stream_); };
  return prepared(own, device::text_of(p), fmt::format("cuBLASLt {}", cublas_version()), bytes, all, again);
}

std::unique_ptr<Operation> LibraryChoices::attention(const device::Attention& a, const device::OwnOperation& own) {
  if (const std::string reason = attention_refusal(a); !reason.empty()) {
    auto operation = own.make();
    operation->choice = fmt::format("{}: {}", kOwn, reason);
    return operation;
  }
  return chosen(prepared(a, &own));
}

LibraryChoices::Prepared LibraryChoices::prepared(const device::Attention& a, const device::OwnOperation* own) {
  const auto again = [this, a](const std::string& name, const std::optional<std::string>& text) {
    return kept_attention(a, name, text, stream_);
  };
  const auto all = [this, a] { return attentions(a, stream_); };
  return prepared(own, device::text_of(a), fmt::format("cuDNN {}", cudnn_version()), device::operand_bytes(a), all,
                  again);
}

std::vector<Candidate> LibraryChoices::candidates(const device::Convolution& c, bool fallback) const {
  std::vector<Candidate> all;
  if (const auto product = device::as_product(c)) {
    try {
      all = matrix_products(*product, stream_);
    } catch (const Error& error) {
      if (error.code() != Code::kUnsupported) throw;
    }
  }
  try {
    for (Candidate& each : convolutions(c, stream_, fallback)) all.push_back(std::move(each));
  } catch (const Error& error) {
    if (error.code() != Code::kUnsupported || all.empty()) throw;
  }
  return all;
}

tuning::Key LibraryChoices::choice_key(const std::string& problem, const std::string& libraries) const {
  return {problem, architecture_, fmt::format("{}, {}", gpu_, libraries), 1, kCandidates};
}

LibraryChoices::Prepared LibraryChoices::prepared(const device::OwnOperation* own, const std::string& problem,
                                                  std::string libraries, std::vector<int64_t> bytes,
                                                  const std::function<std::vector<Candidate>()>& of_libraries,
                                                  const Again& again) {
  const size_t of_library = bytes.size();
  if (own != nullptr) {
    libraries += ", own kernel " + own->made_from;
    bytes.insert(bytes.end(), own->more_bytes.begin(), own->more_bytes.end());
  }
  const tuning::Key key = choice_key(problem, libraries);
  const auto reason = own != nullptr ? std::make_shared<std::string>() : nullptr;
  const auto all = [=] {
    std::vector<Candidate> candidates;
    if (own != nullptr) candidates.push_back({kOwn, own->make});
    try {
      for (Candidate& each : of_libraries()) {
        const auto make = [=, make = std::move(each.make)] { return continued(make(), of_library, own); };
        candidates.push_back({std::move(each.name), make});
      }
    } catch (const Error& error) {
      if (own == nullptr || error.code() == Code::kOutOfMemory) throw;
      *reason = error.message();
    }
    return candidates;
  };
  const auto kept = [=, this](const std::string& name) -> std::unique_ptr<Operation> {
    if (own != nullptr && name == kOwn) return own->make();
    const auto text = store_->find_code(plan_key(key, name));
    auto operation = again(name, text);
    if (operation != nullptr && !text) keep_text(key, name, *operation);
    return continued(std::move(operation), of_library, own);
  };
  return {{key, std::move(bytes), all, kept}, reason};
}

void LibraryChoices::recall(std::span<const device::LibraryProblem> problems) {
  std::vector<Choice> choices;
  for (const device::LibraryProblem& each : problems) {
    const auto* attention = std::get_if<device::Attention>(&each.problem);
    if (attention != nullptr && !attention_refusal(*attention).empty()) continue;
    choices.push_back(
        std::visit([&](const auto& problem) { return prepared(problem, each.own).choice; }, each.problem));
  }
  const auto enter = [this] { driver().check(driver().context_set(context_), "entering the context"); };
  auto all = recall_all(device_, *store_, choices, enter);
  for (size_t i = 0; i < choices.size(); ++i) {
    if (all[i]) recalled_.insert_or_assign(text_of(choices[i].key), std::move(*all[i]));
  }
}

std::unique_ptr<Operation> LibraryChoices::chosen(Prepared prepared) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  Choice& choice = prepared.choice;
  choice.patience = std::clamp(patience_, kLeastPatience, kMostPatience);
  choice.engines = &engines_;
  auto recalled = recalled_.extract(text_of(choice.key));
  Chosen chosen = recalled ? std::move(recalled.mapped()) : choose(device_, *store_, choice);
  if (!chosen.remembered) {
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    patience_ -= seconds;
    unsaved_ += seconds;
  }
  if (unsaved_ > kSaveAfter) {  // a process that is stopped has not chosen in vain
    store_->save_choices();
    unsaved_ = 0;
  }
  if (prepared.reason != nullptr) {
    if (!prepared.reason->empty()) chosen.refusal = *prepared.reason;
    chosen.operation->choice = choice_text(chosen);
  }
  count(chosen);
  if (!chosen.kept) keep_text(choice.key, chosen.name, library_part(*chosen.operation));
  return std::move(chosen.operation);
}

void LibraryChoices::keep_text(const tuning::Key& key, const std::string& name, const Operation& of_library) const {
  const std::string text = plan_text(of_library);
  if (!text.empty()) store_->keep_code(plan_key(key, name), text);
}

void LibraryChoices::count(const Chosen& chosen) {
  ++(chosen.remembered ? effort_.remembered : effort_.measured);
  if (!chosen.remembered) return;
  device::Recalled& sum = effort_.recalled[chosen.name.substr(0, chosen.name.find(' '))];
  ++sum.count;
  sum.make_ms += chosen.make_ms;
  sum.run_ms += chosen.run_ms;
}

}  // namespace ingot::cuda

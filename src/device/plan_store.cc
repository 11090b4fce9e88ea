#include "device/plan_store.h"

#include <algorithm>

namespace ingot::device {
namespace {

class PlanStore : public Store {
 public:
  PlanStore(std::shared_ptr<Store> store, std::span<const DeviceCode> code) : store_(std::move(store)), code_(code) {}

  std::optional<std::string> find_code(const std::string& made_from) override { return store_->find_code(made_from); }
  void keep_code(const std::string& made_from, const std::string& code) override { store_->keep_code(made_from, code); }
  std::optional<tuning::Entry> find_choice(const tuning::Key& key) override { return store_->find_choice(key); }
  void keep_choice(const tuning::Key& key, const tuning::Entry& entry) override { store_->keep_choice(key, entry); }
  void save_choices() override { store_->save_choices(); }
  void warn(const std::string& line) override { store_->warn(line); }

  Bytes brought_code(const Hash128& source, int major, int minor) override {
    for (const DeviceCode& each : code_) {
      if (each.source == source && each.major == major && each.minor == minor) return each.machine_code;
    }
    return {};
  }
  Bytes brought_intermediate(const Hash128& source, int major, int minor) override {
    const DeviceCode* best = nullptr;
    for (const DeviceCode& each : code_) {
      const bool serves = each.source == source && !each.intermediate.empty() &&
                          std::pair(each.major, each.minor) <= std::pair(major, minor);
      if (!serves) continue;
      if (best == nullptr || std::pair(best->major, best->minor) < std::pair(each.major, each.minor)) best = &each;
    }
    return best != nullptr ? best->intermediate : Bytes();
  }

 private:
  const std::shared_ptr<Store> store_;
  const std::span<const DeviceCode> code_;
};

}  // namespace

std::shared_ptr<Store> with_code(std::shared_ptr<Store> store, std::span<const DeviceCode> code) {
  return std::make_shared<PlanStore>(std::move(store), code);
}

}  // namespace ingot::device

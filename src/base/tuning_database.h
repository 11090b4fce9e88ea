// What was measured of kernels, in a text file that people can read, mail and merge: one JSON object per line.
//
// {"problem":"conv ...","isa":"avx2","cpu":"AMD EPYC 7763","threads":2,"kernels":2,"best":"avx2_conv_f32_6x16",
//  "ns":{"avx2_conv_f32_6x16":81000,"avx2_winograd_f32_4x4":91000},"model":"avx2_winograd_f32_4x4","pinned":true}
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ingot::tuning {

// What a measurement holds for.
struct Key {
  std::string problem, isa, cpu;  // cpu: a model, or a microarchitecture, which holds for all its models
  int threads = 1;
  uint64_t kernels = 0;                          // plan::kernel_abi() of the library that measured
  auto operator<=>(const Key&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a 0 in it
};

struct Entry {
  std::string best;                  // the row to use
  std::map<std::string, double> ns;  // median of every row measured; empty: nothing was
  bool pinned = false;               // chosen by a person: never measured again, wins when merged
  std::string model;                 // the cost model's choice when it was measured; may be ""
  bool operator==(const Entry&) const = default;
};

// Ordered by key, so that equal content is equal text.
class Database {
 public:
  // A file that does not exist is an empty database. Lines that are no entries are skipped; one warning says how many
  // and which came first. Throws kIo when the file cannot be read.
  static Database read(const std::filesystem::path& path);
  // `faults`, if given, receives what was left out and why; "" when nothing was.
  static Database parse(std::string_view text, std::string* faults = nullptr);

  const Entry* find(const Key& key) const;
  // A pinned entry gives way to a pinned one only.
  void put(const Key& key, Entry entry);
  bool erase(const Key& key) { return entries_.erase(key) > 0; }
  // Entries of `other` win, as put() says.
  void merge(const Database& other);
  const std::map<Key, Entry>& entries() const { return entries_; }
  std::string text() const;

 private:
  std::map<Key, Entry> entries_;
};

// Merges into the file what `database` has, and replaces it atomically; its folder is made. Processes that save at once
// wait for each other; where the folder has no locks, the last one wins. Damaged lines are dropped. Throws kIo.
void save(const Database& database, const std::filesystem::path& path);
// As save(), for a change that is no merge: `change` gets what the file has, under the lock.
void update(const std::filesystem::path& path, const std::function<void(Database&)>& change);

// Of the library's own measurements for the microarchitecture of this CPU, which come with it in ingot-tuning/; empty
// when there are none. Entries name the microarchitecture as their CPU.
std::filesystem::path shipped_database();

// tuning.jsonl beside the plan cache; empty when no folder is known.
std::filesystem::path default_database();

}  // namespace ingot::tuning

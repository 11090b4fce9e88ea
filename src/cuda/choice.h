// Choosing among operations by measuring them, once for all processes.
#pragma once
#include <functional>
#include <map>

#include "device/device.h"
#include "device/store.h"

namespace ingot::cuda {

// One that a library proposes, made when it is wanted.
struct Candidate {
  std::string name;  // the same in every process, for the same problem, GPU and versions of driver and libraries
  std::function<std::unique_ptr<device::Operation>()> make;  // throws where the library refuses it
};

// What is known of a library's engine from choices before.
struct Experience {
  double longest = 0, quickest = 1e9;  // seconds that one took to make
  int lost = 0;                        // choices in a row that another won by far
};
using Experiences = std::map<std::string, Experience>;  // by engine_of the candidates' names

struct Choice {
  tuning::Key key;
  std::vector<int64_t> operand_bytes;
  std::function<std::vector<Candidate>()> candidates;  // throws kUnsupported when there are none
  // The one of this name without asking for the others; null where that cannot be done.
  std::function<std::unique_ptr<device::Operation>(const std::string& name)> kept;
  double patience = 1e9;  // seconds: once they are over and one is made, the other candidates are left out
  // Beside another, an engine is left out that would outlast the patience, or that takes long to make and was no match
  // lately. Used and kept up; null: nothing is known.
  Experiences* engines = nullptr;
};

struct Chosen {
  std::string name;
  std::unique_ptr<device::Operation> operation;
  std::map<std::string, double> ns;       // of each that runs, now or then; empty when there was nothing to measure
  bool remembered = false, kept = false;  // by the store; made by Choice::kept
  double make_ms = 0, run_ms = 0;         // of one that is remembered: making it, and its first run
  std::string refusal;                    // of one that could not be made or run; "" where all can, or nobody asked
};

// "cuDNN engine 8" of "cuDNN engine 8 2=4 3=0": the first three words.
std::string engine_of(const std::string& name);
// From what was measured of each candidate.
void learn(const std::map<std::string, double>& ns, Experiences& engines);
// The candidate that takes least time on operands of these sizes (16-bit and 32-bit floats of moderate size), measured
// once as it runs, recorded: the store remembers it, and later it is made alone and run once. One that no longer works
// is a warning and a new choice. Candidates that fail are left out; kUnsupported when all do, which is remembered too.
Chosen choose(device::Device& device, device::Store& store, const Choice& choice);
// What was chosen and how long each takes, for people; where there was no other, why.
std::string choice_text(const Chosen& chosen);

}  // namespace ingot::cuda

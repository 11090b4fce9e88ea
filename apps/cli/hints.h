// What to say about a command line that was not understood.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

namespace ingot::cli {

// A line for people: what a word of trtexec is here, or the option that was probably meant; "" when nothing is known.
std::string hint_for(const CLI::App& app, int argc, char** argv);

}  // namespace ingot::cli

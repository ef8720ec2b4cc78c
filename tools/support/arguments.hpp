#pragma once

namespace CLI {
class App;
}

namespace mlz::tools {

/// Reads a command line as the options of `app` say. False when there is nothing left to do, as `exit_code` then says: help
/// or the version was asked for, or something was wrong and the message is on stderr.
bool parse_arguments(CLI::App& app, int argc, const char* const* argv, int& exit_code);

}  // namespace mlz::tools

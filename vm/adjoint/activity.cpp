#include "vm/adjoint/versions.hpp"

namespace mlz::vm::adjoint {
namespace {

using Edges = std::vector<std::vector<int>>;  // by node, the nodes after it

/// The versions of both bodies as one graph: of Setup first, then of the step. An edge leads from what an instruction
/// reads to what it writes where a gradient can flow, and from the end of a step to the beginning of the next.
class Graph {
 public:
  Graph(const BoundProgram& program, LifetimeBodies& bodies)
      : program_(program),
        bodies_(bodies),
        offset_(static_cast<int>(bodies.setup.versions.size())),
        forward_(bodies.setup.versions.size() + bodies.step.versions.size()),
        back_(forward_.size()) {
    add_lines(bodies.setup, 0);
    add_lines(bodies.step, offset_);
    for (const RegisterId r : bodies.carried) {
      add(bodies.setup.current(r), offset_ + bodies.step.entry(r));
      add(offset_ + bodies.step.current(r), offset_ + bodies.step.entry(r));
    }
  }

  void mark(bool from_inputs, bool from_state) {
    std::vector<int> first;
    for (std::size_t n = 0; n < forward_.size(); ++n) {
      if (is_source(static_cast<int>(n), from_inputs)) first.push_back(static_cast<int>(n));
    }
    for (const RegisterId r : bodies_.carried) {
      if (from_state) first.push_back(offset_ + bodies_.step.entry(r));
    }
    reach(first, forward_, &Version::varied);
    reach({offset_ + bodies_.y}, back_, &Version::useful);
  }

 private:
  const BoundProgram& program_;
  LifetimeBodies& bodies_;
  int offset_;
  Edges forward_, back_;

  void add(int from, int to) {
    forward_[static_cast<std::size_t>(from)].push_back(to);
    back_[static_cast<std::size_t>(to)].push_back(from);
  }

  void add_lines(const Body& body, int offset) {
    for (const Line& line : body.lines) {
      const OpInfo& op = op_info(line.instruction.op);
      for (std::size_t k = 0; k < line.instruction.in_count; ++k) {
        if (op.passes_gradient(k)) add(offset + line.in[k], offset + line.out);
      }
      if (line.old != kNoVersion) add(offset + line.old, offset + line.out);
    }
  }

  Version& version(int node) {
    return node < offset_ ? bodies_.setup.versions[static_cast<std::size_t>(node)]
                          : bodies_.step.versions[static_cast<std::size_t>(node - offset_)];
  }

  bool is_source(int node, bool from_inputs) {
    const Version& v = version(node);
    if (!v.entry) return false;
    const bool in_step = node >= offset_;
    if (in_step && from_inputs && v.of == program_.with_role(Role::x)) return true;
    const RegisterId born = in_step ? v.of : born_as(program_, v.of);
    return program_.registers[born].birth == BoundRegister::Birth::param;
  }

  void reach(std::vector<int> open, const Edges& edges, bool Version::*mark) {
    for (const int n : open) version(n).*mark = true;
    while (!open.empty()) {
      const int at = open.back();
      open.pop_back();
      for (const int next : edges[static_cast<std::size_t>(at)]) {
        if (version(next).*mark) continue;
        version(next).*mark = true;
        open.push_back(next);
      }
    }
  }
};

}  // namespace

void mark_activity(const BoundProgram& program, LifetimeBodies& bodies, bool from_inputs, bool from_state) {
  Graph(program, bodies).mark(from_inputs, from_state);
}

}  // namespace mlz::vm::adjoint

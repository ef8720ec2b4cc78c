#include "evolve/general/program_key.hpp"

#include <bit>
#include <unordered_map>

namespace mlz::evolve {
namespace {

class Fingerprint {
 public:
  Fingerprint(const vm::BoundProgram& program, std::uint64_t salt) : program_(program), maker_(salt) {}

  Key take() {
    maker_.add(static_cast<std::uint64_t>(program_.batch), 3);
    for (const vm::RegisterId id : program_.role) maker_.add(id == vm::kNoRegister ? 0 : 1 + number_of(id), 4);
    for (const auto& code : program_.code) {
      for (const vm::BoundInstruction& i : code) {
        if (i.live) add(i);
      }
      maker_.add(0, 6);
    }
    return maker_.key();
  }

 private:
  const vm::BoundProgram& program_;
  KeyMaker maker_;
  std::unordered_map<vm::RegisterId, std::uint64_t> numbers_;

  /// Registers are numbered as they appear; the first time, what is known of one at its birth goes in.
  std::uint64_t number_of(vm::RegisterId id) {
    const auto [found, is_new] = numbers_.try_emplace(id, numbers_.size());
    if (is_new) add(program_.registers[id]);
    return found->second;
  }

  /// The number of a register, or one above all where it has none yet. Ids would depend on dead lines.
  std::uint64_t seen_as(vm::RegisterId id) const {
    const auto found = numbers_.find(id);
    return found == numbers_.end() ? numbers_.size() : found->second;
  }

  void add(const vm::BoundRegister& r) {
    using Birth = vm::BoundRegister::Birth;
    maker_.add(static_cast<std::uint64_t>(r.kind) << 8 | static_cast<std::uint64_t>(r.birth), 7);
    maker_.add(static_cast<std::uint64_t>(r.rows), static_cast<std::uint64_t>(r.cols));
    if (r.birth == Birth::constant) maker_.add(std::bit_cast<std::uint64_t>(r.constant), 8);
    if (r.birth == Birth::copy) maker_.add(param_number(r.copy_of), 9);
  }
  /// Params are drawn by their own order.
  std::uint64_t param_number(vm::RegisterId id) const {
    for (std::size_t k = 0; k < program_.params.size(); ++k) {
      if (program_.params[k].id == id) return k;
    }
    return program_.params.size();
  }

  void add(const vm::BoundInstruction& i) {
    const OpInfo& op = op_info(i.op);
    std::array<vm::RegisterId, 3> in = i.in;
    if (op.has(kCommutative) && seen_as(in[1]) < seen_as(in[0])) std::swap(in[0], in[1]);
    std::uint64_t operands = 0;
    for (std::size_t k = 0; k < i.in_count; ++k) {
      const vm::RegisterId id = in[k];
      operands = operands << 20 | number_of(id);
      if (program_.registers[id].birth == vm::BoundRegister::Birth::param) maker_.add(param_number(id), 10);
    }
    maker_.add(static_cast<std::uint64_t>(i.op) << 32 | number_of(i.out), operands);
    for (const std::int64_t a : i.attr)
      maker_.add(static_cast<std::uint64_t>(a), std::bit_cast<std::uint64_t>(i.value));
    if (!op.has(kRandom)) return;
    maker_.add(i.sampler, i.draw_first);
    maker_.add(i.draw_stride, 11);
  }
};

}  // namespace

Key key_of(const vm::BoundProgram& program, std::uint64_t salt, bool params_given) {
  const Key key = Fingerprint(program, salt).take();
  if (params_given) return key;
  KeyMaker maker(key.a ^ key.b);
  maker.add(key.a, key.b);
  for (const vm::BoundProgram::Param& p : program.params) {
    maker.add(static_cast<std::uint64_t>(p.draw), p.args.size());
    maker.add(std::span<const double>(p.args));
  }
  return maker.key();
}

std::uint32_t live_size(const vm::BoundProgram& program) {
  std::uint32_t count = 0;
  for (const auto& code : program.code) {
    for (const vm::BoundInstruction& i : code) count += i.live ? 1 : 0;
  }
  return count;
}

}  // namespace mlz::evolve

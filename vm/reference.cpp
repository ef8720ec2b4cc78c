#include "vm/reference.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "vm/machine_setup.hpp"
#include "vm/reference_ops.hpp"

namespace mlz::vm {

ReferenceMachine::ReferenceMachine(const BoundProgram& program, const MachineOptions& options)
    : program_(program),
      lanes_(options.lanes),
      births_(lane_births(program, options)) {
  for (const BoundRegister& r : program_.registers) {
    offset_.push_back(lane_size_);
    lane_size_ += static_cast<std::size_t>(r.size());
  }
  memory_.resize(lane_size_ * static_cast<std::size_t>(lanes_));
  reset();
}

std::span<double> ReferenceMachine::values(RegisterId id, int lane) {
  const std::size_t begin = static_cast<std::size_t>(lane) * lane_size_ + offset_[id];
  return {memory_.data() + begin, static_cast<std::size_t>(program_.registers[id].size())};
}

void ReferenceMachine::set_births(std::span<const Birth> births) { births_ = lane_births(program_, births, lanes_); }

void ReferenceMachine::reset() {
  runs_ = {};
  std::fill(memory_.begin(), memory_.end(), 0.0);
  for (int lane = 0; lane < lanes_; ++lane) {
    const ParamValues& params = *births_[static_cast<std::size_t>(lane)].params;
    for (std::size_t i = 0; i < params.size(); ++i) {
      std::copy(params[i].begin(), params[i].end(), values(program_.params[i].id, lane).begin());
    }
    for (RegisterId id = 0; id < program_.registers.size(); ++id) {
      const BoundRegister& r = program_.registers[id];
      const std::span<double> out = values(id, lane);
      if (r.birth == BoundRegister::Birth::constant) std::fill(out.begin(), out.end(), r.constant);
      if (r.birth == BoundRegister::Birth::copy)
        std::ranges::copy(values(r.copy_of, lane), out.begin());
    }
  }
}

void ReferenceMachine::step(const BoundInstruction& instruction, int lane, std::uint64_t runs) {
  std::vector<Value> in;
  for (std::size_t k = 0; k < instruction.in_count; ++k) {
    const BoundRegister& r = program_.registers[instruction.in[k]];
    const std::span<double> entries = values(instruction.in[k], lane);
    in.push_back({r.kind, r.rows, r.cols, {entries.begin(), entries.end()}});
  }
  const Birth& birth = births_[static_cast<std::size_t>(lane)];
  const DrawKey key{birth.seed, stream_, birth.lifetime, instruction.sampler,
                    instruction.draw_first + instruction.draw_stride * runs};
  execute(instruction, in, program_.registers[instruction.out], key, values(instruction.out, lane));
}

void ReferenceMachine::run(Function function) { run(function, {}); }

void ReferenceMachine::run(Function function, const Watch& watch) {
  const auto f = static_cast<std::size_t>(function);
  for (const BoundInstruction& instruction : program_.code[f]) {
    if (!instruction.live) continue;
    for (int lane = 0; lane < lanes_; ++lane) {
      step(instruction, lane, runs_[f]);
      if (watch) watch(instruction, lane, values(instruction.out, lane));
    }
  }
  ++runs_[f];
}

void ReferenceMachine::read(RegisterId id, int lane, std::span<double> out) const {
  check_read(*this, id, lane, out.size());
  std::ranges::copy(const_cast<ReferenceMachine*>(this)->values(id, lane), out.begin());
}

void ReferenceMachine::write(RegisterId id, int lane, std::span<const double> in) {
  check_write(*this, id, lane, in.size());
  std::ranges::copy(in, values(id, lane).begin());
}

void ReferenceMachine::read(RegisterId id, int lane, std::span<float> out) const {
  std::vector<double> wide(out.size());
  read(id, lane, std::span<double>(wide));
  std::ranges::transform(wide, out.begin(), [](double v) { return static_cast<float>(v); });
}

void ReferenceMachine::write(RegisterId id, int lane, std::span<const float> in) {
  const std::vector<double> wide(in.begin(), in.end());
  write(id, lane, std::span<const double>(wide));
}

Snapshot ReferenceMachine::save() const {
  Snapshot snapshot;
  snapshot.memory.resize(memory_.size() * sizeof(double));
  std::memcpy(snapshot.memory.data(), memory_.data(), snapshot.memory.size());
  snapshot.runs = runs_;
  return snapshot;
}

void ReferenceMachine::restore(const Snapshot& snapshot) {
  if (snapshot.memory.size() != memory_.size() * sizeof(double)) {
    throw std::logic_error(
        "this snapshot was saved by a machine of another program or with other lanes");
  }
  std::memcpy(memory_.data(), snapshot.memory.data(), snapshot.memory.size());
  runs_ = snapshot.runs;
}

std::unique_ptr<Machine> make_reference(const BoundProgram& program,
                                        const MachineOptions& options) {
  return std::make_unique<ReferenceMachine>(program, options);
}

}  // namespace mlz::vm

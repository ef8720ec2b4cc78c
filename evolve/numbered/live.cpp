#include "evolve/numbered/live.hpp"

#include <utility>

namespace mlz::evolve {

namespace {

/// All ones if any of what an instruction defines is needed. Which instructions are live cannot be foreseen, so nothing
/// here branches on it.
std::uint64_t all_if(bool live) { return -static_cast<std::uint64_t>(live); }

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

LiveFinder::LiveFinder(const Banks& banks) : ops_(numbered_ops().data()) {
  base_ = {0, banks.count[0], banks.count[0] + banks.count[1]};
  given_ = bit(Kind::scalar, kTargetScalar) | bit(Kind::vector, kFeaturesVector);
  prediction_ = bit(Kind::scalar, kPredictionScalar);
  effects_.reserve(3 * std::size_t{kLongestFunction});
}

LiveFinder::Effect LiveFinder::effect_of(const Instruction& i) const {
  const NumberedOp& op = ops_[i.op];
  const auto reg = [this](Kind kind, int address) { return base_[static_cast<std::size_t>(kind)] + address; };
  const int out = reg(op.out, i.out);
  return {Mask{op.in.size() > 0} << reg(op.in[0], i.in[0]) | Mask{op.in.size() > 1} << reg(op.in[1], i.in[1]),
          Mask{op.has_out} << out, Mask{op.has_out && !op.keeps()} << out};
}

void LiveFinder::take_effects(const Genome& genome) {
  effects_.resize(genome.code.size());
  for (std::size_t k = 0; k < effects_.size(); ++k) effects_[k] = effect_of(genome.code[k]);
}

bool LiveFinder::dead_at(const Genome& genome, const Needs& needs, std::size_t at, const Instruction& other) const {
  const std::size_t f = at < genome.first(1) ? 0 : at < genome.first(2) ? 1 : 2;
  Mask after = f == 0 ? needs.after_setup : f == 1 ? needs.after_predict : needs.after_learn;
  for (std::size_t k = genome.first(f) + genome.length[f]; --k > at;) {
    const Effect e = effect_of(genome.code[k]);
    const Mask live = all_if((e.defines & after) != 0);
    after = (after & ~(e.kills & live)) | (e.uses & live);
  }
  return ((effect_of(genome.code[at]).defines | effect_of(other).defines) & after) == 0;
}

LiveFinder::Mask LiveFinder::needed_before(const Genome& genome, std::size_t f, Mask after) const {
  const std::size_t first = genome.first(f);
  for (std::size_t k = first + genome.length[f]; k-- > first;) {
    const Effect& e = effects_[k];
    const Mask live = all_if((e.defines & after) != 0);
    after = (after & ~(e.kills & live)) | (e.uses & live);
  }
  return after;
}

void LiveFinder::keep_live(const Genome& genome, std::size_t f, Mask after, Genome& live) const {
  std::array<std::uint8_t, kLongestFunction> wanted;
  const std::size_t first = genome.first(f), count = genome.length[f];
  for (std::size_t k = count; k-- > 0;) {
    const Effect& e = effects_[first + k];
    const Mask lives = all_if((e.defines & after) != 0);
    wanted[k] = static_cast<std::uint8_t>(lives & 1);
    after = (after & ~(e.kills & lives)) | (e.uses & lives);
  }
  const std::size_t begin = live.code.size();
  live.code.resize(begin + count);
  std::size_t kept = begin;
  for (std::size_t k = 0; k < count; ++k) {
    live.code[kept] = genome.code[first + k];
    kept += wanted[k];
  }
  live.code.resize(kept);
  live.length[f] = static_cast<std::uint8_t>(kept - begin);
}

void LiveFinder::find(const Genome& genome, Genome& live) {
  take_effects(genome);
  Mask before_predict = 0, before_learn = 0, after_predict = 0, after_learn = 0;  // grow until they fit each other
  for (bool changed = true; changed;) {
    after_predict = ((before_predict | before_learn) & ~given_) | prediction_;
    after_learn = before_predict & ~given_;
    const Mask predict = before_predict | needed_before(genome, 1, after_predict);
    const Mask learn = before_learn | needed_before(genome, 2, after_learn);
    changed = predict != before_predict || learn != before_learn;
    before_predict = predict;
    before_learn = learn;
  }
  needs_ = {before_predict & ~given_, after_predict, after_learn};
  live.code.clear();
  live.length = {};
  keep_live(genome, 0, needs_.after_setup, live);
  keep_live(genome, 1, after_predict, live);
  keep_live(genome, 2, after_learn, live);
}

KeyMaker::KeyMaker(std::uint64_t salt)
    : key_{fold(salt ^ 0x9E3779B97F4A7C15ull, 0xD6E8FEB86659FD93ull),
           fold(salt ^ 0xA0761D6478BD642Full, 0xE7037ED1A0B428DBull)} {}

void KeyMaker::add(std::uint64_t x, std::uint64_t y) {
  key_.a = fold(key_.a ^ x ^ 0x8EBC6AF09C88C6E3ull, y ^ 0x589965CC75374CC3ull) + (key_.a << 7);
  key_.b = fold(key_.b ^ y ^ 0x1D8E4E27C47D124Full, x ^ 0xEB44ACCAB455D165ull) + (key_.b >> 9);
}

void KeyMaker::add(std::span<const Instruction> code) {
  const auto& ops = numbered_ops();
  add(code.size(), 1);
  for (const Instruction& i : code) {
    std::array<std::uint8_t, 2> in = i.in;
    if (ops[i.op].commutative && in[1] < in[0]) std::swap(in[0], in[1]);
    add(i.op | std::uint64_t{in[0]} << 8 | std::uint64_t{in[1]} << 16 | std::uint64_t{i.out} << 24 |
            std::uint64_t{std::bit_cast<std::uint32_t>(i.extra)} << 32,
        i.bits);
  }
}

void KeyMaker::add(std::span<const double> values) {
  for (std::size_t k = 0; k < values.size(); k += 2) {
    add(std::bit_cast<std::uint64_t>(values[k]), k + 1 < values.size() ? std::bit_cast<std::uint64_t>(values[k + 1]) : 0);
  }
}

Key key_of(const Genome& live, std::uint64_t salt) {
  KeyMaker maker(salt);
  for (std::size_t f = 0; f < 3; ++f) maker.add(live.function(f));
  return maker.key();
}

Key key_of(const Genome& live, LiveFinder::Mask born, const Banks& banks, const SetupValues& setup,
           std::uint64_t salt) {
  KeyMaker maker(salt);
  maker.add(born, 2);
  for (LiveFinder::Mask left = born; left != 0; left &= left - 1) {
    int address = std::countr_zero(left);
    std::size_t kind = 0;
    for (; address >= banks.count[kind]; ++kind) address -= banks.count[kind];
    maker.add(setup.of(static_cast<Kind>(kind), address));
  }
  maker.add(live.function(1));
  maker.add(live.function(2));
  return maker.key();
}

StaticCost static_cost(const Genome& genome) {
  StaticCost cost;
  for (const Instruction& i : genome.function(0)) cost.setup += i.info().cost;
  for (std::size_t f : {1, 2}) {
    for (const Instruction& i : genome.function(f)) cost.step += i.info().cost;
  }
  return cost;
}

}  // namespace mlz::evolve

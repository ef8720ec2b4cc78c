#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "vm/compact.hpp"
#include "vm/stream_kernels.hpp"

namespace mlz::vm {

/// Sizes and shared places of an evaluation, as offsets from the base of its memory.
struct BatchLayout {
  std::uint32_t features = 0;
  std::uint32_t entry = 0;  ///< bytes of one entry of a register: a number per lane
  std::uint32_t zero = 0;   ///< a vector of zeros
  std::uint32_t label = 0, x = 0;
  std::uint32_t scratch = 0;
  std::uint32_t candidates = 0;  ///< where the memory of candidates begins
  std::uint32_t number = 0;      ///< bytes of one number
  bool apart = false;            ///< see stream::Kernels

  BatchLayout(std::uint32_t features, std::uint32_t lanes, std::uint32_t number, bool apart);
  std::uint32_t size(Bank bank) const {
    return entry * (bank == Bank::scalar ? 1 : bank == Bank::vector ? features : features * features);
  }
};

/// A random draw of one candidate.
struct BatchDraw {
  std::uint32_t candidate = 0;
  Function function = Function::setup;
  OpId op = OpId::uniform;
  std::uint16_t sampler = 0;
  std::uint32_t out = 0, entries = 0;
  bool from_registers = false;
  std::uint32_t a = 0, b = 0;      ///< offsets of the arguments
  double first = 0, second = 0;  ///< or their values
};

/// The threaded code of one candidate and the memory it needs.
struct BatchCode {
  std::array<std::vector<stream::Code>, 3> code;  ///< by Function, without an end
  std::uint32_t state = 0;                        ///< offset of stream::State
  std::uint32_t registers = 0, end = 0;           ///< registers lie from one offset up to the other
  std::uint32_t matrices = 0;                     ///< the first of them, behind all others
  std::uint32_t prediction = 0;
  struct Constant {
    std::uint32_t offset;
    double value;
  };
  std::vector<Constant> constants;
};

/// Turns live programs into code.
class BatchLinker {
 public:
  BatchLinker(const BatchLayout& layout, const stream::Kernels& kernels, bool fuse)
      : layout_(layout), kernels_(kernels), fuse_(fuse) {}

  /// Fills `out` with the code of candidate number `candidate`, whose memory begins at `begin`; its draws are added to
  /// `draws`.
  void link(const LiveProgram& live, const CompactProgram& program, std::uint32_t candidate, std::uint32_t begin,
            BatchCode& out, std::vector<BatchDraw>& draws);

 private:
  const BatchLayout& layout_;
  const stream::Kernels& kernels_;
  bool fuse_;
  // of the program being linked
  const LiveProgram* live_ = nullptr;
  std::array<std::array<std::uint32_t, 64>, 4> offset_{};
  Function function_ = Function::setup;
  std::uint32_t candidate_ = 0;
  std::vector<BatchDraw>* draws_ = nullptr;

  void lay_out(const CompactProgram& program, std::uint32_t begin, BatchCode& out);
  std::uint32_t place(Bank bank, std::uint8_t reg) const;
  void show_inputs(std::vector<stream::Code>& out) const;
  stream::Code one(const LiveInstruction& l);
  std::uint32_t draw(const LiveInstruction& l);
  std::uint32_t entry_offset(const CompactInstruction& i) const;
  bool fused(const LiveInstruction& p, const LiveInstruction& q, stream::Code& out) const;
  stream::Handler handler(int op) const { return kernels_.handlers[static_cast<std::size_t>(op)]; }
};

}  // namespace mlz::vm

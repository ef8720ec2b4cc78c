#pragma once
#include <deque>
#include <map>
#include <set>

#include "lang/core/core_program.hpp"

namespace mlz::evolve {

/// A register, or a member of a family, as an operand at some place.
struct Source {
  RegisterRef ref;
  Shape shape;
  bool writable = false;
};

/// Where the lines of a program stand and which registers can be used there. Holds pointers into the program: it is
/// valid until lines come or go.
class Outline {
 public:
  /// A list of lines: a function, or the body of a loop or branch.
  struct Block {
    std::vector<CoreLine>* lines = nullptr;
    std::size_t function = 0;
    int parent = -1;
    bool held = false;                   ///< by its function, loop or branch
    std::vector<std::string> loops;      ///< variables of the loops around it
    std::vector<std::size_t> order;      ///< by position: how many instructions the text has before it
    std::vector<const Source*> members;  ///< of families, used by lines right inside it
  };
  /// An instruction.
  struct Place {
    std::size_t block = 0, index = 0, order = 0;
    bool held = false;
  };

  explicit Outline(CoreProgram& program);

  const std::vector<Block>& blocks() const { return blocks_; }
  const std::vector<Place>& places() const { return places_; }
  CoreLine& line(const Place& place) const { return (*blocks_[place.block].lines)[place.index]; }

  /// Whether a register may be read at a place: declared, handed in, numbered, or assigned further up in the text.
  bool readable(const RegisterRef& ref, std::size_t block, std::size_t order) const;
  /// Everything that may be read there, in an order that follows from the text alone.
  std::vector<const Source*> sources(std::size_t block, std::size_t order) const;
  /// The shape of a register as an operand; nothing for an unknown name.
  const Shape* shape(const RegisterRef& ref) const;
  bool assigned(const std::string& name) const;  ///< somewhere, as a whole

  const CoreProgram& program() const { return program_; }
  /// A name for a new register.
  std::string fresh_name() const;

 private:
  struct Register {
    const RegisterInfo* info = nullptr;
    bool always = false;         ///< readable everywhere
    std::size_t first = kNever;  ///< order of the line that first assigns it
    const Source* source = nullptr;
  };
  static constexpr std::size_t kNever = static_cast<std::size_t>(-1);

  CoreProgram& program_;
  std::vector<Block> blocks_;
  std::vector<Place> places_;
  std::map<std::string, Register> registers_;
  std::vector<std::string> names_;  ///< of plain registers, declared ones first, then as they appear
  std::deque<Source> sources_;
  std::map<std::string, const Source*> members_;  ///< of families, by their text
  std::set<std::string> taken_;                   ///< names in use

  void add_block(std::vector<CoreLine>& lines, Block made);
  void add_instruction(const CoreLine& line, std::size_t block, std::size_t order);
  void add_register(const std::string& name);
  void add_declared();
  void mention(const RegisterRef& ref, std::size_t block);
  void add_handed_in();
  bool always_readable(const RegisterInfo& info) const;
  bool writable(const RegisterInfo& info) const;
};

}  // namespace mlz::evolve

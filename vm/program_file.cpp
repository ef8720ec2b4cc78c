#include "vm/program_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "vm/binder.hpp"
#include "vm/verify.hpp"

namespace mlz::vm {
namespace {

constexpr std::string_view kMagic = "MLZBOUND";
constexpr std::size_t kHeader = 8 + 4 + 8, kTrailer = 8;  // magic, version, length; checksum

/// The name of each row of the op table, which stays when rows are added or moved.
constexpr std::string_view kOpIds[] = {
#define MLZ_ELEMENTWISE(id, ...) #id,
#define MLZ_OP(id, ...) #id,
#include "lang/core/ops.def"
#undef MLZ_ELEMENTWISE
#undef MLZ_OP
};

std::uint64_t checksum(std::span<const unsigned char> bytes) {  // FNV-1a
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char b : bytes) hash = (hash ^ b) * 0x100000001b3;
  return hash;
}

/// Whole numbers least byte first, doubles by their bits, texts after their length.
class Writer {
 public:
  template <class T>
  void number(T value) {
    const auto bits = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<unsigned char>(bits >> (8 * i)));
  }
  void real(double value) { number(std::bit_cast<std::uint64_t>(value)); }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    out.insert(out.end(), value.begin(), value.end());
  }
  template <class Items, class F>
  void list(const Items& items, F write) {
    number(static_cast<std::uint32_t>(std::size(items)));
    for (const auto& item : items) write(item);
  }
  std::vector<unsigned char> out;
};

class Reader {
 public:
  explicit Reader(std::span<const unsigned char> bytes) : bytes_(bytes) {}

  template <class T>
  T number() {
    std::uint64_t bits = 0;
    const auto taken = take(sizeof(T));
    for (std::size_t i = 0; i < sizeof(T); ++i) bits |= static_cast<std::uint64_t>(taken[i]) << (8 * i);
    return static_cast<T>(bits);
  }
  double real() { return std::bit_cast<double>(number<std::uint64_t>()); }
  std::string text() {
    const auto taken = take(number<std::uint32_t>());
    return {taken.begin(), taken.end()};
  }
  /// The length of a list whose items take at least `least` bytes each.
  std::size_t count(std::size_t least) {
    const std::size_t n = number<std::uint32_t>();
    if (n > left() / least) throw InputError("the program is damaged: a list is longer than the file");
    return n;
  }
  /// A number below `end`, or the last value of an enumeration.
  template <class E>
  E one_of(std::uint8_t end) {
    const auto value = number<std::uint8_t>();
    if (value >= end) throw InputError("the program is damaged: an unknown kind of value");
    return static_cast<E>(value);
  }
  std::size_t left() const { return bytes_.size() - at_; }

 private:
  std::span<const unsigned char> take(std::size_t n) {
    if (n > left()) throw InputError("the program is damaged: it ends too early");
    at_ += n;
    return bytes_.subspan(at_ - n, n);
  }
  std::span<const unsigned char> bytes_;
  std::size_t at_ = 0;
};

void write_register(Writer& w, const BoundRegister& r) {
  w.text(r.name);
  w.number(static_cast<std::uint8_t>(r.kind));
  w.number(r.rows);
  w.number(r.cols);
  w.number(static_cast<std::uint8_t>(r.birth));
  w.real(r.constant);
  w.number(r.copy_of);
  w.number(static_cast<std::uint8_t>(r.observed));
}

BoundRegister read_register(Reader& in) {
  BoundRegister r;
  r.name = in.text();
  r.kind = in.one_of<Kind>(3);
  r.rows = in.number<std::int64_t>();
  r.cols = in.number<std::int64_t>();
  r.birth = in.one_of<BoundRegister::Birth>(4);
  r.constant = in.real();
  r.copy_of = in.number<RegisterId>();
  r.observed = in.one_of<int>(2) != 0;
  return r;
}

/// The registers, with the limits on them checked before anything is made of that size.
void read_registers(Reader& in, BoundProgram& p, const ProgramFileLimits& limits) {
  const std::size_t n = in.count(4 + 1 + 8 + 8 + 1 + 8 + 4 + 1);
  if (n > kMaxRegisters) throw InputError(fmt::format("the program has {} registers; at most {} are allowed", n, kMaxRegisters));
  double bytes = 0;
  for (std::size_t i = 0; i < n; ++i) {
    BoundRegister r = read_register(in);
    if (r.rows < 1 || r.cols < 1) throw InputError(fmt::format("the program is damaged: `{}` has no valid shape", r.name));
    bytes += static_cast<double>(r.rows) * static_cast<double>(r.cols) * sizeof(double);
    if (bytes > static_cast<double>(limits.max_bytes)) {
      throw InputError(fmt::format("the registers of the program need more than the allowed {} bytes", limits.max_bytes));
    }
    const bool constant = r.birth == BoundRegister::Birth::constant;
    if (!constant && (r.name.empty() || !p.by_name.emplace(r.name, static_cast<RegisterId>(i)).second)) {
      throw InputError(fmt::format("the program is damaged: two registers are called `{}`", r.name));
    }
    p.registers.push_back(std::move(r));
  }
  p.bytes_f64 = static_cast<std::int64_t>(bytes);
}

/// Ops by their place in the list of names at the front of the file.
class Ops {
 public:
  explicit Ops(Reader& in) {
    const std::size_t n = in.count(4);
    for (std::size_t i = 0; i < n; ++i) {
      const std::string id = in.text();
      const auto found = std::find(std::begin(kOpIds), std::end(kOpIds), id);
      if (found == std::end(kOpIds)) {
        throw InputError(fmt::format("the program uses the operation `{}`, which this version of mlz lacks", id));
      }
      ids_.push_back(static_cast<OpId>(found - std::begin(kOpIds)));
    }
  }
  OpId read(Reader& in) const {
    const auto at = in.number<std::uint16_t>();
    if (at >= ids_.size()) throw InputError("the program is damaged: an unknown operation");
    return ids_[at];
  }

 private:
  std::vector<OpId> ids_;
};

void read_params(Reader& in, BoundProgram& p, const Ops& ops) {
  const std::size_t n = in.count(4 + 2 + 4);
  for (std::size_t i = 0; i < n; ++i) {
    BoundProgram::Param param{in.number<RegisterId>(), ops.read(in), {}};
    const std::size_t args = in.count(8);
    for (std::size_t k = 0; k < args; ++k) param.args.push_back(in.real());
    p.params.push_back(std::move(param));
  }
}

void read_lines(Reader& in, BoundProgram& p) {
  const std::size_t n = in.count(1 + 4);
  for (std::size_t i = 0; i < n; ++i) {
    const auto function = in.one_of<Function>(3);
    p.lines.push_back({function, in.text(), {}});
  }
}

void write_instruction(Writer& w, const BoundInstruction& i) {
  w.number(static_cast<std::uint16_t>(i.op));
  w.number(i.out);
  w.number(i.in_count);
  for (std::size_t k = 0; k < i.in_count; ++k) w.number(i.in[k]);
  for (const std::int64_t a : i.attr) w.number(a);
  w.real(i.value);
  w.number(i.line);
}

BoundInstruction read_instruction(Reader& in, const Ops& ops) {
  BoundInstruction i;
  i.op = ops.read(in);
  i.out = in.number<RegisterId>();
  i.in_count = in.one_of<std::uint8_t>(4);
  for (std::size_t k = 0; k < i.in_count; ++k) i.in[k] = in.number<RegisterId>();
  for (std::int64_t& a : i.attr) a = in.number<std::int64_t>();
  i.value = in.real();
  i.line = in.number<std::uint32_t>();
  return i;
}

void read_code(Reader& in, BoundProgram& p, const Ops& ops, const ProgramFileLimits& limits) {
  std::int64_t total = 0;
  for (std::vector<BoundInstruction>& code : p.code) {
    const std::size_t n = in.count(2 + 4 + 1 + 32 + 8 + 4);
    total += static_cast<std::int64_t>(n);
    if (total > limits.max_instructions) {
      throw InputError(fmt::format("the program has {} instructions; {} are allowed", total, limits.max_instructions));
    }
    code.reserve(n);
    for (std::size_t k = 0; k < n; ++k) code.push_back(read_instruction(in, ops));
  }
}

/// The bytes between header and checksum, once both are in order.
std::span<const unsigned char> payload_of(std::span<const unsigned char> bytes) {
  const bool magic = bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
  if (!magic) throw InputError("these bytes are not a bound program of mlz; make one with mlzc");
  Reader header(bytes.subspan(kMagic.size()));
  const auto version = header.number<std::uint32_t>();
  if (version != kProgramFileVersion) {
    throw InputError(fmt::format("the program has format version {}; this version of mlz reads {}: make it anew with mlzc",
                                 version, kProgramFileVersion));
  }
  const auto length = header.number<std::uint64_t>();
  if (bytes.size() < kHeader + kTrailer || length != bytes.size() - kHeader - kTrailer) {
    throw InputError(fmt::format("the program is damaged: it has {} bytes, not the length in its header", bytes.size()));
  }
  const auto payload = bytes.subspan(kHeader, static_cast<std::size_t>(length));
  Reader trailer(bytes.subspan(kHeader + payload.size()));
  if (trailer.number<std::uint64_t>() != checksum(payload)) throw InputError("the program is damaged: its checksum is wrong");
  return payload;
}

std::vector<unsigned char> write_payload(const BoundProgram& p) {
  Writer w;
  w.list(kOpIds, [&](std::string_view id) { w.text(id); });
  w.list(p.registers, [&](const BoundRegister& r) { write_register(w, r); });
  for (const RegisterId id : p.role) w.number(id);
  w.number(p.batch);
  w.number(static_cast<std::uint8_t>(p.registers_are_roots));
  w.list(p.params, [&](const BoundProgram::Param& param) {
    w.number(param.id);
    w.number(static_cast<std::uint16_t>(param.draw));
    w.list(param.args, [&](double a) { w.real(a); });
  });
  w.list(p.lines, [&](const BoundLine& line) {
    w.number(static_cast<std::uint8_t>(line.function));
    w.text(line.text);
  });
  for (const auto& code : p.code) w.list(code, [&](const BoundInstruction& i) { write_instruction(w, i); });
  return std::move(w.out);
}

}  // namespace

std::vector<unsigned char> write_program(const BoundProgram& program) {
  const std::vector<unsigned char> payload = write_payload(program);
  Writer w;
  w.out.assign(kMagic.begin(), kMagic.end());
  w.number(kProgramFileVersion);
  w.number(static_cast<std::uint64_t>(payload.size()));
  w.out.insert(w.out.end(), payload.begin(), payload.end());
  w.number(checksum(payload));
  return std::move(w.out);
}

BoundProgram read_program(std::span<const unsigned char> bytes, const ProgramFileLimits& limits) {
  Reader in(payload_of(bytes));
  const Ops ops(in);
  BoundProgram p;
  read_registers(in, p, limits);
  for (RegisterId& id : p.role) id = in.number<RegisterId>();
  p.batch = in.number<std::int64_t>();
  p.registers_are_roots = in.one_of<int>(2) != 0;
  read_params(in, p, ops);
  read_lines(in, p);
  read_code(in, p, ops, limits);
  if (in.left() != 0) throw InputError("the program is damaged: more follows after its end");
  verify(p);
  mark_live(p, p.registers_are_roots);
  return p;
}

}  // namespace mlz::vm

#include "vm/json_scanner.hpp"

#include <algorithm>
#include <charconv>

namespace mlz::vm {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool in(std::uint32_t c, std::uint32_t first, std::uint32_t last) { return c >= first && c <= last; }

void append_utf8(std::string& out, std::uint32_t code) {
  const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xE0 | code >> 12);
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
    }
    add(0x80 | (code >> 6 & 0x3F));
  }
  add(0x80 | (code & 0x3F));
}

/// Bytes that follow a first one, or -1 where no character begins with it.
int followers(std::uint32_t first) {
  if (first < 0x80) return 0;
  if (in(first, 0xC2, 0xDF)) return 1;
  if (in(first, 0xE0, 0xEF)) return 2;
  return in(first, 0xF0, 0xF4) ? 3 : -1;
}

/// Forms that are too long, surrogates, and what is beyond the last character.
bool second_fits(std::uint32_t first, std::uint32_t second) {
  if (first == 0xE0) return in(second, 0xA0, 0xBF);
  if (first == 0xED) return in(second, 0x80, 0x9F);
  if (first == 0xF0) return in(second, 0x90, 0xBF);
  if (first == 0xF4) return in(second, 0x80, 0x8F);
  return true;
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint32_t first = byte(i);
    const int more = followers(first);
    if (more < 0 || i + static_cast<std::size_t>(more) >= text.size()) return false;
    if (more > 0 && !second_fits(first, byte(i + 1))) return false;
    for (int k = 0; k < more; ++k) {
      if (!in(byte(++i), 0x80, 0xBF)) return false;
    }
  }
  return true;
}

char JsonScanner::next() {
  at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
  return at_ < text_.size() ? text_[at_] : 0;
}

bool JsonScanner::take(char c) {
  if (next() != c) return false;
  ++at_;
  return true;
}

void JsonScanner::expect(char c) {
  if (!take(c)) throw BadJson(std::string("is not JSON: a '") + c + "' is missing");
}

void JsonScanner::down() {
  if (++depth_ > most_depth_) throw BadJson("is nested too deeply");
}

void JsonScanner::object(const std::function<void(const std::string&)>& member) {
  expect('{');
  down();
  if (!take('}')) {
    do {
      const std::string name = text();
      expect(':');
      member(name);
    } while (take(','));
    expect('}');
  }
  --depth_;
}

void JsonScanner::list(const std::function<void()>& item) {
  expect('[');
  down();
  if (!take(']')) {
    do {
      item();
    } while (take(','));
    expect(']');
  }
  --depth_;
}

std::uint32_t JsonScanner::hex4() {
  std::uint32_t code = 0;
  const std::string_view digits = text_.substr(at_, 4);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  if (error != std::errc() || end != digits.data() + 4) throw BadJson("has a text with a \\u that is no character");
  at_ += 4;
  return code;
}

/// What follows a backslash.
void JsonScanner::escape(std::string& out) {
  static constexpr std::string_view kNames = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
  const char c = at_ < text_.size() ? text_[at_++] : 0;
  const std::size_t known = c == 0 ? std::string_view::npos : kNames.find(c);
  if (known != std::string_view::npos) {
    out += kMeant[known];
    return;
  }
  if (c != 'u') throw BadJson("has a text with an unknown escape");
  std::uint32_t code = hex4();
  if (in(code, 0xD800, 0xDBFF) && text_.substr(at_, 2) == "\\u") {
    at_ += 2;
    const std::uint32_t low = hex4();
    if (!in(low, 0xDC00, 0xDFFF)) throw BadJson("has a text with half a character");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  if (in(code, 0xD800, 0xDFFF)) throw BadJson("has a text with half a character");
  append_utf8(out, code);
}

std::string JsonScanner::text() {
  expect('"');
  std::string out;
  while (true) {
    if (at_ >= text_.size()) throw BadJson("is not JSON: a text has no end");
    const char c = text_[at_++];
    if (c == '"') break;
    if (static_cast<unsigned char>(c) < 0x20) throw BadJson("is not JSON: a text has control characters");
    if (c == '\\') {
      escape(out);
    } else {
      out += c;
    }
  }
  if (!is_utf8(out)) throw BadJson("has a text that is not UTF-8");
  return out;
}

/// Characters of a number, or of true, false or null.
std::string_view JsonScanner::word() {
  next();
  const auto belongs = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || std::string_view("E+-.").find(c) != std::string_view::npos;
  };
  const std::size_t first = at_;
  while (at_ < text_.size() && belongs(text_[at_])) ++at_;
  return text_.substr(first, at_ - first);
}

std::optional<std::uint64_t> JsonScanner::whole_number() {
  const char c = next();
  if (c == '{' || c == '[' || c == '"') {
    skip();
    return {};
  }
  const std::string_view digits = word();
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool padded = digits.size() > 1 && digits[0] == '0';
  if (error != std::errc() || end != digits.data() + digits.size() || padded) return {};
  return value;
}

void JsonScanner::skip() {
  const char c = next();
  if (c == '{') return object([this](const std::string&) { skip(); });
  if (c == '[') return list([this] { skip(); });
  if (c == '"') return static_cast<void>(text());
  if (word().empty()) throw BadJson("is not JSON: a value is missing");
}

}  // namespace mlz::vm

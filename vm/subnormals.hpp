#pragma once
#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mlz::vm {

/// While it lives, arithmetic of this thread takes subnormal numbers, operands and results, as zeros of their sign; what
/// was set before comes back with its end. Traces and running means that are not fed any more fall among them, and a
/// processor takes some hundred cycles for an operation on one. Does nothing if `wanted` is false, as in f64, whose
/// results are IEEE's, and on processors other than x86-64 and AArch64.
class SubnormalsAsZero {
 public:
  explicit SubnormalsAsZero(bool wanted) {
    if (!wanted) return;
    before_ = get();
    changed_ = (before_ & kBits) != kBits;
    if (changed_) set(before_ | kBits);
  }
  ~SubnormalsAsZero() {
    if (changed_) set(before_);
  }
  SubnormalsAsZero(const SubnormalsAsZero&) = delete;
  SubnormalsAsZero& operator=(const SubnormalsAsZero&) = delete;

 private:
  std::uint64_t before_ = 0;
  bool changed_ = false;

#if defined(__x86_64__)
  static constexpr std::uint64_t kBits = 0x8040;  // MXCSR: flush to zero, denormals are zeros
  static std::uint64_t get() { return _mm_getcsr(); }
  static void set(std::uint64_t bits) { _mm_setcsr(static_cast<unsigned>(bits)); }
#elif defined(__aarch64__)
  static constexpr std::uint64_t kBits = std::uint64_t{1} << 24;  // FPCR.FZ
  static std::uint64_t get() {
    std::uint64_t bits;
    asm volatile("mrs %0, fpcr" : "=r"(bits));
    return bits;
  }
  static void set(std::uint64_t bits) { asm volatile("msr fpcr, %0" : : "r"(bits)); }
#else
  static constexpr std::uint64_t kBits = 0;
  static std::uint64_t get() { return 0; }
  static void set(std::uint64_t) {}
#endif
};

}  // namespace mlz::vm

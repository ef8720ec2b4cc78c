#pragma once
#include "vm/numbers.hpp"

namespace mlz::vm {

MLZ_LEVEL_BEGIN

/// Coefficients by number type; see `polynomial`. Functions, because code for a GPU cannot refer to a static member.
template <class E>
struct Fit;
template <>
struct Fit<double> {
  MLZ_INLINE static auto& exp() {
    static constexpr double c[] = {
      0x1.000000000000cp-1,  0x1.5555555555561p-3,  0x1.555555554ffebp-5,  0x1.111111110d5e9p-7,
      0x1.6c16c185b7076p-10, 0x1.a01a01bafd8fap-13, 0x1.a0199667c5516p-16, 0x1.71dddf8fc5234p-19,
      0x1.28b072eb48a67p-22, 0x1.af85e4ef496b0p-26};
    return c;
  }
  MLZ_INLINE static auto& log() {
    static constexpr double c[] = {0x1.5555555555593p-1, 0x1.999999997fb35p-2, 0x1.24924942177b2p-2,
                                   0x1.c71c51e80c67ep-3, 0x1.7466462a115aap-3, 0x1.39a0f517122bdp-3,
                                   0x1.2f0d8f548906fp-3};
    return c;
  }
  MLZ_INLINE static auto& sin() {
    static constexpr double c[] = {-0x1.5555555555549p-3,  0x1.111111110f861p-7,
                                   -0x1.a01a019c0e4c2p-13, 0x1.71de3574b8f8fp-19,
                                   -0x1.ae5e63cbcac75p-26, 0x1.5d92462c77cbcp-33};
    return c;
  }
  MLZ_INLINE static auto& cos() {
    static constexpr double c[] = {0x1.555555555554cp-5,  -0x1.6c16c16c15162p-10,
                                   0x1.a01a019caef56p-16, -0x1.27e4f807d7341p-22,
                                   0x1.1ee9ea6d41c41p-29, -0x1.8fadd0962917bp-37};
    return c;
  }
  MLZ_INLINE static auto& asin() {
    static constexpr double c[] = {
      0x1.5555555555578p-3, 0x1.333333332df80p-4, 0x1.6db6db722602cp-5, 0x1.f1c71a8dc559ep-6,
      0x1.6e8bdfa64b849p-6, 0x1.1c49e2bcd11abp-6, 0x1.ca20cdfd8d3e9p-7, 0x1.757b7a5d51c54p-7,
      0x1.6173f25398f57p-7, 0x1.e2bea79a9d69cp-9, 0x1.6492a42f7a9a8p-6, -0x1.59546dea6bfb7p-6,
      0x1.0bb05ae4fa31ep-5};
    return c;
  }
  MLZ_INLINE static auto& atan() {
    static constexpr double c[] = {
      -0x1.555555555553dp-2, 0x1.9999999995862p-3, -0x1.24924922ad94dp-3, 0x1.c71c70e630aa0p-4,
      -0x1.745cf8e00cb95p-4, 0x1.3b11194da4f4bp-4, -0x1.10ebb97973d67p-4, 0x1.df0f4ba22aa78p-5,
      -0x1.9cd26bec3ac12p-5, 0x1.37d3fc4341df9p-5, -0x1.2564d35c8f8ddp-6};
    return c;
  }
};
template <>
struct Fit<float> {
  MLZ_INLINE static auto& exp() {
    static constexpr float c[] = {0x1p-1f, 0x1.55548ep-3f, 0x1.55545cp-5f, 0x1.123b94p-7f,
                                  0x1.6db528p-10f};
    return c;
  }
  MLZ_INLINE static auto& log() {
    static constexpr float c[] = {0x1.55557ap-1f, 0x1.995e9cp-2f, 0x1.31e66ep-2f};
    return c;
  }
  MLZ_INLINE static auto& sin() {
    static constexpr float c[] = {-0x1.555546p-3f, 0x1.11075cp-7f, -0x1.994cfap-13f};
    return c;
  }
  MLZ_INLINE static auto& cos() {
    static constexpr float c[] = {0x1.55554ap-5f, -0x1.6c0c86p-10f, 0x1.9a00d8p-16f};
    return c;
  }
  MLZ_INLINE static auto& asin() {
    static constexpr float c[] = {0x1.5555cap-3f, 0x1.33015p-4f, 0x1.748c5p-5f, 0x1.8ba32cp-6f,
                                   0x1.59da16p-5f};
    return c;
  }
  MLZ_INLINE static auto& atan() {
    static constexpr float c[] = {-0x1.55554ap-2f, 0x1.9991a6p-3f, -0x1.23b638p-3f, 0x1.b1fa22p-4f,
                                   -0x1.f22b3ep-5f};
    return c;
  }
};

MLZ_LEVEL_END

}  // namespace mlz::vm

#include "vm/stream_kernels.hpp"

namespace mlz::vm::stream {

// Defined by stream_kernels_v2.cpp, _v3.cpp and _v4.cpp.
const Kernels& kernels_f64_v2(int lanes, std::int64_t features);
const Kernels& kernels_f64_v3(int lanes, std::int64_t features);
const Kernels& kernels_f64_v4(int lanes, std::int64_t features);
const Kernels& kernels_f32_v2(int lanes, std::int64_t features);
const Kernels& kernels_f32_v3(int lanes, std::int64_t features);
const Kernels& kernels_f32_v4(int lanes, std::int64_t features);

template <>
const Kernels& kernels<double>(Level level, int lanes, std::int64_t features) {
  switch (level) {
    case Level::v4: return kernels_f64_v4(lanes, features);
    case Level::v3: return kernels_f64_v3(lanes, features);
    default: return kernels_f64_v2(lanes, features);
  }
}

template <>
const Kernels& kernels<float>(Level level, int lanes, std::int64_t features) {
  switch (level) {
    case Level::v4: return kernels_f32_v4(lanes, features);
    case Level::v3: return kernels_f32_v3(lanes, features);
    default: return kernels_f32_v2(lanes, features);
  }
}

}  // namespace mlz::vm::stream

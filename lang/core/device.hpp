#pragma once

/// Code that is also compiled for a GPU marks its functions so, and loops whose variables must stay in registers.
#if defined(__CUDACC__)
#define MLZ_DEVICE __device__
#define MLZ_UNROLL _Pragma("unroll")
#else
#define MLZ_DEVICE
#define MLZ_UNROLL
#endif

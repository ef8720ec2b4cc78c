#pragma once

/// Code that is also compiled for a GPU marks its functions so.
#if defined(__CUDACC__)
#define MLZ_DEVICE __device__
#else
#define MLZ_DEVICE
#endif

#define MLZ_LEVEL v2
#include "bench/native_mlp.inl"

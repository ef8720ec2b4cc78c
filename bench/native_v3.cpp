#define MLZ_LEVEL v3
#include "bench/native.inl"

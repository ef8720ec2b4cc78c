#define MLZ_LEVEL v2
#include "bench/native.inl"

#define MLZ_LEVEL v4
#include "bench/native.inl"

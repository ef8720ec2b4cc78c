#define MLZ_LEVEL v4
#define MLZ_VECTOR_BYTES 64
#include "bench/native_learners.inl"

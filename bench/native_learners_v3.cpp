#define MLZ_LEVEL v3
#define MLZ_VECTOR_BYTES 32
#include "bench/native_learners.inl"

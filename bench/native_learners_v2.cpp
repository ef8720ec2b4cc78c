#define MLZ_LEVEL v2
#define MLZ_VECTOR_BYTES 16
#include "bench/native_learners.inl"

/* The kernels for AVX-512. */
#if defined(__x86_64__)
#include "ck_internal.h"

#include <float.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c,bmi,bmi2"), min_vector_width(512))), apply_to = function)
#define CK_VECTOR_BYTES 64
#define CK_ISA_NAME "avx512"
#define CK_ISA_TABLE ck_isa_avx512
#include "ck_body.h"
#pragma clang attribute pop
#endif

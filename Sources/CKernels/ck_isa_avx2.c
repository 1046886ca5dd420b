/* The kernels for AVX2 with fused multiply-add. */
#if defined(__x86_64__)
#include "ck_internal.h"

#include <float.h>
#include <math.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#define CK_VECTOR_BYTES 32
#define CK_ISA_NAME "avx2"
#define CK_ISA_TABLE ck_isa_avx2
#include "ck_body.h"
#pragma clang attribute pop
#endif

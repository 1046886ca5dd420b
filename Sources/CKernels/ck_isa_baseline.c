/* The kernels for any processor of the target: SSE2 on x86-64, NEON on ARM64. */
#define CK_VECTOR_BYTES 16
#define CK_ISA_NAME "baseline"
#define CK_ISA_TABLE ck_isa_baseline
#include "ck_body.h"

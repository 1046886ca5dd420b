/* Vector types of the instruction set being compiled: CK_VECTOR_BYTES is 16, 32 or 64.

   The types ending in _at are for memory: aligned as one element only, and allowed to alias anything.
   Comparisons give integer vectors of all ones or zeros, which ?: selects by. */
#include "ck_internal.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define CK_INLINE static inline __attribute__((always_inline))
#define CK_VECTOR_TYPE(type, lanes) type __attribute__((ext_vector_type(lanes)))
#define CK_MEMORY_TYPE(type, lanes) type __attribute__((ext_vector_type(lanes), aligned(sizeof(type)), may_alias))

enum { CK_LANES_32 = CK_VECTOR_BYTES / 4, CK_LANES_64 = CK_VECTOR_BYTES / 8 };

typedef CK_VECTOR_TYPE(float, CK_VECTOR_BYTES / 4) vf;
typedef CK_VECTOR_TYPE(int32_t, CK_VECTOR_BYTES / 4) vi;
typedef CK_VECTOR_TYPE(uint32_t, CK_VECTOR_BYTES / 4) vu;
typedef CK_VECTOR_TYPE(double, CK_VECTOR_BYTES / 8) vd;
typedef CK_VECTOR_TYPE(int64_t, CK_VECTOR_BYTES / 8) vl;

/* As many lanes as vf, whatever that takes: the compiler splits these over several registers. */
typedef CK_VECTOR_TYPE(double, CK_VECTOR_BYTES / 4) vf_as_double;
typedef CK_VECTOR_TYPE(int64_t, CK_VECTOR_BYTES / 4) vf_as_int64;

/* Combining the lanes of one vector by halves; combine(a, b) works on vectors and on scalars. */
#define CK_FOLD_2(v, combine) ({ __auto_type fold2 = (v); combine(fold2.x, fold2.y); })
#define CK_FOLD_4(v, combine) ({ __auto_type fold4 = (v); CK_FOLD_2(combine(fold4.lo, fold4.hi), combine); })
#define CK_FOLD_8(v, combine) ({ __auto_type fold8 = (v); CK_FOLD_4(combine(fold8.lo, fold8.hi), combine); })
#define CK_FOLD_16(v, combine) ({ __auto_type fold16 = (v); CK_FOLD_8(combine(fold16.lo, fold16.hi), combine); })

#if CK_VECTOR_BYTES == 64
#define CK_FOLD_32BIT CK_FOLD_16
#define CK_FOLD_64BIT CK_FOLD_8
#elif CK_VECTOR_BYTES == 32
#define CK_FOLD_32BIT CK_FOLD_8
#define CK_FOLD_64BIT CK_FOLD_4
#else
#define CK_FOLD_32BIT CK_FOLD_4
#define CK_FOLD_64BIT CK_FOLD_2
#endif

#define CK_COMBINE_ADD(a, b) ((a) + (b))
/* The greater one; NaN if either is NaN. */
#define CK_COMBINE_MAX(a, b) ({ __auto_type max_a = (a); __auto_type max_b = (b); \
  __auto_type greater = max_a > max_b ? max_a : max_b; max_a != max_a ? max_a : greater; })
#define CK_COMBINE_MIN(a, b) ({ __auto_type min_a = (a); __auto_type min_b = (b); \
  __auto_type smaller = min_a < min_b ? min_a : min_b; min_a != min_a ? min_a : smaller; })

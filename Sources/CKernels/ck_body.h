/* All vector code, included once for each instruction set with CK_VECTOR_BYTES, CK_ISA_TABLE and
   CK_ISA_NAME. The types and instructions are put together here. */
#include "ck_vector.h"

#define CK_PASTE_EXPANDED(a, b) a##b
#define CK_PASTE(a, b) CK_PASTE_EXPANDED(a, b)

#include "ck_math_f32.h"
#include "ck_math_f64.h"

/* MARK: f32 */

typedef CK_MEMORY_TYPE(float, CK_VECTOR_BYTES / 4) vf_at;
typedef CK_VECTOR_TYPE(uint64_t, CK_VECTOR_BYTES / 4) vf_counters;
#define T float
#define V vf
#define V_AT vf_at
#define MASK vi
#define WIDE vf_as_double
#define LANES CK_LANES_32
#define FOLD CK_FOLD_32BIT
#define SIGNED(v) (v)
#define NAME(f) f##_f32
#define FLOATING 1
#define SPECIALISED 1
#define IS_DOUBLE 0
#define LOWEST (-INFINITY)
#define MISSING NAN
#define COUNTERS vf_counters
#define WORDS vu
#define SUM double
#define SUMS vf_as_double
#include "ck_elementwise.h"
#include "ck_rows.h"
#include "ck_load_store.h"
#include "ck_random.h"
#include "ck_reduction.h"
#include "ck_linear.h"
#include "ck_pooling.h"
#include "ck_fourier.h"
#include "ck_gemm.h"
#include "ck_type_end.h"

/* MARK: f64 */

typedef CK_MEMORY_TYPE(double, CK_VECTOR_BYTES / 8) vd_at;
typedef CK_VECTOR_TYPE(uint64_t, CK_VECTOR_BYTES / 8) vd_counters;
typedef CK_VECTOR_TYPE(uint32_t, CK_VECTOR_BYTES / 8) vd_words;
#define T double
#define V vd
#define V_AT vd_at
#define MASK vl
#define WIDE vd
#define LANES CK_LANES_64
#define FOLD CK_FOLD_64BIT
#define SIGNED(v) (v)
#define NAME(f) f##_f64
#define FLOATING 1
#define SPECIALISED 0
#define IS_DOUBLE 1
#define LOWEST (-INFINITY)
#define MISSING NAN
#define COUNTERS vd_counters
#define WORDS vd_words
#define SUM double
#define SUMS vd
#include "ck_elementwise.h"
#include "ck_rows.h"
#include "ck_load_store.h"
#include "ck_random.h"
#include "ck_reduction.h"
#include "ck_linear.h"
#include "ck_pooling.h"
#include "ck_fourier.h"
#include "ck_gemm.h"
#include "ck_type_end.h"

/* MARK: i32 */

typedef CK_MEMORY_TYPE(uint32_t, CK_VECTOR_BYTES / 4) vu_at;
#define T int32_t
#define V vu
#define V_AT vu_at
#define MASK vi
#define WIDE vf_as_double
#define LANES CK_LANES_32
#define FOLD CK_FOLD_32BIT
#define SIGNED(v) ((vi)(v))
#define NAME(f) f##_i32
#define FLOATING 0
#define SPECIALISED 0
#define IS_DOUBLE 0
#define LOWEST INT32_MIN
#define MISSING 0
#define SUM uint32_t
#define SUMS vu
#include "ck_elementwise.h"
#include "ck_rows.h"
#include "ck_load_store.h"
#include "ck_reduction.h"
#include "ck_type_end.h"

#include "ck_eigen.h"

#define KERNEL_F32(name, floating, ...) [CK_##name] = CK_PASTE(floating, _f32),
#define KERNEL_F64(name, floating, ...) [CK_##name] = CK_PASTE(floating, _f64),
#define KERNEL_I32(name, floating, integer, ...) [CK_##name] = CK_PASTE(integer, _i32),

const ck_isa CK_ISA_TABLE = {
  .name = CK_ISA_NAME,
  .vector_bytes = CK_VECTOR_BYTES,
  .kernels = {
    [CK_F32] = {CK_INSTRUCTIONS(KERNEL_F32)},
    [CK_F64] = {CK_INSTRUCTIONS(KERNEL_F64)},
    [CK_I32] = {CK_INSTRUCTIONS(KERNEL_I32)},
  },
  .reduction = {[CK_F32] = reduction_f32, [CK_F64] = reduction_f64, [CK_I32] = reduction_i32},
  .reduction_end = {[CK_F32] = reduction_end_f32, [CK_F64] = reduction_end_f64, [CK_I32] = reduction_end_i32},
  .scatter_add = {[CK_F32] = scatter_add_f32, [CK_F64] = scatter_add_f64},
  .symmetric_eigen = symmetric_eigen,
  .gemm = {[CK_F32] = gemm_rows_f32, [CK_F64] = gemm_rows_f64},
  .gemm_pack = {[CK_F32] = gemm_pack_all_f32, [CK_F64] = gemm_pack_all_f64},
  .first_nonfinite = {[CK_F32] = first_nonfinite_f32, [CK_F64] = first_nonfinite_f64},
  .pooling = {[CK_F32] = pooling_f32, [CK_F64] = pooling_f64},
  .fourier = {[CK_F32] = fourier_f32, [CK_F64] = fourier_f64},
  .fourier_chirp = {[CK_F32] = fourier_chirp_f32, [CK_F64] = fourier_chirp_f64},
};

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

#define COMMON_KERNELS(type)                                                                        \
  [CK_COPY] = copy_##type, [CK_NEG] = neg_##type, [CK_ABS] = abs_##type, [CK_SIGN] = sign_##type,   \
  [CK_NOT] = not_##type, [CK_ISFINITE] = isfinite_##type, [CK_ADD] = add_##type,                    \
  [CK_SUB] = sub_##type, [CK_MUL] = mul_##type, [CK_DIV] = div_##type, [CK_MAX] = max_##type,       \
  [CK_MIN] = min_##type, [CK_EQ] = eq_##type, [CK_NE] = ne_##type, [CK_LT] = lt_##type,             \
  [CK_LE] = le_##type, [CK_AND] = and_##type, [CK_OR] = or_##type, [CK_SELECT] = select_##type,     \
  [CK_FMA] = fma_##type, [CK_FMS] = fms_##type, [CK_FNMA] = fnma_##type, [CK_LERP] = lerp_##type,   \
  [CK_SQLERP] = sqlerp_##type, [CK_AXPBY] = axpby_##type, [CK_AXMBY] = axmby_##type,                \
  [CK_LOAD] = load_##type, [CK_STORE] = store_##type,                                               \
  [CK_EXPAND] = expand_##type, [CK_ROWSUM] = rowsum_##type, [CK_ROWMAX] = rowmax_##type,            \
  [CK_ROWARGMAX] = rowargmax_##type, [CK_SUMALL] = sumall_##type, [CK_MAXALL] = maxall_##type

#define FLOATING_KERNELS(type)                                                                      \
  [CK_SQRT] = sqrt_##type, [CK_RECIP] = recip_##type, [CK_EXP] = exp_kernel_##type,                        \
  [CK_EXPM1] = expm1_kernel_##type, [CK_LOG] = log_kernel_##type, [CK_LOG1P] = log1p_kernel_##type,                      \
  [CK_SIN] = sine_kernel_##type, [CK_COS] = cosine_kernel_##type, [CK_TANH] = tanh_kernel_##type, [CK_ERF] = erf_kernel_##type,   \
  [CK_SIGMOID] = sigmoid_kernel_##type, [CK_SOFTPLUS] = softplus_kernel_##type, [CK_FLOOR] = floor_##type,         \
  [CK_CEIL] = ceil_##type, [CK_ROUND] = round_##type, [CK_POW] = pow_kernel_##type, \
  [CK_UNIFORM] = uniform_##type, [CK_NORMAL] = normal_##type, [CK_SUMCOLUMNS] = sumcolumns_##type

#define INTEGER_KERNELS(type)                                                                       \
  [CK_SQRT] = zero_##type, [CK_RECIP] = zero_##type, [CK_EXP] = zero_##type, [CK_EXPM1] = zero_##type, \
  [CK_LOG] = zero_##type, [CK_LOG1P] = zero_##type, [CK_SIN] = zero_##type, [CK_COS] = zero_##type, \
  [CK_TANH] = zero_##type, [CK_ERF] = zero_##type, [CK_SIGMOID] = zero_##type,                      \
  [CK_SOFTPLUS] = zero_##type, [CK_FLOOR] = copy_##type, [CK_CEIL] = copy_##type,                   \
  [CK_ROUND] = copy_##type, [CK_POW] = zero_##type, \
  [CK_UNIFORM] = zero_##type, [CK_NORMAL] = zero_##type, [CK_SUMCOLUMNS] = zero_##type

const ck_isa CK_ISA_TABLE = {
  .name = CK_ISA_NAME,
  .vector_bytes = CK_VECTOR_BYTES,
  .kernels = {
    [CK_F32] = {COMMON_KERNELS(f32), FLOATING_KERNELS(f32)},
    [CK_F64] = {COMMON_KERNELS(f64), FLOATING_KERNELS(f64)},
    [CK_I32] = {COMMON_KERNELS(i32), INTEGER_KERNELS(i32)},
  },
  .reduction = {[CK_F32] = reduction_f32, [CK_F64] = reduction_f64, [CK_I32] = reduction_i32},
  .reduction_end = {[CK_F32] = reduction_end_f32, [CK_F64] = reduction_end_f64, [CK_I32] = reduction_end_i32},
  .scatter_add = {[CK_F32] = scatter_add_f32, [CK_F64] = scatter_add_f64},
  .symmetric_eigen = symmetric_eigen,
  .gemm = {[CK_F32] = gemm_rows_f32, [CK_F64] = gemm_rows_f64},
  .gemm_pack = {[CK_F32] = gemm_pack_all_f32, [CK_F64] = gemm_pack_all_f64},
  .first_nonfinite = {[CK_F32] = first_nonfinite_f32, [CK_F64] = first_nonfinite_f64},
  .pooling = {[CK_F32] = pooling_f32, [CK_F64] = pooling_f64},
};

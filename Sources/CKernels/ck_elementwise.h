/* The elementwise instructions, included once for each compute type with
     T, V, V_AT   the element, a vector of it, and that vector in memory
     SIGNED(v)    v, as a vector whose comparisons are those of the type
     NAME(op)     the kernel's name
     FLOATING     1 or 0
     SPECIALISED  1: separate loops for the usual patterns of splat arguments
   Integers are computed as unsigned vectors, so that overflow wraps.

   A loop always works on whole vectors; a splat operand holds one vector, and its step is 0. Nothing is restrict: an output may be exactly one of the inputs. */

#define TRUTH(mask) ((mask) ? (V)(1) : (V)(0))
#define SPLAT(x) ((V)((T)(x)))

#define BEGIN                           \
  char *const out = block->at[instr->dst]; \
  const int64_t bytes = (instr->row ? block->rows : block->count) * (int64_t)sizeof(T)
#define ARGUMENT(name, k)                                  \
  const char *const name##_at = block->at[instr->args[k]]; \
  const int64_t name##_step = block->step[instr->args[k]]

/* An argument read anew for each vector, or read once and kept. */
#define EACH(name) const V name = *(const V_AT *)(name##_at + place);
#define ONCE(name) const V name = *(const V_AT *)name##_at;
/* Whichever of the two it is. */
#define EITHER(name) const V name = *(const V_AT *)(name##_at + (name##_step ? place : 0));

#define LOOP(before, within, expression)                                   \
  do {                                                                     \
    before for (int64_t place = 0; place < bytes; place += CK_VECTOR_BYTES) { \
      within *(V_AT *)(out + place) = (expression);                        \
    }                                                                      \
    return;                                                                \
  } while (0)

#define UNARY(op, expression)                                         \
  static void NAME(op)(const ck_instr *instr, const ck_block *block) { \
    BEGIN;                                                             \
    ARGUMENT(a, 0);                                                    \
    LOOP(, EITHER(a), expression);                                     \
  }

#define BINARY(op, expression)                                        \
  static void NAME(op)(const ck_instr *instr, const ck_block *block) { \
    BEGIN;                                                             \
    ARGUMENT(a, 0);                                                    \
    ARGUMENT(b, 1);                                                    \
    if (SPECIALISED && a_step && b_step) LOOP(, EACH(a) EACH(b), expression);    \
    if (SPECIALISED && a_step && !b_step) LOOP(ONCE(b), EACH(a), expression);    \
    if (SPECIALISED && !a_step && b_step) LOOP(ONCE(a), EACH(b), expression);    \
    LOOP(, EITHER(a) EITHER(b), expression);                           \
  }

#define TERNARY(op, expression)                                       \
  static void NAME(op)(const ck_instr *instr, const ck_block *block) { \
    BEGIN;                                                             \
    ARGUMENT(a, 0);                                                    \
    ARGUMENT(b, 1);                                                    \
    ARGUMENT(c, 2);                                                    \
    if (SPECIALISED) {                                                 \
      if (a_step && b_step && c_step) LOOP(, EACH(a) EACH(b) EACH(c), expression);  \
      if (a_step && b_step && !c_step) LOOP(ONCE(c), EACH(a) EACH(b), expression);  \
      if (a_step && !b_step && c_step) LOOP(ONCE(b), EACH(a) EACH(c), expression);  \
      if (!a_step && b_step && c_step) LOOP(ONCE(a), EACH(b) EACH(c), expression);  \
      if (a_step && !b_step && !c_step) LOOP(ONCE(b) ONCE(c), EACH(a), expression); \
    }                                                                  \
    LOOP(, EITHER(a) EITHER(b) EITHER(c), expression);                 \
  }

#define QUATERNARY(op, expression)                                    \
  static void NAME(op)(const ck_instr *instr, const ck_block *block) { \
    BEGIN;                                                             \
    ARGUMENT(a, 0);                                                    \
    ARGUMENT(b, 1);                                                    \
    ARGUMENT(c, 2);                                                    \
    ARGUMENT(d, 3);                                                    \
    if (SPECIALISED && a_step && !b_step && c_step && !d_step) LOOP(ONCE(b) ONCE(d), EACH(a) EACH(c), expression); \
    if (SPECIALISED && a_step && b_step && c_step && !d_step) LOOP(ONCE(d), EACH(a) EACH(b) EACH(c), expression); \
    if (SPECIALISED && a_step && !b_step && c_step && d_step) LOOP(ONCE(b), EACH(a) EACH(c) EACH(d), expression); \
    LOOP(, EITHER(a) EITHER(b) EITHER(c) EITHER(d), expression);       \
  }

/* MARK: the same for every type */

UNARY(copy, a)
UNARY(neg, -a)
UNARY(not, TRUTH(a == SPLAT(0)))

BINARY(add, a + b)
BINARY(sub, a - b)
BINARY(mul, a * b)
BINARY(eq, TRUTH(a == b))
BINARY(ne, TRUTH(a != b))
BINARY(lt, TRUTH(SIGNED(a) < SIGNED(b)))
BINARY(le, TRUTH(SIGNED(a) <= SIGNED(b)))
BINARY(and, TRUTH((a != SPLAT(0)) & (b != SPLAT(0))))
BINARY(or, TRUTH((a != SPLAT(0)) | (b != SPLAT(0))))

TERNARY(select, a != SPLAT(0) ? b : c)
TERNARY(fma, a * b + c)
TERNARY(fms, a * b - c)
TERNARY(fnma, c - a * b)
TERNARY(lerp, a + c * (b - a))
TERNARY(sqlerp, a + c * (b * b - a))
QUATERNARY(axpby, a * b + c * d)
QUATERNARY(axmby, a * b - c * d)

#if FLOATING

UNARY(abs, __builtin_elementwise_abs(a))
/* Zeros and NaN stay what they are. */
UNARY(sign, a > SPLAT(0) ? SPLAT(1) : (a < SPLAT(0) ? SPLAT(-1) : a))
UNARY(sqrt, __builtin_elementwise_sqrt(a))
UNARY(recip, SPLAT(1) / a)
UNARY(floor, __builtin_elementwise_floor(a))
UNARY(ceil, __builtin_elementwise_ceil(a))
UNARY(round, __builtin_elementwise_rint(a))
UNARY(isfinite, TRUTH(__builtin_elementwise_abs(a) < SPLAT(INFINITY)))
UNARY(exp_kernel, NAME(exp)(a))
UNARY(expm1_kernel, NAME(expm1)(a))
UNARY(log_kernel, NAME(log)(a))
UNARY(log1p_kernel, NAME(log1p)(a))
UNARY(sine_kernel, NAME(sin)(a, 0))
UNARY(cosine_kernel, NAME(sin)(a, 1))
UNARY(tanh_kernel, NAME(tanh)(a))
UNARY(erf_kernel, NAME(erf)(a))
UNARY(sigmoid_kernel, NAME(sigmoid)(a))
UNARY(softplus_kernel, NAME(softplus)(a))

BINARY(div, a / b)
BINARY(max, CK_COMBINE_MAX(a, b))
BINARY(min, CK_COMBINE_MIN(a, b))

/* One element after another, and no more than there are: each takes as long as several vectors of other instructions. */
static void NAME(pow_kernel)(const ck_instr *instr, const ck_block *block) {
  BEGIN;
  ARGUMENT(a, 0);
  ARGUMENT(b, 1);
  for (int64_t place = 0; place < bytes; place += (int64_t)sizeof(T)) {
    const T a = *(const T *)(a_at + (a_step ? place : 0)), b = *(const T *)(b_at + (b_step ? place : 0));
    *(T *)(out + place) = sizeof(T) == sizeof(float) ? (T)powf((float)a, (float)b) : (T)pow((double)a, (double)b);
  }
}

#else

/* Truncating; x / 0 is 0. */
CK_INLINE V integer_quotient(V a, V b) {
  V result;
  for (int lane = 0; lane < CK_LANES_32; lane++) {
    const int64_t divisor = (int32_t)b[lane];
    result[lane] = divisor ? (uint32_t)((int32_t)a[lane] / divisor) : 0;
  }
  return result;
}

UNARY(abs, SIGNED(a) < 0 ? -a : a)
UNARY(sign, (V)((SIGNED(a) < 0) - (SIGNED(a) > 0)))
BINARY(div, integer_quotient(a, b))
BINARY(max, SIGNED(a) > SIGNED(b) ? a : b)
BINARY(min, SIGNED(a) < SIGNED(b) ? a : b)

/* Integers are finite already. */
static void NAME(isfinite)(const ck_instr *instr, const ck_block *block) {
  BEGIN;
  LOOP(, , SPLAT(1));
}

/* Instructions that have no integer meaning. */
static void NAME(zero)(const ck_instr *instr, const ck_block *block) {
  BEGIN;
  LOOP(, , SPLAT(0));
}

#endif

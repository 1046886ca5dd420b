/* Sequences of instructions that optimizers are made of, each done in one loop: every array is then
   read and written once, while its vector is in a register. Results are those of the single
   instructions, for all of them work element by element and none reads what an earlier one of the
   sequence overwrote. */

/* Argument k of instruction i, under a name. */
#define ARGUMENT_OF(name, i, k)                               \
  const char *const name##_at = block->at[instr[i].args[k]]; \
  const int64_t name##_step = block->step[instr[i].args[k]]; \
  (void)name##_step

#define SEQUENCE(op, arguments, once, body)                                                        \
  static void NAME(op)(const ck_instr *instr, const ck_block *block) {                             \
    const int64_t bytes = (instr->row ? block->rows : block->count) * (int64_t)sizeof(T);          \
    char *const out_0 = block->at[instr[0].dst];                                                   \
    char *const out_1 = block->at[instr[1].dst];                                                   \
    arguments once for (int64_t place = 0; place < bytes; place += CK_VECTOR_BYTES) { body }       \
  }
#define RESULT_OF(i) *(V_AT *)(out_##i + place)

/* The first and second moment of a gradient g. */
#define MOMENT_ARGUMENTS \
  ARGUMENT_OF(m, 0, 0); ARGUMENT_OF(g, 0, 1); ARGUMENT_OF(k, 0, 2); ARGUMENT_OF(v, 1, 0); ARGUMENT_OF(l, 1, 2);
#define MOMENTS                              \
  EACH(m) EACH(g) EACH(v)                    \
  const V mean = m + k * (g - m);            \
  const V square = v + l * (g * g - v);      \
  RESULT_OF(0) = mean;                       \
  RESULT_OF(1) = square;

SEQUENCE(lerp_sqlerp, MOMENT_ARGUMENTS, ONCE(k) ONCE(l), MOMENTS)

SEQUENCE(lerp_sqlerp_stepsqrt,
         MOMENT_ARGUMENTS ARGUMENT_OF(w, 2, 0); ARGUMENT_OF(rate, 2, 1); ARGUMENT_OF(e, 2, 4);
         char *const out_2 = block->at[instr[2].dst];,
         ONCE(k) ONCE(l) ONCE(rate) ONCE(e),
         MOMENTS EACH(w)
         RESULT_OF(2) = w - rate * mean / (QUICK_SQRT(square) + e);)

SEQUENCE(lerp_sqlerp_axpby_stepsqrt,
         MOMENT_ARGUMENTS ARGUMENT_OF(p, 2, 1); ARGUMENT_OF(q, 2, 3);
         ARGUMENT_OF(w, 3, 0); ARGUMENT_OF(rate, 3, 1); ARGUMENT_OF(e, 3, 4);
         char *const out_2 = block->at[instr[2].dst]; char *const out_3 = block->at[instr[3].dst];,
         ONCE(k) ONCE(l) ONCE(p) ONCE(q) ONCE(rate) ONCE(e),
         MOMENTS EACH(w)
         const V ahead = mean * p + g * q;
         RESULT_OF(2) = ahead;
         RESULT_OF(3) = w - rate * ahead / (QUICK_SQRT(square) + e);)

SEQUENCE(lerp_sqlerp_max_stepsqrt,
         MOMENT_ARGUMENTS ARGUMENT_OF(x, 2, 0);
         ARGUMENT_OF(w, 3, 0); ARGUMENT_OF(rate, 3, 1); ARGUMENT_OF(e, 3, 4);
         char *const out_2 = block->at[instr[2].dst]; char *const out_3 = block->at[instr[3].dst];,
         ONCE(k) ONCE(l) ONCE(rate) ONCE(e),
         MOMENTS EACH(x) EACH(w)
         const V greatest = CK_COMBINE_MAX(x, square);
         RESULT_OF(2) = greatest;
         RESULT_OF(3) = w - rate * mean / (QUICK_SQRT(greatest) + e);)

/* A running sum of squares and the step that divides by its root. */
#define SQUARE_ARGUMENTS \
  ARGUMENT_OF(a, 0, 0); ARGUMENT_OF(b, 0, 1); ARGUMENT_OF(c, 0, 2); \
  ARGUMENT_OF(w, 1, 0); ARGUMENT_OF(rate, 1, 1); ARGUMENT_OF(g, 1, 2); ARGUMENT_OF(e, 1, 4);

SEQUENCE(sqlerp_stepsqrt, SQUARE_ARGUMENTS, ONCE(c) ONCE(rate) ONCE(e),
         EACH(a) EACH(b) EACH(w) EACH(g)
         const V square = a + c * (b * b - a);
         RESULT_OF(0) = square;
         RESULT_OF(1) = w - rate * g / (QUICK_SQRT(square) + e);)

SEQUENCE(sqlerp_stepsqrti, SQUARE_ARGUMENTS, ONCE(c) ONCE(rate) ONCE(e),
         EACH(a) EACH(b) EACH(w) EACH(g)
         const V square = a + c * (b * b - a);
         RESULT_OF(0) = square;
         RESULT_OF(1) = w - rate * g / QUICK_SQRT(square + e);)

SEQUENCE(fma_stepsqrt, SQUARE_ARGUMENTS, ONCE(rate) ONCE(e),
         EACH(a) EACH(b) EACH(c) EACH(w) EACH(g)
         const V square = a * b + c;
         RESULT_OF(0) = square;
         RESULT_OF(1) = w - rate * g / (QUICK_SQRT(square) + e);)

SEQUENCE(fma_stepsqrti, SQUARE_ARGUMENTS, ONCE(rate) ONCE(e),
         EACH(a) EACH(b) EACH(c) EACH(w) EACH(g)
         const V square = a * b + c;
         RESULT_OF(0) = square;
         RESULT_OF(1) = w - rate * g / QUICK_SQRT(square + e);)

/* Momentum: the velocity, and the parameter that it moves. */
#define MOMENTUM_ARGUMENTS \
  ARGUMENT_OF(a, 0, 0); ARGUMENT_OF(b, 0, 1); ARGUMENT_OF(c, 0, 2); ARGUMENT_OF(d, 0, 3); ARGUMENT_OF(w, 1, 0);

SEQUENCE(axpby_add, MOMENTUM_ARGUMENTS, ONCE(b) ONCE(d),
         EACH(a) EACH(c) EACH(w)
         const V velocity = a * b + c * d;
         RESULT_OF(0) = velocity;
         RESULT_OF(1) = w + velocity;)

SEQUENCE(axmby_add, MOMENTUM_ARGUMENTS, ONCE(b) ONCE(d),
         EACH(a) EACH(c) EACH(w)
         const V velocity = a * b - c * d;
         RESULT_OF(0) = velocity;
         RESULT_OF(1) = w + velocity;)

SEQUENCE(axmby_axmby_add,
         ARGUMENT_OF(a, 0, 0); ARGUMENT_OF(b, 0, 1); ARGUMENT_OF(c, 0, 2); ARGUMENT_OF(d, 0, 3); ARGUMENT_OF(w, 2, 0);
         char *const out_2 = block->at[instr[2].dst];,
         ONCE(b) ONCE(d),
         EACH(a) EACH(c) EACH(w)
         const V velocity = a * b - c * d;
         const V ahead = velocity * b - c * d;
         RESULT_OF(0) = velocity;
         RESULT_OF(1) = ahead;
         RESULT_OF(2) = w + ahead;)

SEQUENCE(fma_fnma,
         ARGUMENT_OF(a, 0, 0); ARGUMENT_OF(b, 0, 1); ARGUMENT_OF(c, 0, 2);
         ARGUMENT_OF(rate, 1, 1); ARGUMENT_OF(w, 1, 2);,
         ONCE(b) ONCE(rate),
         EACH(a) EACH(c) EACH(w)
         const V velocity = a * b + c;
         RESULT_OF(0) = velocity;
         RESULT_OF(1) = w - velocity * rate;)

/* The sign of an interpolation, and another interpolation of the same two. */
SEQUENCE(lerp_stepsign_lerp,
         ARGUMENT_OF(m, 0, 0); ARGUMENT_OF(g, 0, 1); ARGUMENT_OF(k, 0, 2);
         ARGUMENT_OF(w, 1, 0); ARGUMENT_OF(rate, 1, 1); ARGUMENT_OF(l, 2, 2);
         char *const out_2 = block->at[instr[2].dst];,
         ONCE(k) ONCE(rate) ONCE(l),
         EACH(m) EACH(g) EACH(w)
         const V direction = m + k * (g - m);
         RESULT_OF(0) = direction;
         RESULT_OF(1) = w - rate * SIGN_OF(direction);
         RESULT_OF(2) = m + l * (g - m);)

/* The arguments of an instruction that change from element to element, as bits. */
static int32_t varying(const ck_instr *instr, const int64_t *step, int32_t count) {
  int32_t bits = 0;
  for (int32_t k = 0; k < count; k++) bits |= (step[instr->args[k]] ? 1 : 0) << k;
  return bits;
}

static bool reads(const ck_instr *instr, int32_t count, int32_t operand) {
  for (int32_t k = 0; k < count; k++)
    if (instr->args[k] == operand) return true;
  return false;
}

/* Whether CK_STEPSQRT moves something else by this numerator and denominator. */
static bool is_step(const ck_instr *instr, const int64_t *step, int32_t numerator, int32_t denominator) {
  return varying(instr, step, 5) == 0xD && instr->args[2] == numerator && instr->args[3] == denominator &&
         instr->args[0] != numerator && instr->args[0] != denominator;
}

/* Moments, perhaps with their step; or Lion's step. */
static ck_kernel NAME(sequence_of_lerp)(const ck_instr *i, int32_t count, const int64_t *step, int32_t *length) {
  const int32_t two_vectors = 3; /* a and b vary, c does not */
  if (varying(&i[0], step, 3) != two_vectors) return NULL;
  if (i[1].op == CK_SQLERP && varying(&i[1], step, 3) == two_vectors && i[1].args[1] == i[0].args[1] &&
      !reads(&i[1], 3, i[0].dst)) {
    if (count > 3 && i[3].op == CK_STEPSQRT && i[3].row == i[0].row && i[2].row == i[0].row) {
      /* One instruction between: another numerator, or another denominator. */
      const bool numerator = i[2].op == CK_AXPBY && varying(&i[2], step, 4) == 5 && i[2].args[0] == i[0].dst && i[2].args[2] == i[0].args[1];
      const bool denominator = i[2].op == CK_MAX && varying(&i[2], step, 2) == 3 && i[2].args[1] == i[1].dst &&
                               i[2].args[0] != i[0].dst && i[2].args[0] != i[1].dst;
      *length = 4;
      if (numerator && is_step(&i[3], step, i[2].dst, i[1].dst) && i[3].args[0] != i[0].dst) return NAME(lerp_sqlerp_axpby_stepsqrt);
      if (denominator && is_step(&i[3], step, i[0].dst, i[2].dst) && i[3].args[0] != i[1].dst) return NAME(lerp_sqlerp_max_stepsqrt);
    }
    const bool stepped = count > 2 && i[2].op == CK_STEPSQRT && i[2].row == i[0].row && is_step(&i[2], step, i[0].dst, i[1].dst);
    *length = stepped ? 3 : 2;
    return stepped ? NAME(lerp_sqlerp_stepsqrt) : NAME(lerp_sqlerp);
  }
  if (count > 2 && i[1].op == CK_STEPSIGN && i[2].op == CK_LERP && i[2].row == i[0].row && varying(&i[1], step, 3) == 5 &&
      varying(&i[2], step, 3) == two_vectors && i[1].args[2] == i[0].dst && i[1].args[0] != i[0].dst &&
      i[2].args[0] == i[0].args[0] && i[2].args[1] == i[0].args[1] && !reads(&i[2], 3, i[0].dst) && !reads(&i[2], 3, i[1].dst)) {
    *length = 3;
    return NAME(lerp_stepsign_lerp);
  }
  return NULL;
}

static ck_kernel NAME(sequence)(const ck_instr *i, int32_t count, const int64_t *step, int32_t *length) {
  if (count < 2 || i[0].row != i[1].row) return NULL;
  *length = 2;
  /* Both kinds of step: the denominator is what the first instruction makes, the numerator is not. */
  const bool steps = (i[1].op == CK_STEPSQRT || i[1].op == CK_STEPSQRTI) && varying(&i[1], step, 5) == 0xD &&
                     i[1].args[3] == i[0].dst && !reads(&i[1], 3, i[0].dst);
  const bool outside = i[1].op == CK_STEPSQRT;
  switch (i[0].op) {
    case CK_LERP:
      return NAME(sequence_of_lerp)(i, count, step, length);
    case CK_SQLERP:
      if (!steps || varying(&i[0], step, 3) != 3) return NULL;
      return outside ? NAME(sqlerp_stepsqrt) : NAME(sqlerp_stepsqrti);
    case CK_FMA:
      if (steps && varying(&i[0], step, 3) == 7) return outside ? NAME(fma_stepsqrt) : NAME(fma_stepsqrti);
      if (i[1].op == CK_FNMA && varying(&i[0], step, 3) == 5 && varying(&i[1], step, 3) == 5 && i[1].args[0] == i[0].dst &&
          i[1].args[2] != i[0].dst)
        return NAME(fma_fnma);
      return NULL;
    case CK_AXPBY:
    case CK_AXMBY:
      if (count > 2 && i[0].op == CK_AXMBY && i[1].op == CK_AXMBY && i[2].op == CK_ADD && i[2].row == i[0].row &&
          varying(&i[0], step, 4) == 5 && varying(&i[2], step, 2) == 3 && i[1].args[0] == i[0].dst && i[1].args[1] == i[0].args[1] &&
          i[1].args[2] == i[0].args[2] && i[1].args[3] == i[0].args[3] && i[2].args[1] == i[1].dst && i[0].args[2] != i[0].dst &&
          i[2].args[0] != i[0].dst && i[2].args[0] != i[1].dst) {
        *length = 3;
        return NAME(axmby_axmby_add);
      }
      if (i[1].op != CK_ADD || varying(&i[0], step, 4) != 5 || varying(&i[1], step, 2) != 3 || i[1].args[1] != i[0].dst ||
          i[1].args[0] == i[0].dst)
        return NULL;
      return i[0].op == CK_AXPBY ? NAME(axpby_add) : NAME(axmby_add);
    default:
      return NULL;
  }
}

#undef ARGUMENT_OF
#undef SEQUENCE
#undef RESULT_OF
#undef MOMENT_ARGUMENTS
#undef MOMENTS
#undef SQUARE_ARGUMENTS
#undef MOMENTUM_ARGUMENTS

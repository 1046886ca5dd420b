/* Instructions that combine elements: over rows, over the block, and back from rows to elements.
   Included once for each compute type, like ck_elementwise.h, with
     FOLD       CK_FOLD_32BIT or CK_FOLD_64BIT
     LANES      lanes of V
     WIDE       a vector of double with as many lanes
     MASK       what comparing two V gives
     LOWEST     what every number is at least as great as */

#define LOAD_AT(p) (*(const V_AT *)(p))

/* Lanes from `valid` on are replaced, so that what lies behind the end of a row has no effect. */
static const T NAME(lane_numbers)[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#define KEEP_LANES(v, valid, other) \
  (SIGNED(LOAD_AT(NAME(lane_numbers))) < SIGNED(SPLAT(valid)) ? (v) : SPLAT(other))

#if FLOATING
#define IS_NAN(x) ((x) != (x))
#else
#define IS_NAN(x) 0
#endif

/* A splat given where a whole row is read: one more vector operand kind would not pay here. */
CK_INLINE const T *NAME(elements)(const ck_block *block, int32_t operand, T *spread, int64_t count) {
  const T *p = (const T *)block->at[operand];
  if (block->step[operand]) return p;
  for (int64_t i = 0; i < count; i += LANES) *(V_AT *)(spread + i) = LOAD_AT(p);
  return spread;
}
#define SPREAD_BUFFER(name) T name[CK_MAX_BLOCK + LANES]

CK_INLINE V NAME(row_sum_lanes)(const T *p, int64_t n) {
  V sum = SPLAT(0);
  int64_t i = 0;
  if (n >= 4 * LANES) {
    V second = SPLAT(0), third = SPLAT(0), fourth = SPLAT(0);
    for (; i + 4 * LANES <= n; i += 4 * LANES) {
      sum += LOAD_AT(p + i);
      second += LOAD_AT(p + i + LANES);
      third += LOAD_AT(p + i + 2 * LANES);
      fourth += LOAD_AT(p + i + 3 * LANES);
    }
    sum = (sum + second) + (third + fourth);
  }
  for (; i + LANES <= n; i += LANES) sum += LOAD_AT(p + i);
  if (i < n) sum += KEEP_LANES(LOAD_AT(p + i), n - i, 0);
  return sum;
}

/* The greatest number so far; what is not a number is remembered aside, which is quicker than having
   each comparison pass it on. */
#define TAKE_MAX(v)                                            \
  do {                                                         \
    const V candidate = (v);                                   \
    unordered |= candidate != candidate;                       \
    greatest = SIGNED(candidate) > SIGNED(greatest) ? candidate : greatest; \
  } while (0)
#define GREATER_OF(a, b) ({ __auto_type max_a = (a); __auto_type max_b = (b); max_a > max_b ? max_a : max_b; })

CK_INLINE T NAME(row_max)(const T *p, int64_t n) {
  V greatest = SPLAT(LOWEST);
  MASK unordered = (MASK)(0);
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) TAKE_MAX(LOAD_AT(p + i));
  if (i < n) TAKE_MAX(KEEP_LANES(LOAD_AT(p + i), n - i, LOWEST));
  return FLOATING && __builtin_reduce_or(unordered) ? (T)MISSING : FOLD(SIGNED(greatest), GREATER_OF);
}

/* The first of the greatest; the first NaN if there is one. */
CK_INLINE int64_t NAME(row_argmax)(const T *p, int64_t n) {
  const T greatest = NAME(row_max)(p, n);
  for (int64_t i = 0; i < n; i++)
    if (p[i] == greatest || IS_NAN(p[i])) return i;
  return 0;
}

#define EACH_ROW(expression)                                                   \
  SPREAD_BUFFER(spread);                                                       \
  const T *p = NAME(elements)(block, instr->args[0], spread, block->count);    \
  T *out = (T *)block->at[instr->dst];                                         \
  const int64_t inner = block->inner, rows = block->rows;                      \
  for (int64_t row = 0; row < rows; row++, p += inner) out[row] = (T)(expression)

static void NAME(rowsum)(const ck_instr *instr, const ck_block *block) {
  EACH_ROW(FOLD(NAME(row_sum_lanes)(p, inner), CK_COMBINE_ADD));
}
static void NAME(rowmax)(const ck_instr *instr, const ck_block *block) { EACH_ROW(NAME(row_max)(p, inner)); }
static void NAME(rowargmax)(const ck_instr *instr, const ck_block *block) { EACH_ROW(NAME(row_argmax)(p, inner)); }

/* Whole vectors, each row running into the next one that is then written over; only what would pass
   the end of the block's last vector is written element by element. */
static void NAME(expand)(const ck_instr *instr, const ck_block *block) {
  const T *values = (const T *)block->at[instr->args[0]];
  const int64_t next = block->step[instr->args[0]] ? 1 : 0;
  T *out = (T *)block->at[instr->dst];
  const int64_t inner = block->inner;
  const T *const end = out + (block->count + LANES - 1) / LANES * LANES;
  for (int64_t row = 0; row < block->rows; row++, values += next, out += inner) {
    const T value = *values;
    int64_t i = 0;
    for (; i < inner && out + i + LANES <= end; i += LANES) *(V_AT *)(out + i) = SPLAT(value);
    for (; i < inner; i++) out[i] = value;
  }
}

#if FLOATING
#define TO_DOUBLES(v) __builtin_convertvector((v), WIDE)
#else
#define TO_DOUBLES(v) __builtin_convertvector(SIGNED(v), WIDE)
#endif

#define BLOCK_ELEMENTS                                                             \
  const int64_t n = instr->row ? block->rows : block->count;                       \
  SPREAD_BUFFER(spread);                                                           \
  const T *p = NAME(elements)(block, instr->args[0], spread, n);                   \
  double *partial = block->group->reductions[instr->dst].partials + block->number

static void NAME(sumall)(const ck_instr *instr, const ck_block *block) {
  BLOCK_ELEMENTS;
#if FLOATING
  *partial = FOLD(TO_DOUBLES(NAME(row_sum_lanes)(p, n)), CK_COMBINE_ADD);
#else
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += p[i];
  *partial = sum;
#endif
}

static void NAME(maxall)(const ck_instr *instr, const ck_block *block) {
  BLOCK_ELEMENTS;
  *partial = (double)NAME(row_max)(p, n);
}

/* Rows added up in the element type before their sum is added to the wider total: few enough that their rounding errors stay near that of
   one addition. */
enum { NAME(rows_per_total) = 64 };

#if FLOATING
typedef CK_MEMORY_TYPE(double, LANES) NAME(wide_at);

/* totals[...] += so many neighbouring elements */
CK_INLINE void NAME(add_to_totals)(double *totals, const T *p, int64_t count) {
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) *(NAME(wide_at) *)(totals + i) += TO_DOUBLES(LOAD_AT(p + i));
  for (; i < count; i++) totals[i] += p[i];
}

/* totals[0 ..< LANES] += the first LANES elements of so many rows */
CK_INLINE void NAME(add_rows_to_totals)(double *totals, const T *p, int64_t rows, int64_t length) {
  for (int64_t row = 0; row < rows;) {
    const int64_t end = ck_min64(rows, row + NAME(rows_per_total));
    V sum = SPLAT(0), second = SPLAT(0), third = SPLAT(0), fourth = SPLAT(0);
    for (; row + 4 <= end; row += 4, p += 4 * length) {
      sum += LOAD_AT(p);
      second += LOAD_AT(p + length);
      third += LOAD_AT(p + 2 * length);
      fourth += LOAD_AT(p + 3 * length);
    }
    for (; row < end; row++, p += length) sum += LOAD_AT(p);
    *(NAME(wide_at) *)totals += TO_DOUBLES((sum + second) + (third + fourth));
  }
}

static void NAME(sumcolumns)(const ck_instr *instr, const ck_block *block) {
  const ck_group_reduction *reduction = &block->group->reductions[instr->dst];
  const int64_t columns = reduction->columns, n = instr->row ? block->rows : block->count;
  SPREAD_BUFFER(spread);
  const T *p = NAME(elements)(block, instr->args[0], spread, n);
  double *totals = reduction->partials + block->share * ck_partial_columns(columns);
  int64_t column = (instr->row ? block->start_row : block->start) % columns;
  if (column == 0 && columns % LANES == 0 && n % columns == 0) {
    for (int64_t c = 0; c < columns; c += LANES) NAME(add_rows_to_totals)(totals + c, p + c, n / columns, columns);
    return;
  }
  for (int64_t i = 0; i < n; column = 0) {
    const int64_t count = ck_min64(columns - column, n - i);
    NAME(add_to_totals)(totals + column, p + i, count);
    i += count;
  }
}
#endif

#undef LOAD_AT
#undef KEEP_LANES
#undef SPREAD_BUFFER
#undef EACH_ROW
#undef BLOCK_ELEMENTS
#undef TO_DOUBLES

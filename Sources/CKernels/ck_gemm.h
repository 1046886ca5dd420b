/* Matrix product of one floating-point type. The columns of op(B) are packed in panels of GEMM_COLUMNS, the last ones in a panel of LANES
   if they fit, or are read where they lie, and GEMM_ROWS or GEMM_FEW_ROWS rows of C at a time are accumulated in registers. An element
   of C is summed up in an order that depends on k and on terms_backwards alone: cutting C into shares changes no bit. */

/* Two vectors of each row, two of the panel and a factor fit in the registers: 32 with AVX-512, 16 without. */
#define GEMM_ROWS (CK_VECTOR_BYTES == 64 ? 8 : CK_VECTOR_BYTES == 32 ? 6 : 4)
#define GEMM_FEW_ROWS 4
#define GEMM_COLUMNS (2 * LANES)
#define GEMM_DEPTH 256
/* So many elements are a cache line. */
#define GEMM_LINE (64 / (int64_t)sizeof(T))
/* Up to so many rows it does not pay to bring columns into panels. */
#define GEMM_FEW_USES 64
/* So many elements of op(B) stay in the first cache beside rows of A and C, if they are in so few panels. */
#define GEMM_FEW_ELEMENTS (16384 / (int64_t)sizeof(T))
#define GEMM_FEW_PANELS 16
/* Room for one panel of full depth, or for few elements of which the last panel is filled up. */
#define GEMM_SPARE (GEMM_FEW_ELEMENTS + GEMM_DEPTH * GEMM_COLUMNS)

typedef CK_MEMORY_TYPE(T, 4) NAME(four);

/* Four rows of four elements, `stride` apart, become four rows of a panel, `width` apart. */
CK_INLINE void NAME(gemm_turn)(const T *from, int64_t stride, T *panel, int64_t width) {
  typedef NAME(four) Q;
  const Q a = *(const Q *)from, b = *(const Q *)(from + stride);
  const Q c = *(const Q *)(from + 2 * stride), d = *(const Q *)(from + 3 * stride);
  const Q ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Q ab_behind = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd_behind = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(Q *)panel = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  *(Q *)(panel + width) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  *(Q *)(panel + 2 * width) = __builtin_shufflevector(ab_behind, cd_behind, 0, 1, 4, 5);
  *(Q *)(panel + 3 * width) = __builtin_shufflevector(ab_behind, cd_behind, 2, 3, 6, 7);
}

/* Of so many columns: those of a panel, in whole vectors. */
CK_INLINE int64_t NAME(gemm_width)(int64_t columns) { return columns > LANES ? GEMM_COLUMNS : LANES; }

/* Rows `first` and on of the panel of the columns from `column` on. */
static void NAME(gemm_pack)(const ck_gemm *g, T *panel, int64_t first, int64_t depth, int64_t column) {
  const int64_t columns = ck_min64(GEMM_COLUMNS, g->n - column), width = NAME(gemm_width)(columns);
  if (columns < width) memset(panel, 0, (size_t)(depth * width) * sizeof(T));
  if (g->transpose_b) {
    const T *from = (const T *)g->b + column * g->ldb + first;
    int64_t c = 0;
    for (; c + 4 <= columns; c += 4, from += 4 * g->ldb) {
      int64_t k = 0;
      for (; k + 4 <= depth; k += 4) NAME(gemm_turn)(from + k, g->ldb, panel + k * width + c, width);
      for (; k < depth; k++)
        for (int64_t i = 0; i < 4; i++) panel[k * width + c + i] = from[i * g->ldb + k];
    }
    for (; c < columns; c++, from += g->ldb)
      for (int64_t k = 0; k < depth; k++) panel[k * width + c] = from[k];
    return;
  }
  const T *from = (const T *)g->b + first * g->ldb + column;
  if (columns == GEMM_COLUMNS) {
    for (int64_t k = 0; k < depth; k++) {
      const V left = *(const V_AT *)(from + k * g->ldb), right = *(const V_AT *)(from + k * g->ldb + LANES);
      *(V_AT *)(panel + k * GEMM_COLUMNS) = left;
      *(V_AT *)(panel + k * GEMM_COLUMNS + LANES) = right;
    }
  } else {
    for (int64_t k = 0; k < depth; k++)
      for (int64_t c = 0; c < columns; c++) panel[k * width + c] = from[k * g->ldb + c];
  }
}

/* All panels, one after the other, each as deep as the product. */
static void NAME(gemm_pack_all)(const ck_gemm *g, void *panels) {
  for (int64_t column = 0; column < g->n; column += GEMM_COLUMNS)
    NAME(gemm_pack)(g, (T *)panels + column * g->k, 0, g->k, column);
}

/* Some columns of op(B), and `depth` rows of them from one on. */
typedef struct {
  const T *rows, *last; /* the last row may lie elsewhere */
  int64_t stride, depth, columns;
  int64_t ahead;     /* from an element to what the next columns have in the same row, if all lie in B; else 0 */
  bool is_backwards; /* from the last row to the first */
} NAME(gemm_columns);

/* The products of `height` rows with `vectors` vectors of columns. The rows lie `row` elements apart; an element of a row lies `next` behind
   the one before. Rows from `rows` on are the last again, and are not written. `asks`: whether the next columns are asked for. Height,
   vectors and `asks` are constants. */
CK_INLINE void NAME(gemm_tile)(int height, int vectors, const T *a, int64_t row, int64_t next, const NAME(gemm_columns) *b, T *c, int64_t ldc,
                               int64_t rows, bool is_added, bool asks) {
  V sum[GEMM_ROWS][2];
  const T *at[GEMM_ROWS];
  const int64_t before = b->depth - 1;
  for (int r = 0; r < height; r++) {
    at[r] = a + ck_min64(r, rows - 1) * row;
    /* The last term is added last, or first. */
    const V factor = b->is_backwards ? (V)(at[r][before * next]) : (V)(T)0;
    for (int v = 0; v < vectors; v++) sum[r][v] = b->is_backwards ? factor * *(const V_AT *)(b->last + v * LANES) : (V)(T)0;
  }
  const int64_t first = b->is_backwards ? before - 1 : 0, step = b->is_backwards ? -next : next;
  const int64_t stride = b->is_backwards ? -b->stride : b->stride;
  const T *from = b->rows + first * b->stride;
  for (int64_t k = 0, within = first * next; k < before; k++, from += stride, within += step) {
    V column[2];
    for (int v = 0; v < vectors; v++) column[v] = *(const V_AT *)(from + v * LANES);
    for (int64_t i = 0; asks && i < vectors * LANES; i += GEMM_LINE) __builtin_prefetch(from + b->ahead + i, 0, 2);
    for (int r = 0; r < height; r++) {
      const V factor = (V)(at[r][within]);
      for (int v = 0; v < vectors; v++) sum[r][v] = factor * column[v] + sum[r][v];
    }
  }
  for (int r = 0; r < height && !b->is_backwards; r++) {
    const V factor = (V)(at[r][before * next]);
    for (int v = 0; v < vectors; v++) sum[r][v] = factor * *(const V_AT *)(b->last + v * LANES) + sum[r][v];
  }
  if (b->columns == vectors * LANES) {
    for (int r = 0; r < height; r++) {
      if (r >= rows) break;
      for (int v = 0; v < vectors; v++) {
        V_AT *to = (V_AT *)(c + r * ldc + v * LANES);
        *to = is_added ? *to + sum[r][v] : sum[r][v];
      }
    }
    return;
  }
  T tile[GEMM_ROWS * GEMM_COLUMNS] __attribute__((aligned(64)));
  for (int r = 0; r < height; r++)
    for (int v = 0; v < vectors; v++) *(V_AT *)(tile + r * GEMM_COLUMNS + v * LANES) = sum[r][v];
  for (int64_t r = 0; r < rows; r++)
    for (int64_t i = 0; i < b->columns; i++) c[r * ldc + i] = is_added ? c[r * ldc + i] + tile[r * GEMM_COLUMNS + i] : tile[r * GEMM_COLUMNS + i];
}

/* The rows of C from one on, as many as the registers hold, and how many those are. */
CK_INLINE int64_t NAME(gemm_some_rows)(const ck_gemm *g, const NAME(gemm_columns) *b, int64_t first, int64_t column, int64_t row, int64_t last_row,
                                       bool is_added) {
  const int64_t beside = g->transpose_a ? 1 : g->lda, next = g->transpose_a ? g->lda : 1, left = last_row - row;
  const T *a = (const T *)g->a + row * beside + first * next;
  T *c = (T *)g->c + row * g->ldc + column;
  const bool is_wide = b->columns > LANES;
  /* Once, by the last rows. */
  const bool asks = b->ahead && left <= GEMM_ROWS;
  /* 7 and 8 rows are two times few. */
  if (GEMM_ROWS > GEMM_FEW_ROWS && left > GEMM_FEW_ROWS && !(GEMM_ROWS == 6 && (left == 7 || left == 8))) {
    const int64_t rows = ck_min64(GEMM_ROWS, left);
    if (asks) NAME(gemm_tile)(GEMM_ROWS, 2, a, beside, next, b, c, g->ldc, rows, is_added, true);
    else if (is_wide) NAME(gemm_tile)(GEMM_ROWS, 2, a, beside, next, b, c, g->ldc, rows, is_added, false);
    else NAME(gemm_tile)(GEMM_ROWS, 1, a, beside, next, b, c, g->ldc, rows, is_added, false);
    return rows;
  }
  const int64_t rows = ck_min64(GEMM_FEW_ROWS, left);
  if (asks) NAME(gemm_tile)(GEMM_FEW_ROWS, 2, a, beside, next, b, c, g->ldc, rows, is_added, true);
  else if (is_wide) NAME(gemm_tile)(GEMM_FEW_ROWS, 2, a, beside, next, b, c, g->ldc, rows, is_added, false);
  else NAME(gemm_tile)(GEMM_FEW_ROWS, 1, a, beside, next, b, c, g->ldc, rows, is_added, false);
  return rows;
}

/* Columns of op(B) as they lie in B where few rows use them, else as a panel. */
static NAME(gemm_columns) NAME(gemm_columns_from)(const ck_gemm *g, const void *panels, T *spare, int64_t first, int64_t column, bool is_direct) {
  NAME(gemm_columns) b = {.depth = ck_min64(GEMM_DEPTH, g->k - first), .columns = ck_min64(GEMM_COLUMNS, g->n - column),
                           .is_backwards = g->terms_backwards};
  const int64_t width = NAME(gemm_width)(b.columns);
  if (is_direct && (b.columns == width || g->ldb >= width)) {
    b.stride = g->ldb;
    /* The last of their lines, and with AVX-512 the one before; not beyond the row. */
    const int64_t behind = g->n - column - GEMM_COLUMNS;
    if (behind > 0) b.ahead = ck_min64(GEMM_COLUMNS, GEMM_LINE) + ck_min64(GEMM_COLUMNS, behind) - 1;
    b.rows = (const T *)g->b + first * g->ldb + column;
    b.last = b.rows + (b.depth - 1) * g->ldb;
    /* The other rows are followed by more of the matrix; what is behind the last may be anybody's. */
    if (b.columns < width) b.last = memcpy(spare, b.last, (size_t)b.columns * sizeof(T));
    return b;
  }
  b.stride = width;
  if (panels) {
    b.rows = (const T *)panels + column * g->k + first * width;
  } else {
    NAME(gemm_pack)(g, spare, first, b.depth, column);
    b.rows = spare;
  }
  b.last = b.rows + (b.depth - 1) * width;
  return b;
}

/* The same where all columns stay in the first cache: C is written from its first row to its last. In columns, what a processor reads
   ahead would be rows behind the last one, which may be another thread's. */
static void NAME(gemm_whole_rows)(const ck_gemm *g, const void *panels, T *spare, int64_t first_row, int64_t last_row) {
  NAME(gemm_columns) all[GEMM_FEW_PANELS];
  for (int64_t column = 0, i = 0; column < g->n; column += GEMM_COLUMNS, i++)
    all[i] = NAME(gemm_columns_from)(g, panels, spare + column * g->k, 0, column, false);
  const int64_t steps = (last_row - first_row + GEMM_ROWS - 1) / GEMM_ROWS;
  for (int64_t step = 0; step < steps; step++) {
    int64_t r = first_row + (g->rows_backwards ? steps - 1 - step : step) * GEMM_ROWS, rows;
    for (const int64_t end = ck_min64(r + GEMM_ROWS, last_row); r < end; r += rows)
      for (int64_t column = 0, i = 0; column < g->n; column += GEMM_COLUMNS, i++)
        rows = NAME(gemm_some_rows)(g, &all[i], 0, column, r, end, g->adds);
  }
}

/* Rows [first_row, last_row) of C. `panels`: op(B) as gemm_pack_all leaves it, or null for packing it on the way. */
static void NAME(gemm_rows)(const ck_gemm *g, const void *panels, int64_t first_row, int64_t last_row) {
  if (g->k == 0) {
    if (g->adds) return;
    for (int64_t r = first_row; r < last_row; r++) memset((T *)g->c + r * g->ldc, 0, (size_t)g->n * sizeof(T));
    return;
  }
  T *spare = (T *)ck_scratch(GEMM_SPARE * sizeof(T));
  const bool has_few_rows = last_row - first_row <= GEMM_FEW_USES;
  const bool has_few_columns = g->k <= GEMM_DEPTH && g->n <= GEMM_FEW_PANELS * GEMM_COLUMNS && g->k * g->n <= GEMM_FEW_ELEMENTS;
  if (!has_few_rows && has_few_columns) {
    NAME(gemm_whole_rows)(g, panels, spare, first_row, last_row);
    return;
  }
  const int64_t depths = (g->k + GEMM_DEPTH - 1) / GEMM_DEPTH;
  for (int64_t i = 0; i < depths; i++) {
    const int64_t first = (g->terms_backwards ? depths - 1 - i : i) * GEMM_DEPTH;
    for (int64_t column = 0; column < g->n; column += GEMM_COLUMNS) {
      const NAME(gemm_columns) b = NAME(gemm_columns_from)(g, panels, spare, first, column, has_few_rows && !panels && !g->transpose_b);
      for (int64_t r = first_row; r < last_row;) r += NAME(gemm_some_rows)(g, &b, first, column, r, last_row, i > 0 || g->adds);
    }
  }
}

#undef GEMM_ROWS
#undef GEMM_FEW_ROWS
#undef GEMM_COLUMNS
#undef GEMM_DEPTH
#undef GEMM_LINE
#undef GEMM_FEW_USES
#undef GEMM_FEW_ELEMENTS
#undef GEMM_FEW_PANELS
#undef GEMM_SPARE

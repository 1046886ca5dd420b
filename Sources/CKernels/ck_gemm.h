/* Matrix product of one floating-point type. The columns of op(B) are packed in panels of GEMM_COLUMNS, and GEMM_ROWS rows of C at a
   time are accumulated in registers. An element of C is summed up in an order that depends on k alone: cutting C into shares changes
   no bit. */

#define GEMM_ROWS (CK_VECTOR_BYTES == 64 ? 8 : 4)
#define GEMM_COLUMNS (2 * LANES)
#define GEMM_DEPTH 256

/* Rows `first` and on of the panel of the columns from `column` on. */
static void NAME(gemm_pack)(const ck_gemm *g, T *panel, int64_t first, int64_t depth, int64_t column) {
  const int64_t columns = ck_min64(GEMM_COLUMNS, g->n - column);
  if (columns < GEMM_COLUMNS) memset(panel, 0, (size_t)(depth * GEMM_COLUMNS) * sizeof(T));
  if (g->transpose_b) {
    const T *from = (const T *)g->b + column * g->ldb + first;
    for (int64_t c = 0; c < columns; c++)
      for (int64_t k = 0; k < depth; k++) panel[k * GEMM_COLUMNS + c] = from[c * g->ldb + k];
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
      for (int64_t c = 0; c < columns; c++) panel[k * GEMM_COLUMNS + c] = from[k * g->ldb + c];
  }
}

/* All panels, one after the other, each as deep as the product. */
static void NAME(gemm_pack_all)(const ck_gemm *g, void *panels) {
  for (int64_t column = 0; column < g->n; column += GEMM_COLUMNS)
    NAME(gemm_pack)(g, (T *)panels + column * g->k, 0, g->k, column);
}

/* The products of GEMM_ROWS rows, `row` elements apart, with one panel; an element of a row lies `next` behind the one before. Rows
   from `rows` on are the last again, and are not written. */
static void NAME(gemm_tile)(
  const T *a, int64_t row, int64_t next, const T *panel, T *c, int64_t ldc, int64_t rows, int64_t columns, int64_t depth, bool is_added) {
  V sum[GEMM_ROWS][2];
  const T *at[GEMM_ROWS];
  for (int r = 0; r < GEMM_ROWS; r++) {
    sum[r][0] = sum[r][1] = (V)(T)0;
    at[r] = a + ck_min64(r, rows - 1) * row;
  }
  for (int64_t k = 0; k < depth; k++) {
    const V left = *(const V_AT *)(panel + k * GEMM_COLUMNS);
    const V right = *(const V_AT *)(panel + k * GEMM_COLUMNS + LANES);
    for (int r = 0; r < GEMM_ROWS; r++) {
      const V factor = (V)(at[r][k * next]);
      sum[r][0] = factor * left + sum[r][0];
      sum[r][1] = factor * right + sum[r][1];
    }
  }
  if (columns == GEMM_COLUMNS) {
    for (int r = 0; r < GEMM_ROWS; r++) {
      if (r >= rows) break;
      V_AT *to = (V_AT *)(c + r * ldc), *behind = (V_AT *)(c + r * ldc + LANES);
      *to = is_added ? *to + sum[r][0] : sum[r][0];
      *behind = is_added ? *behind + sum[r][1] : sum[r][1];
    }
    return;
  }
  T tile[GEMM_ROWS * GEMM_COLUMNS] __attribute__((aligned(64)));
  for (int r = 0; r < GEMM_ROWS; r++) {
    *(V_AT *)(tile + r * GEMM_COLUMNS) = sum[r][0];
    *(V_AT *)(tile + r * GEMM_COLUMNS + LANES) = sum[r][1];
  }
  for (int64_t r = 0; r < rows; r++)
    for (int64_t i = 0; i < columns; i++) c[r * ldc + i] = is_added ? c[r * ldc + i] + tile[r * GEMM_COLUMNS + i] : tile[r * GEMM_COLUMNS + i];
}

/* Rows [first_row, last_row) of C. `panels`: op(B) as gemm_pack_all leaves it, or null for packing it on the way. */
static void NAME(gemm_rows)(const ck_gemm *g, const void *panels, int64_t first_row, int64_t last_row) {
  T *spare = panels ? NULL : (T *)ck_scratch(GEMM_DEPTH * GEMM_COLUMNS * sizeof(T));
  T *result = g->c;
  const int64_t row = g->transpose_a ? 1 : g->lda, next = g->transpose_a ? g->lda : 1;
  if (g->k == 0)
    for (int64_t r = first_row; r < last_row; r++) memset(result + r * g->ldc, 0, (size_t)g->n * sizeof(T));
  for (int64_t first = 0; first < g->k; first += GEMM_DEPTH) {
    const int64_t depth = ck_min64(GEMM_DEPTH, g->k - first);
    for (int64_t column = 0; column < g->n; column += GEMM_COLUMNS) {
      const int64_t columns = ck_min64(GEMM_COLUMNS, g->n - column);
      const T *panel = spare;
      if (panels) panel = (const T *)panels + column * g->k + first * GEMM_COLUMNS;
      else NAME(gemm_pack)(g, spare, first, depth, column);
      for (int64_t r = first_row; r < last_row; r += GEMM_ROWS)
        NAME(gemm_tile)((const T *)g->a + r * row + first * next, row, next, panel, result + r * g->ldc + column, g->ldc,
          ck_min64(GEMM_ROWS, last_row - r), columns, depth, first > 0);
    }
  }
}

#undef GEMM_ROWS
#undef GEMM_COLUMNS
#undef GEMM_DEPTH

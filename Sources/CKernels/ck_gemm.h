/* Matrix product of one floating-point type. The columns of op(B) are packed in panels of GEMM_COLUMNS, and GEMM_ROWS or
   GEMM_FEW_ROWS rows of C at a time are accumulated in registers. An element of C is summed up in an order that depends on k
   alone: cutting C into shares changes no bit. */

/* Two vectors of each row, two of the panel and a factor fit in the registers: 32 with AVX-512, 16 without. */
#define GEMM_ROWS (CK_VECTOR_BYTES == 64 ? 8 : CK_VECTOR_BYTES == 32 ? 6 : 4)
#define GEMM_FEW_ROWS 4
#define GEMM_COLUMNS (2 * LANES)
#define GEMM_DEPTH 256

typedef CK_MEMORY_TYPE(T, 4) NAME(four);

/* Four rows of four elements, `stride` apart, become four rows of a panel. */
CK_INLINE void NAME(gemm_turn)(const T *from, int64_t stride, T *panel) {
  typedef NAME(four) Q;
  const Q a = *(const Q *)from, b = *(const Q *)(from + stride);
  const Q c = *(const Q *)(from + 2 * stride), d = *(const Q *)(from + 3 * stride);
  const Q ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Q ab_behind = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd_behind = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(Q *)panel = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  *(Q *)(panel + GEMM_COLUMNS) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  *(Q *)(panel + 2 * GEMM_COLUMNS) = __builtin_shufflevector(ab_behind, cd_behind, 0, 1, 4, 5);
  *(Q *)(panel + 3 * GEMM_COLUMNS) = __builtin_shufflevector(ab_behind, cd_behind, 2, 3, 6, 7);
}

/* Rows `first` and on of the panel of the columns from `column` on. */
static void NAME(gemm_pack)(const ck_gemm *g, T *panel, int64_t first, int64_t depth, int64_t column) {
  const int64_t columns = ck_min64(GEMM_COLUMNS, g->n - column);
  if (columns < GEMM_COLUMNS) memset(panel, 0, (size_t)(depth * GEMM_COLUMNS) * sizeof(T));
  if (g->transpose_b) {
    const T *from = (const T *)g->b + column * g->ldb + first;
    int64_t c = 0;
    for (; c + 4 <= columns; c += 4, from += 4 * g->ldb) {
      int64_t k = 0;
      for (; k + 4 <= depth; k += 4) NAME(gemm_turn)(from + k, g->ldb, panel + k * GEMM_COLUMNS + c);
      for (; k < depth; k++)
        for (int64_t i = 0; i < 4; i++) panel[k * GEMM_COLUMNS + c + i] = from[i * g->ldb + k];
    }
    for (; c < columns; c++, from += g->ldb)
      for (int64_t k = 0; k < depth; k++) panel[k * GEMM_COLUMNS + c] = from[k];
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

/* The products of `height` rows, a constant, `row` elements apart, with one panel; an element of a row lies `next` behind the one
   before. Rows from `rows` on are the last again, and are not written. */
CK_INLINE void NAME(gemm_tile)(int height, const T *a, int64_t row, int64_t next, const T *panel, T *c, int64_t ldc, int64_t rows,
                               int64_t columns, int64_t depth, bool is_added) {
  V sum[GEMM_ROWS][2];
  const T *at[GEMM_ROWS];
  for (int r = 0; r < height; r++) {
    sum[r][0] = sum[r][1] = (V)(T)0;
    at[r] = a + ck_min64(r, rows - 1) * row;
  }
  for (int64_t k = 0; k < depth; k++) {
    const V left = *(const V_AT *)(panel + k * GEMM_COLUMNS);
    const V right = *(const V_AT *)(panel + k * GEMM_COLUMNS + LANES);
    for (int r = 0; r < height; r++) {
      const V factor = (V)(at[r][k * next]);
      sum[r][0] = factor * left + sum[r][0];
      sum[r][1] = factor * right + sum[r][1];
    }
  }
  if (columns == GEMM_COLUMNS) {
    for (int r = 0; r < height; r++) {
      if (r >= rows) break;
      V_AT *to = (V_AT *)(c + r * ldc), *behind = (V_AT *)(c + r * ldc + LANES);
      *to = is_added ? *to + sum[r][0] : sum[r][0];
      *behind = is_added ? *behind + sum[r][1] : sum[r][1];
    }
    return;
  }
  T tile[GEMM_ROWS * GEMM_COLUMNS] __attribute__((aligned(64)));
  for (int r = 0; r < height; r++) {
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
      for (int64_t r = first_row, rows; r < last_row; r += rows) {
        const T *a = (const T *)g->a + r * row + first * next;
        T *c = result + r * g->ldc + column;
        const int64_t left = last_row - r;
        /* 7 and 8 rows are two times few. */
        if (GEMM_ROWS > GEMM_FEW_ROWS && left > GEMM_FEW_ROWS && !(GEMM_ROWS == 6 && (left == 7 || left == 8))) {
          rows = ck_min64(GEMM_ROWS, left);
          NAME(gemm_tile)(GEMM_ROWS, a, row, next, panel, c, g->ldc, rows, columns, depth, first > 0);
        } else {
          rows = ck_min64(GEMM_FEW_ROWS, left);
          NAME(gemm_tile)(GEMM_FEW_ROWS, a, row, next, panel, c, g->ldc, rows, columns, depth, first > 0);
        }
      }
    }
  }
}

#undef GEMM_ROWS
#undef GEMM_FEW_ROWS
#undef GEMM_COLUMNS
#undef GEMM_DEPTH

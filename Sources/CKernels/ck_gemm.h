/* Matrix product of one floating-point type. For each strip of GEMM_COLUMNS columns, a panel of op(B) is
   packed, and GEMM_ROWS rows of C at a time are accumulated in registers. */

#define GEMM_ROWS (CK_VECTOR_BYTES == 64 ? 8 : 4)
#define GEMM_COLUMNS (2 * LANES)
#define GEMM_DEPTH 256

static void NAME(gemm_pack_b)(const ck_gemm *g, T *panel, int64_t first, int64_t depth, int64_t column, int64_t columns) {
  const T *from = g->b;
  for (int64_t k = 0; k < depth; k++) {
    for (int64_t c = 0; c < GEMM_COLUMNS; c++) {
      const int64_t row = first + k, place = column + c;
      panel[k * GEMM_COLUMNS + c] =
        c >= columns ? 0 : g->transpose_b ? from[place * g->ldb + row] : from[row * g->ldb + place];
    }
  }
}

/* Rows of op(A) side by side, so that the inner loop reads them in order. */
static void NAME(gemm_pack_a)(const ck_gemm *g, T *panel, int64_t first, int64_t depth, int64_t row, int64_t rows) {
  const T *from = g->a;
  for (int64_t k = 0; k < depth; k++) {
    for (int64_t r = 0; r < GEMM_ROWS; r++) {
      const int64_t column = first + k, place = row + r;
      panel[k * GEMM_ROWS + r] =
        r >= rows ? 0 : g->transpose_a ? from[column * g->lda + place] : from[place * g->lda + column];
    }
  }
}

static void NAME(gemm_tile)(const T *a, const T *b, T *tile, int64_t depth) {
  V sum[GEMM_ROWS][2];
  for (int r = 0; r < GEMM_ROWS; r++) sum[r][0] = sum[r][1] = (V)(T)0;
  for (int64_t k = 0; k < depth; k++) {
    const V left = *(const V_AT *)(b + k * GEMM_COLUMNS);
    const V right = *(const V_AT *)(b + k * GEMM_COLUMNS + LANES);
    for (int r = 0; r < GEMM_ROWS; r++) {
      const V factor = (V)(a[k * GEMM_ROWS + r]);
      sum[r][0] = factor * left + sum[r][0];
      sum[r][1] = factor * right + sum[r][1];
    }
  }
  for (int r = 0; r < GEMM_ROWS; r++) {
    *(V_AT *)(tile + r * GEMM_COLUMNS) = sum[r][0];
    *(V_AT *)(tile + r * GEMM_COLUMNS + LANES) = sum[r][1];
  }
}

static void NAME(gemm_rows)(const ck_gemm *g, int64_t first_row, int64_t last_row) {
  const int64_t strips = (last_row - first_row + GEMM_ROWS - 1) / GEMM_ROWS;
  const size_t a_bytes = (size_t)(strips * GEMM_ROWS * GEMM_DEPTH) * sizeof(T);
  T *packed_a = (T *)ck_scratch(a_bytes + GEMM_DEPTH * GEMM_COLUMNS * sizeof(T));
  T *packed_b = packed_a + strips * GEMM_ROWS * GEMM_DEPTH;
  T *result = g->c;
  T tile[GEMM_ROWS * GEMM_COLUMNS] __attribute__((aligned(64)));
  for (int64_t row = first_row; row < last_row && g->k == 0; row++)
    memset(result + row * g->ldc, 0, (size_t)g->n * sizeof(T));
  for (int64_t first = 0; first < g->k; first += GEMM_DEPTH) {
    const int64_t depth = ck_min64(GEMM_DEPTH, g->k - first);
    for (int64_t s = 0; s < strips; s++) {
      const int64_t row = first_row + s * GEMM_ROWS;
      NAME(gemm_pack_a)(g, packed_a + s * GEMM_ROWS * depth, first, depth, row, ck_min64(GEMM_ROWS, last_row - row));
    }
    for (int64_t column = 0; column < g->n; column += GEMM_COLUMNS) {
      const int64_t columns = ck_min64(GEMM_COLUMNS, g->n - column);
      NAME(gemm_pack_b)(g, packed_b, first, depth, column, columns);
      for (int64_t s = 0; s < strips; s++) {
        const int64_t row = first_row + s * GEMM_ROWS, rows = ck_min64(GEMM_ROWS, last_row - row);
        NAME(gemm_tile)(packed_a + s * GEMM_ROWS * depth, packed_b, tile, depth);
        for (int64_t r = 0; r < rows; r++) {
          T *c = result + (row + r) * g->ldc + column;
          const T *t = tile + r * GEMM_COLUMNS;
          for (int64_t i = 0; i < columns; i++) c[i] = first ? c[i] + t[i] : t[i];
        }
      }
    }
  }
}

#undef GEMM_ROWS
#undef GEMM_COLUMNS
#undef GEMM_DEPTH

/* Matrix product in double precision. For each strip of DGEMM_COLUMNS columns, a panel of op(B) is
   packed, and DGEMM_ROWS rows of C at a time are accumulated in registers. */

enum {
  DGEMM_ROWS = CK_VECTOR_BYTES == 64 ? 8 : 4,
  DGEMM_COLUMNS = 2 * CK_LANES_64,
  DGEMM_DEPTH = 256,
};

static void dgemm_pack_b(const ck_dgemm *g, double *panel, int64_t first, int64_t depth, int64_t column, int64_t columns) {
  for (int64_t k = 0; k < depth; k++) {
    for (int64_t c = 0; c < DGEMM_COLUMNS; c++) {
      const int64_t row = first + k, place = column + c;
      panel[k * DGEMM_COLUMNS + c] =
        c >= columns ? 0 : g->transpose_b ? g->b[place * g->ldb + row] : g->b[row * g->ldb + place];
    }
  }
}

/* Rows of op(A) side by side, so that the inner loop reads them in order. */
static void dgemm_pack_a(const ck_dgemm *g, double *panel, int64_t first, int64_t depth, int64_t row, int64_t rows) {
  for (int64_t k = 0; k < depth; k++) {
    for (int64_t r = 0; r < DGEMM_ROWS; r++) {
      const int64_t column = first + k, place = row + r;
      panel[k * DGEMM_ROWS + r] =
        r >= rows ? 0 : g->transpose_a ? g->a[column * g->lda + place] : g->a[place * g->lda + column];
    }
  }
}

static void dgemm_tile(const double *a, const double *b, double *tile, int64_t depth) {
  vd sum[DGEMM_ROWS][2];
  for (int r = 0; r < DGEMM_ROWS; r++) sum[r][0] = sum[r][1] = (vd)(0.0);
  for (int64_t k = 0; k < depth; k++) {
    const vd left = *(const vd_at *)(b + k * DGEMM_COLUMNS);
    const vd right = *(const vd_at *)(b + k * DGEMM_COLUMNS + CK_LANES_64);
    for (int r = 0; r < DGEMM_ROWS; r++) {
      const vd factor = (vd)(a[k * DGEMM_ROWS + r]);
      sum[r][0] = factor * left + sum[r][0];
      sum[r][1] = factor * right + sum[r][1];
    }
  }
  for (int r = 0; r < DGEMM_ROWS; r++) {
    *(vd_at *)(tile + r * DGEMM_COLUMNS) = sum[r][0];
    *(vd_at *)(tile + r * DGEMM_COLUMNS + CK_LANES_64) = sum[r][1];
  }
}

static void dgemm_rows(const ck_dgemm *g, int64_t first_row, int64_t last_row) {
  const int64_t strips = (last_row - first_row + DGEMM_ROWS - 1) / DGEMM_ROWS;
  const size_t a_bytes = (size_t)(strips * DGEMM_ROWS * DGEMM_DEPTH) * sizeof(double);
  double *packed_a = (double *)ck_scratch(a_bytes + DGEMM_DEPTH * DGEMM_COLUMNS * sizeof(double));
  double *packed_b = packed_a + strips * DGEMM_ROWS * DGEMM_DEPTH;
  double tile[DGEMM_ROWS * DGEMM_COLUMNS] __attribute__((aligned(64)));
  for (int64_t row = first_row; row < last_row && g->k == 0; row++)
    memset(g->c + row * g->ldc, 0, (size_t)g->n * sizeof(double));
  for (int64_t first = 0; first < g->k; first += DGEMM_DEPTH) {
    const int64_t depth = ck_min64(DGEMM_DEPTH, g->k - first);
    for (int64_t s = 0; s < strips; s++) {
      const int64_t row = first_row + s * DGEMM_ROWS;
      dgemm_pack_a(g, packed_a + s * DGEMM_ROWS * depth, first, depth, row, ck_min64(DGEMM_ROWS, last_row - row));
    }
    for (int64_t column = 0; column < g->n; column += DGEMM_COLUMNS) {
      const int64_t columns = ck_min64(DGEMM_COLUMNS, g->n - column);
      dgemm_pack_b(g, packed_b, first, depth, column, columns);
      for (int64_t s = 0; s < strips; s++) {
        const int64_t row = first_row + s * DGEMM_ROWS, rows = ck_min64(DGEMM_ROWS, last_row - row);
        dgemm_tile(packed_a + s * DGEMM_ROWS * depth, packed_b, tile, depth);
        for (int64_t r = 0; r < rows; r++) {
          double *c = g->c + (row + r) * g->ldc + column;
          const double *t = tile + r * DGEMM_COLUMNS;
          for (int64_t i = 0; i < columns; i++) c[i] = first ? c[i] + t[i] : t[i];
        }
      }
    }
  }
}

/* float32 products by oneDNN.

   It reads an operand that has to be turned into panels down its columns. Where rows lie a multiple of 2 KiB apart, all of them fall
   into two sets of the first cache, which then holds 16 of hundreds of lines: a product takes up to twice as long. Such operands are
   copied row by row, which is quick, into rows that lie elsewhere. */
#include "ck_internal.h"

#include <dnnl.h>
#include <string.h>

enum {
  SLOW_STRIDE = 512, /* elements */
  /* Fewer rows or columns on the other side do not pay for the copy, and fewer rows of the operand fit in the cache as they are. */
  LEAST_REUSE = 16,
  LEAST_DEPTH = 32,
  MOST_ROWS = 512,
  MOST_COLUMNS = 512,
  MOST_DEPTH = 512,
};

/* A number of elements that rows of so many may lie apart. */
static int64_t quick_stride(int64_t count) {
  const int64_t stride = (count + 15) / 16 * 16 + 16;
  return stride % SLOW_STRIDE ? stride : stride + 16;
}

/* The length of nearly equal parts of an axis, none longer than `most`. */
static int64_t part(int64_t size, int64_t most) {
  const int64_t parts = (size + most - 1) / most;
  return ck_min64(size, ((size + parts - 1) / parts + 7) / 8 * 8);
}

static void copy_rows(float *to, int64_t stride, const float *from, int64_t from_stride, int64_t rows, int64_t count) {
  for (int64_t row = 0; row < rows; row++) memcpy(to + row * stride, from + row * from_stride, (size_t)count * sizeof(float));
}

static int multiply(const ck_gemm *g, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb, float beta,
                    float *c) {
  return dnnl_sgemm(g->transpose_a ? 'T' : 'N', g->transpose_b ? 'T' : 'N', m, n, k, 1, a, lda, b, ldb, beta, c, g->ldc) == dnnl_success;
}

int ck_library_product(const ck_gemm *g) {
  const float *a = g->a, *b = g->b;
  float *c = g->c;
  const int is_deep = g->k > LEAST_DEPTH;
  const int copies_a = is_deep && g->transpose_a && g->lda % SLOW_STRIDE == 0 && g->n >= LEAST_REUSE;
  const int copies_b = is_deep && !g->transpose_b && g->ldb % SLOW_STRIDE == 0 && g->m >= LEAST_REUSE;
  if (!copies_a && !copies_b) return multiply(g, g->m, g->n, g->k, a, g->lda, b, g->ldb, 0, c);
  const int64_t rows = part(g->m, copies_a ? MOST_ROWS : g->m), columns = part(g->n, copies_b ? MOST_COLUMNS : g->n);
  const int64_t depth = part(g->k, MOST_DEPTH);
  const int64_t stride_a = copies_a ? quick_stride(rows) : g->lda, stride_b = copies_b ? quick_stride(columns) : g->ldb;
  float *copy_a = (float *)ck_scratch((size_t)((copies_a ? stride_a : 0) + (copies_b ? stride_b : 0)) * (size_t)depth * sizeof(float));
  float *copy_b = copy_a + (copies_a ? stride_a * depth : 0);
  for (int64_t column = 0; column < g->n; column += columns) {
    const int64_t n = ck_min64(columns, g->n - column);
    for (int64_t first = 0; first < g->k; first += depth) {
      const int64_t k = ck_min64(depth, g->k - first);
      const float *from_b = g->transpose_b ? b + column * g->ldb + first : b + first * g->ldb + column;
      if (copies_b) copy_rows(copy_b, stride_b, from_b, g->ldb, k, n);
      for (int64_t row = 0; row < g->m; row += rows) {
        const int64_t m = ck_min64(rows, g->m - row);
        const float *from_a = g->transpose_a ? a + first * g->lda + row : a + row * g->lda + first;
        if (copies_a) copy_rows(copy_a, stride_a, from_a, g->lda, k, m);
        if (!multiply(g, m, n, k, copies_a ? copy_a : from_a, stride_a, copies_b ? copy_b : from_b, stride_b, first > 0, c + row * g->ldc + column))
          return 0;
      }
    }
  }
  return 1;
}

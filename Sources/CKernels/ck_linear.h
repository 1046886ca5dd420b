/* Kernels of floating-point types that are plain loops: scatter-add and the search for numbers that
   are not finite. Included for f32 and f64, like ck_elementwise.h. The compiler vectorises these. */

static void NAME(scatter_add)(const ck_scatter_add *s, int64_t first_row, int64_t last_row, int64_t first_column, int64_t last_column) {
  T *table = s->out;
  const T *values = s->values;
  const int64_t columns = last_column - first_column;
  for (int64_t row = first_row; row < last_row; row++)
    memset(table + row * s->width + first_column, 0, (size_t)columns * sizeof(T));
  for (int64_t i = 0; i < s->index_count; i++) {
    const int64_t row = s->index[i];
    if (row < first_row || row >= last_row) continue;
    T *to = table + row * s->width + first_column;
    const T *from = values + i * s->width + first_column;
    for (int64_t c = 0; c < columns; c++) to[c] += from[c];
  }
}

static int64_t NAME(first_nonfinite)(const void *data, int64_t count) {
  const T *p = data;
  for (int64_t start = 0; start < count; start += 1024) {
    const int64_t end = ck_min64(start + 1024, count);
    int32_t bad = 0;
    for (int64_t i = start; i < end; i++) bad |= !(p[i] - p[i] == 0);
    for (int64_t i = start; bad && i < end; i++)
      if (!(p[i] - p[i] == 0)) return i;
  }
  return -1;
}

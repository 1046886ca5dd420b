/* The kernels besides fused groups: how each is split into shares, and those that only move bytes. */
#include "ck_internal.h"

#include <string.h>

/* A share below this many elements costs more to hand out than it saves. */
enum { ELEMENTS_PER_SHARE = 16384, MOST_SHARES = 64 };

static int64_t shares_of(int64_t elements, int64_t units) {
  const int64_t wanted = ck_min64(elements / ELEMENTS_PER_SHARE, MOST_SHARES);
  return ck_max64(1, ck_min64(wanted, units));
}

/* MARK: reduction of an axis */

/* Parts begin where the loops over rows would begin a new sum, for the roundings to be the same. */
enum { ROWS_PER_STEP = 64, ELEMENTS_PER_STEP = 1024 };

/* More of them than this are no faster: memory sets the pace, and each begins anew where the processor did not expect it. */
enum { MOST_PARTS = 16 };

void ck_reduction_prepare(ck_reduction *r) {
  const int64_t elements = r->outer * r->reduced * r->inner, tiles = r->outer * ck_reduction_tiles(r);
  const int64_t wanted = r->op == CK_ROWARGMAX ? 1 : shares_of(elements, MOST_PARTS) / ck_max64(tiles, 1);
  const int64_t step = r->inner == 1 ? ELEMENTS_PER_STEP : ROWS_PER_STEP, steps = (r->reduced + step - 1) / step;
  r->part_rows = step * ck_max64(1, (steps + ck_max64(wanted, 1) - 1) / ck_max64(wanted, 1));
  r->parts = ck_max64(1, (r->reduced + r->part_rows - 1) / r->part_rows);
  r->shares = shares_of(elements, tiles * r->parts);
}

void ck_reduction_run(void *context, long share) {
  const ck_reduction *r = context;
  const int64_t units = r->outer * r->parts * ck_reduction_tiles(r);
  ck_isa_in_use()->reduction[r->dtype](r, units * share / r->shares, units * (share + 1) / r->shares);
}

void ck_reduction_end(void *context, long share) {
  (void)share;
  const ck_reduction *r = context;
  ck_isa_in_use()->reduction_end[r->dtype](r);
}

/* MARK: scatter-add */

/* Columns can be split where each share gets whole cache lines; otherwise the table's rows are. */
static bool scatter_splits_columns(const ck_scatter_add *s) { return s->width >= 16 * s->shares; }

int64_t ck_scatter_add_shares(const ck_scatter_add *s) {
  return ck_min64(8, shares_of((s->index_count + s->table_rows) * s->width, ck_max64(s->table_rows, s->width / 16)));
}

void ck_scatter_add_run(void *context, long share) {
  const ck_scatter_add *s = context;
  int64_t first_row = 0, last_row = s->table_rows, first_column = 0, last_column = s->width;
  if (scatter_splits_columns(s)) {
    const int64_t lines = (s->width + 15) / 16;
    first_column = lines * share / s->shares * 16;
    last_column = ck_min64(lines * (share + 1) / s->shares * 16, s->width);
  } else {
    first_row = s->table_rows * share / s->shares;
    last_row = s->table_rows * (share + 1) / s->shares;
  }
  ck_isa_in_use()->scatter_add[s->dtype](s, first_row, last_row, first_column, last_column);
}

/* MARK: pooling */

void ck_pooling_prepare(ck_pooling *p) {
  const ck_windows *w = &p->windows;
  p->is_tiled = 1;
  for (int k = 0; k < 3; k++)
    if (w->window[k] != w->stride[k] || w->low[k] != 0 || w->out[k] * w->stride[k] != w->in[k]) p->is_tiled = 0;
  const bool is_back = p->part == CK_POOL_PLACED || p->part == CK_POOL_SPREAD;
  p->units = is_back && !p->is_tiled ? 1 : w->out[0] * w->out[1];
  p->shares = shares_of(w->batch * w->in[0] * w->in[1] * w->in[2] * w->in_channels, w->batch * p->units);
}

void ck_pooling_run(void *context, long share) {
  const ck_pooling *p = context;
  const int64_t units = p->windows.batch * p->units;
  ck_isa_in_use()->pooling[p->dtype](p, units * share / p->shares, units * (share + 1) / p->shares);
}

/* MARK: matrix product */

void ck_gemm_run(void *context, long share) {
  const ck_gemm *g = context;
  const int64_t first = share * g->rows_per_share, last = ck_min64(first + g->rows_per_share, g->m);
  if (first < last) ck_isa_in_use()->gemm[g->dtype](g, g->panels, first, last);
}

/* Panels are whole: two vectors wide. */
int64_t ck_gemm_panels_size(const ck_gemm *g) {
  const int64_t columns = 2 * ck_isa_in_use()->vector_bytes / (g->dtype == CK_F64 ? 8 : 4);
  return (g->n + columns - 1) / columns * columns * g->k;
}

void ck_gemm_pack_run(void *context, long share) {
  const ck_gemm *g = context;
  ck_isa_in_use()->gemm_pack[g->dtype](g, g->panels);
}

void ck_symmetric_eigen(double *matrix, double *values, double *vectors, int64_t n) {
  ck_isa_in_use()->symmetric_eigen(matrix, values, vectors, n);
}

/* MARK: moving bytes */

void ck_move_run(void *context, long share) {
  const ck_move *move = context;
  const int64_t first = move->bytes * share / move->shares, count = move->bytes * (share + 1) / move->shares - first;
  if (!count) return;
  if (move->in) {
    memmove((char *)move->out + first, (const char *)move->in + first, (size_t)count);
  } else {
    memset((char *)move->out + first, 0, (size_t)count);
  }
}

int64_t ck_first_nonfinite(const void *data, int64_t count, int32_t dtype) {
  return ck_isa_in_use()->first_nonfinite[dtype](data, count);
}

/* MARK: strided copy */

typedef struct {
  char *out;
  const char *in;
  int64_t rows, columns;
  int64_t in_row, in_column, out_row, out_column; /* bytes */
} plane;

#define COPY_TILE(type)                                                                     \
  for (int64_t r = first_row; r < last_row; r++) {                                          \
    const char *in = p->in + r * p->in_row;                                                 \
    char *out = p->out + r * p->out_row;                                                    \
    for (int64_t c = first_column; c < last_column; c++)                                    \
      *(type *)(out + c * p->out_column) = *(const type *)(in + c * p->in_column);          \
  }

/* In square tiles, so that a transposition uses each cache line it fetches. */
static void copy_plane(const plane *p, int32_t element_size) {
  enum { TILE = 32 };
  for (int64_t first_row = 0; first_row < p->rows; first_row += TILE) {
    const int64_t last_row = ck_min64(first_row + TILE, p->rows);
    for (int64_t first_column = 0; first_column < p->columns; first_column += TILE) {
      const int64_t last_column = ck_min64(first_column + TILE, p->columns);
      switch (element_size) {
        case 1: COPY_TILE(uint8_t) break;
        case 2: COPY_TILE(uint16_t) break;
        case 4: COPY_TILE(uint32_t) break;
        case 8: COPY_TILE(uint64_t) break;
        default:
          for (int64_t r = first_row; r < last_row; r++)
            for (int64_t c = first_column; c < last_column; c++)
              memcpy(p->out + r * p->out_row + c * p->out_column, p->in + r * p->in_row + c * p->in_column, (size_t)element_size);
      }
    }
  }
}

void ck_strided_copy_run(void *context, long share) {
  const ck_strided_copy *copy = context;
  int64_t dims[CK_MAX_RANK + 2] = {1, 1}, in_strides[CK_MAX_RANK + 2] = {0}, out_strides[CK_MAX_RANK + 2] = {0};
  /* The last two dimensions are a plane, whatever the rank: missing ones stand in front. */
  const int32_t front = copy->rank < 2 ? 2 - copy->rank : 0, rank = copy->rank + front;
  for (int32_t k = 0; k < copy->rank; k++) {
    if (copy->dims[k] == 0) return;
    dims[front + k] = copy->dims[k];
    in_strides[front + k] = copy->in_strides[k] * copy->element_size;
    out_strides[front + k] = copy->out_strides[k] * copy->element_size;
  }
  const int32_t outermost = copy->rank ? front : 0;
  const int64_t first = dims[outermost] * share / copy->shares, last = dims[outermost] * (share + 1) / copy->shares;
  if (first == last) return;
  dims[outermost] = last - first;
  const int32_t row = rank - 2, column = rank - 1;
  plane p = {.out = (char *)copy->out + first * out_strides[outermost], .in = (const char *)copy->in + first * in_strides[outermost],
             .rows = dims[row], .columns = dims[column], .in_row = in_strides[row],
             .in_column = in_strides[column], .out_row = out_strides[row], .out_column = out_strides[column]};
  const bool contiguous = p.in_column == copy->element_size && p.out_column == copy->element_size;
  int64_t at[CK_MAX_RANK] = {0};
  for (;;) {
    if (contiguous) {
      for (int64_t r = 0; r < p.rows; r++)
        memcpy(p.out + r * p.out_row, p.in + r * p.in_row, (size_t)(p.columns * copy->element_size));
    } else {
      copy_plane(&p, copy->element_size);
    }
    int32_t k = row - 1;
    for (; k >= 0; k--) {
      p.in += in_strides[k];
      p.out += out_strides[k];
      if (++at[k] < dims[k]) break;
      p.in -= in_strides[k] * dims[k];
      p.out -= out_strides[k] * dims[k];
      at[k] = 0;
    }
    if (k < 0) return;
  }
}

/* Convolution as a matrix product: the windows of some output positions side by side (im2col), tile by tile. */
#include "ck_internal.h"

#include <dnnl.h>
#include <stdlib.h>
#include <string.h>

enum { TILE_ELEMENTS = 1 << 16, MOST_TILES_IN_SHARES = 16 };

typedef struct {
  int64_t elements;  /* of the window, over all axes */
  int64_t channels;  /* of a group */
  int64_t filters;   /* of a group */
  int64_t positions; /* of the output, of one image */
} sizes;

static sizes sizes_of(const ck_windows *w) {
  return (sizes){
    .elements = w->window[0] * w->window[1] * w->window[2],
    .channels = w->in_channels / w->groups,
    .filters = w->out_channels / w->groups,
    .positions = w->out[0] * w->out[1] * w->out[2],
  };
}

bool ck_is_pointwise(const ck_windows *w) {
  for (int k = 0; k < 3; k++)
    if (w->window[k] != 1 || w->stride[k] != 1 || w->low[k] != 0 || w->in[k] != w->out[k]) return false;
  return true;
}

void ck_convolution_prepare(ck_convolution *c) {
  const ck_windows *w = &c->windows;
  const sizes s = sizes_of(w);
  const int64_t rows = w->batch * s.positions;
  const double work = 2.0 * (double)rows * (double)(s.elements * s.channels) * (double)w->out_channels;
  const int64_t wanted = work > 2e6 ? MOST_TILES_IN_SHARES : 1;
  c->tile = ck_max64(8, ck_min64(TILE_ELEMENTS / ck_max64(1, s.elements * s.channels), (rows + wanted - 1) / wanted));
  if (c->part == CK_CONV_OUTPUT) {
    c->shares = ck_max64(1, (rows + c->tile - 1) / c->tile);
  } else if (c->part == CK_CONV_INPUT) {
    c->shares = ck_max64(1, w->batch); /* windows overlap within an image */
  } else {
    c->shares = ck_max64(1, ck_min64(work > 2e6 ? 8 : 1, (rows + c->tile - 1) / c->tile));
  }
}

/* MARK: windows side by side */

/* The windows of output positions first ..< last of a group, one a row of `columns`; positions count through all images. */
static void gather_windows(const ck_windows *w, const sizes *s, int64_t bytes, const char *in, char *columns, int64_t first, int64_t last, int64_t group) {
  const int64_t pixel = w->in_channels * bytes, run = s->channels * bytes;
  const int64_t image = w->in[0] * w->in[1] * w->in[2] * pixel;
  /* Along the last axis the elements of a window are one run of memory. */
  const bool is_run = w->groups == 1 && w->dilation[2] == 1;
  char *to = columns;
  for (int64_t position = first; position < last; position++) {
    int64_t rest = position;
    const int64_t o2 = rest % w->out[2];
    rest /= w->out[2];
    const int64_t o1 = rest % w->out[1];
    rest /= w->out[1];
    const int64_t o0 = rest % w->out[0];
    const char *from = in + rest / w->out[0] * image + group * run;
    const int64_t base2 = o2 * w->stride[2] - w->low[2];
    for (int64_t k0 = 0; k0 < w->window[0]; k0++) {
      const int64_t i0 = o0 * w->stride[0] - w->low[0] + k0 * w->dilation[0];
      for (int64_t k1 = 0; k1 < w->window[1]; k1++) {
        const int64_t i1 = o1 * w->stride[1] - w->low[1] + k1 * w->dilation[1];
        if (i0 < 0 || i0 >= w->in[0] || i1 < 0 || i1 >= w->in[1]) {
          memset(to, 0, (size_t)(w->window[2] * run));
          to += w->window[2] * run;
          continue;
        }
        const char *line = from + (i0 * w->in[1] + i1) * w->in[2] * pixel;
        if (is_run && base2 >= 0 && base2 + w->window[2] <= w->in[2]) {
          memcpy(to, line + base2 * pixel, (size_t)(w->window[2] * run));
          to += w->window[2] * run;
          continue;
        }
        for (int64_t k2 = 0; k2 < w->window[2]; k2++, to += run) {
          const int64_t i2 = base2 + k2 * w->dilation[2];
          if (i2 < 0 || i2 >= w->in[2]) {
            memset(to, 0, (size_t)run);
          } else {
            memcpy(to, line + i2 * pixel, (size_t)run);
          }
        }
      }
    }
  }
}

/* The reverse: each row's elements added where they came from. */
#define ADD_WINDOWS(name, type)                                                                                                       \
  static void name(const ck_windows *w, const sizes *s, type *out, const type *columns, int64_t first, int64_t last, int64_t group) { \
    const int64_t pixel = w->in_channels, image = w->in[0] * w->in[1] * w->in[2] * pixel;                                             \
    const type *from = columns;                                                                                                       \
    for (int64_t position = first; position < last; position++) {                                                                     \
      int64_t rest = position;                                                                                                        \
      const int64_t o2 = rest % w->out[2];                                                                                            \
      rest /= w->out[2];                                                                                                              \
      const int64_t o1 = rest % w->out[1];                                                                                            \
      rest /= w->out[1];                                                                                                              \
      const int64_t o0 = rest % w->out[0];                                                                                            \
      type *to = out + rest / w->out[0] * image + group * s->channels;                                                                \
      for (int64_t k0 = 0; k0 < w->window[0]; k0++)                                                                                   \
        for (int64_t k1 = 0; k1 < w->window[1]; k1++)                                                                                 \
          for (int64_t k2 = 0; k2 < w->window[2]; k2++, from += s->channels) {                                                        \
            const int64_t i0 = o0 * w->stride[0] - w->low[0] + k0 * w->dilation[0];                                                   \
            const int64_t i1 = o1 * w->stride[1] - w->low[1] + k1 * w->dilation[1];                                                   \
            const int64_t i2 = o2 * w->stride[2] - w->low[2] + k2 * w->dilation[2];                                                   \
            if (i0 < 0 || i0 >= w->in[0] || i1 < 0 || i1 >= w->in[1] || i2 < 0 || i2 >= w->in[2]) continue;                           \
            type *place = to + ((i0 * w->in[1] + i1) * w->in[2] + i2) * pixel;                                                        \
            for (int64_t c = 0; c < s->channels; c++) place[c] += from[c];                                                            \
          }                                                                                                                           \
    }                                                                                                                                 \
  }
ADD_WINDOWS(add_windows_f32, float)
ADD_WINDOWS(add_windows_f64, double)

/* MARK: the product */

/* Row-major c[m, n] = op(a) op(b), or added to it; `spare`: m * n elements, for what is not added by oneDNN. */
typedef struct {
  bool transpose_a, transpose_b, add;
  int64_t m, n, k, lda, ldb, ldc;
  const void *a, *b;
  void *c, *spare;
} product;

#define ADD_ROWS(name, type)                                                                        \
  static void name(const product *p) {                                                              \
    const type *from = p->spare;                                                                    \
    for (int64_t row = 0; row < p->m; row++)                                                        \
      for (int64_t column = 0; column < p->n; column++)                                             \
        ((type *)p->c)[row * p->ldc + column] += from[row * p->n + column];                         \
  }
ADD_ROWS(add_rows_f32, float)
ADD_ROWS(add_rows_f64, double)

static void multiply(int32_t dtype, const product *p) {
  /* oneDNN makes machine code while it runs, and refuses where memory may not be made executable. */
  if (dtype == CK_F32 &&
      dnnl_sgemm(p->transpose_a ? 'T' : 'N', p->transpose_b ? 'T' : 'N', p->m, p->n, p->k, 1, p->a, p->lda, p->b, p->ldb, p->add ? 1 : 0,
                 p->c, p->ldc) == dnnl_success)
    return;
  const ck_gemm gemm = {
    .a = p->a, .b = p->b, .c = p->add ? p->spare : p->c, .m = p->m, .n = p->n, .k = p->k, .lda = p->lda, .ldb = p->ldb,
    .ldc = p->add ? p->n : p->ldc, .transpose_a = p->transpose_a, .transpose_b = p->transpose_b, .dtype = dtype,
    .rows_per_share = p->m,
  };
  ck_isa_in_use()->gemm[dtype](&gemm, NULL, 0, p->m);
  if (p->add) (dtype == CK_F32 ? add_rows_f32 : add_rows_f64)(p);
}

typedef struct {
  const ck_convolution *conv;
  const ck_windows *w;
  sizes s;
  int64_t bytes, depth; /* of an element; elements of a group's window */
  bool pointwise;
  char *columns;        /* a tile of windows */
  void *spare;
} work;

static work begin(const ck_convolution *c) {
  const ck_windows *w = &c->windows;
  work state = {.conv = c, .w = w, .s = sizes_of(w), .bytes = ck_dtype_bytes(c->dtype), .pointwise = ck_is_pointwise(w)};
  state.depth = state.s.elements * state.s.channels;
  const int64_t tile = c->tile * state.depth * state.bytes;
  const int64_t spare = c->part == CK_CONV_KERNEL ? state.depth * state.s.filters * state.bytes : 0;
  state.columns = ck_outer_scratch((size_t)(tile + spare + 64));
  state.spare = state.columns + (tile + 63) / 64 * 64;
  return state;
}

/* The windows of some positions as a matrix, and how far apart its rows are. */
static const void *windows(const work *t, const void *in, int64_t first, int64_t last, int64_t group, int64_t *stride) {
  if (t->pointwise) {
    *stride = t->w->in_channels;
    return (const char *)in + (first * t->w->in_channels + group * t->s.channels) * t->bytes;
  }
  *stride = t->depth;
  gather_windows(t->w, &t->s, t->bytes, in, t->columns, first, last, group);
  return t->columns;
}

static const char *at(const void *base, int64_t element, int64_t bytes) { return (const char *)base + element * bytes; }

static void run_output(const work *t, int64_t share) {
  const int64_t rows = t->w->batch * t->s.positions, filters = t->w->out_channels;
  const int64_t first = share * t->conv->tile, last = ck_min64(first + t->conv->tile, rows);
  if (first >= last) return;
  for (int64_t group = 0; group < t->w->groups; group++) {
    product p = {.m = last - first, .n = t->s.filters, .k = t->depth, .ldb = filters, .ldc = filters};
    p.a = windows(t, t->conv->a, first, last, group, &p.lda);
    p.b = at(t->conv->b, group * t->s.filters, t->bytes);
    p.c = (void *)at(t->conv->c, first * filters + group * t->s.filters, t->bytes);
    multiply(t->conv->dtype, &p);
  }
}

static void run_input(const work *t, int64_t image) {
  if (image >= t->w->batch) return;
  const int64_t filters = t->w->out_channels, pixels = t->w->in[0] * t->w->in[1] * t->w->in[2];
  memset((void *)at(t->conv->c, image * pixels * t->w->in_channels, t->bytes), 0, (size_t)(pixels * t->w->in_channels * t->bytes));
  const int64_t end = (image + 1) * t->s.positions;
  for (int64_t first = image * t->s.positions; first < end; first += t->conv->tile) {
    const int64_t last = ck_min64(first + t->conv->tile, end);
    for (int64_t group = 0; group < t->w->groups; group++) {
      const product p = {
        .m = last - first, .n = t->depth, .k = t->s.filters, .lda = filters, .ldb = filters, .ldc = t->depth, .transpose_b = true,
        .a = at(t->conv->a, first * filters + group * t->s.filters, t->bytes), .b = at(t->conv->b, group * t->s.filters, t->bytes),
        .c = t->columns,
      };
      multiply(t->conv->dtype, &p);
      if (t->conv->dtype == CK_F32) {
        add_windows_f32(t->w, &t->s, t->conv->c, (const float *)t->columns, first, last, group);
      } else {
        add_windows_f64(t->w, &t->s, t->conv->c, (const double *)t->columns, first, last, group);
      }
    }
  }
}

static void run_kernel(const work *t, int64_t share) {
  const int64_t rows = t->w->batch * t->s.positions, filters = t->w->out_channels, count = t->depth * filters;
  char *sum = t->conv->shares > 1 ? (char *)t->conv->partials + share * count * t->bytes : t->conv->c;
  memset(sum, 0, (size_t)(count * t->bytes));
  const int64_t tiles = (rows + t->conv->tile - 1) / t->conv->tile, shares = t->conv->shares;
  for (int64_t tile = tiles * share / shares; tile < tiles * (share + 1) / shares; tile++) {
    const int64_t first = tile * t->conv->tile, last = ck_min64(first + t->conv->tile, rows);
    for (int64_t group = 0; group < t->w->groups; group++) {
      product p = {.m = t->depth, .n = t->s.filters, .k = last - first, .ldb = filters, .ldc = filters, .transpose_a = true, .add = true};
      p.a = windows(t, t->conv->a, first, last, group, &p.lda);
      p.b = at(t->conv->b, first * filters + group * t->s.filters, t->bytes);
      p.c = (void *)at(sum, group * t->s.filters, t->bytes);
      p.spare = t->spare;
      multiply(t->conv->dtype, &p);
    }
  }
}

void ck_convolution_run(void *context, long share) {
  const ck_convolution *c = context;
  const work t = begin(c);
  switch (c->part) {
    case CK_CONV_OUTPUT: run_output(&t, share); break;
    case CK_CONV_INPUT: run_input(&t, share); break;
    default: run_kernel(&t, share);
  }
}

void ck_convolution_gather(void *context, long share) {
  const ck_convolution *c = context;
  const sizes s = sizes_of(&c->windows);
  const int64_t bytes = ck_dtype_bytes(c->dtype), row = s.elements * s.channels * bytes, rows = c->windows.batch * s.positions;
  const int64_t first = rows * share / c->shares, last = rows * (share + 1) / c->shares;
  gather_windows(&c->windows, &s, bytes, c->a, (char *)c->c + first * row, first, last, 0);
}

void ck_convolution_finish(void *context, long share) {
  const ck_convolution *c = context;
  const sizes s = sizes_of(&c->windows);
  const int64_t count = s.elements * s.channels * c->windows.out_channels;
  const int64_t first = count * share / c->shares, last = count * (share + 1) / c->shares;
  for (int64_t i = first; i < last; i++) {
    if (c->dtype == CK_F32) {
      float sum = 0;
      for (int64_t part = 0; part < c->shares; part++) sum += ((const float *)c->partials)[part * count + i];
      ((float *)c->c)[i] = sum;
    } else {
      double sum = 0;
      for (int64_t part = 0; part < c->shares; part++) sum += ((const double *)c->partials)[part * count + i];
      ((double *)c->c)[i] = sum;
    }
  }
}

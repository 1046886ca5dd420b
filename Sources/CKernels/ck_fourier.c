/* Discrete Fourier transforms: how they are split, and their tables. */
#include "ck_internal.h"

#include <math.h>

/* Primes up to this one are radices; a length with a greater one becomes a convolution, whose length is a power of two. */
enum { GREATEST_RADIX = 31 };
enum { WORK_PER_SHARE = 32768, MOST_SHARES = 64 };

/* Writes down the radices of a length. Returns the rest that has none. */
static int64_t factor(ck_fourier *f, int64_t length) {
  static const int32_t first[] = {4, 2, 3, 5};
  f->pass_count = 0;
  for (int k = 0; k < 4; k++)
    for (; length % first[k] == 0; length /= first[k]) f->radices[f->pass_count++] = first[k];
  for (int32_t radix = 7; radix <= GREATEST_RADIX; radix += 2)
    for (; length % radix == 0; length /= radix) f->radices[f->pass_count++] = radix;
  return length;
}

void ck_fourier_prepare(ck_fourier *f) {
  f->is_halved = f->form != CK_FOURIER_COMPLEX && f->length % 2 == 0;
  f->points = f->is_halved ? f->length / 2 : f->length;
  f->size = f->points;
  if (factor(f, f->points) > 1) {
    for (f->size = 1; f->size < 2 * f->points - 1;) f->size *= 2;
    factor(f, f->size);
  }
  /* Twiddles of each pass, the roots of its radix, the chirp with its spectrum, and the roots that take halves apart. */
  int64_t count = 0, rest = f->size;
  for (int32_t k = 0; k < f->pass_count; k++) {
    count += 2 * (rest - rest / f->radices[k]) + 2 * f->radices[k];
    rest /= f->radices[k];
  }
  if (f->size != f->points) count += 2 * f->points + 2 * f->size;
  if (f->is_halved) count += 2 * f->points;
  f->table_size = count;
  const int64_t work = 4 * f->rows * f->size;
  f->shares = ck_max64(1, ck_min64(ck_min64(work / WORK_PER_SHARE, MOST_SHARES), f->rows));
}

static void put(const ck_fourier *f, int64_t at, double value) {
  if (f->dtype == CK_F64) ((double *)f->tables)[at] = value;
  else ((float *)f->tables)[at] = (float)value;
}

/* e^(-2 pi i k / n), as `count` real parts and, `apart` behind them, the imaginary ones. */
static void put_root(const ck_fourier *f, int64_t at, int64_t apart, int64_t k, int64_t n) {
  const double angle = 6.283185307179586476925 * (double)(k % n) / (double)n;
  put(f, at, cos(angle));
  put(f, at + apart, -sin(angle));
}

void ck_fourier_fill_tables(ck_fourier *f) {
  int64_t at = 0, rest = f->size;
  for (int32_t k = 0; k < f->pass_count; k++) {
    const int64_t radix = f->radices[k], width = rest / radix;
    for (int64_t j = 1; j < radix; j++)
      for (int64_t p = 0; p < width; p++) put_root(f, at + (j - 1) * width + p, (radix - 1) * width, j * p, rest);
    at += 2 * (radix - 1) * width;
    for (int64_t j = 0; j < radix; j++) put_root(f, at + j, radix, j, radix);
    at += 2 * radix;
    rest = width;
  }
  if (f->is_halved) {
    for (int64_t k = 0; k < f->points; k++) put_root(f, at + k, f->points, k, f->length);
    at += 2 * f->points;
  }
  if (f->size != f->points) {
    /* e^(-pi i t t / n); the squares modulo 2 n, which no product overflows. */
    for (int64_t t = 0, square = 0; t < f->points; square = (square + 2 * t + 1) % (2 * f->points), t++)
      put_root(f, at + t, f->points, square, 2 * f->points);
    ck_isa_in_use()->fourier_chirp[f->dtype](f);
  }
}

void ck_fourier_run(void *context, long share) {
  const ck_fourier *f = context;
  ck_isa_in_use()->fourier[f->dtype](f, f->rows * share / f->shares, f->rows * (share + 1) / f->shares);
}

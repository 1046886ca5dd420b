/* Discrete Fourier transforms of rows, real and imaginary parts in arrays of their own. Included for f32 and f64, like
   ck_elementwise.h; the compiler vectorises the loops.
   The complex transform is Stockham's, of mixed radices: pass after pass from one array to another, in order at the end (Van Loan, 1992,
   "Computational Frameworks for the Fast Fourier Transform"). A length with a large prime factor is a convolution with a chirp
   (Bluestein, 1970). An inverse transform is the same with real and imaginary parts exchanged before and after. */

/* The transform of `radix` points, in place. roots: e^(-2 pi i k / radix), the real parts and behind them the imaginary ones. */
static inline __attribute__((always_inline)) void NAME(fourier_points)(int radix, T *x, T *y, const T *roots) {
  if (radix == 2) {
    const T a = x[0], b = y[0];
    x[0] = a + x[1], y[0] = b + y[1];
    x[1] = a - x[1], y[1] = b - y[1];
  } else if (radix == 3) {
    const T half = (T)0.5, sine = (T)0.86602540378443864676;
    const T sx = x[1] + x[2], sy = y[1] + y[2], dx = sine * (x[1] - x[2]), dy = sine * (y[1] - y[2]);
    const T mx = x[0] - half * sx, my = y[0] - half * sy;
    x[0] += sx, y[0] += sy;
    x[1] = mx + dy, y[1] = my - dx;
    x[2] = mx - dy, y[2] = my + dx;
  } else if (radix == 4) {
    const T ax = x[0] + x[2], ay = y[0] + y[2], bx = x[0] - x[2], by = y[0] - y[2];
    const T cx = x[1] + x[3], cy = y[1] + y[3], dx = x[1] - x[3], dy = y[1] - y[3];
    x[0] = ax + cx, y[0] = ay + cy;
    x[1] = bx + dy, y[1] = by - dx;
    x[2] = ax - cx, y[2] = ay - cy;
    x[3] = bx - dy, y[3] = by + dx;
  } else {
    /* Points j and radix - j have the same sums and differences. */
    T sums_x[16], sums_y[16], differences_x[16], differences_y[16];
    const int half = radix / 2;
    T whole_x = x[0], whole_y = y[0];
    for (int k = 1; k <= half; k++) {
      sums_x[k] = x[k] + x[radix - k], sums_y[k] = y[k] + y[radix - k];
      differences_x[k] = x[k] - x[radix - k], differences_y[k] = y[k] - y[radix - k];
      whole_x += sums_x[k], whole_y += sums_y[k];
    }
    for (int j = 1; j <= half; j++) {
      T ax = x[0], ay = y[0], bx = 0, by = 0;
      for (int k = 1; k <= half; k++) {
        const int turn = j * k % radix;
        ax += roots[turn] * sums_x[k], ay += roots[turn] * sums_y[k];
        bx += roots[radix + turn] * differences_x[k], by += roots[radix + turn] * differences_y[k];
      }
      x[j] = ax - by, y[j] = ay + bx;
      x[radix - j] = ax + by, y[radix - j] = ay - bx;
    }
    x[0] = whole_x, y[0] = whole_y;
  }
}

/* One point of a pass: element i of each of `radix` parts that lie `apart` from each other, to places `stride` apart. */
static inline __attribute__((always_inline)) void NAME(fourier_point)(
  int radix, const T *real, const T *imaginary, T *out_real, T *out_imaginary, int64_t from, int64_t apart, int64_t to, int64_t stride,
  const T *twiddles, int64_t p, int64_t width, const T *roots) {
  T x[31], y[31];
  for (int k = 0; k < radix; k++) x[k] = real[from + k * apart], y[k] = imaginary[from + k * apart];
  NAME(fourier_points)(radix, x, y, roots);
  out_real[to] = x[0], out_imaginary[to] = y[0];
  for (int j = 1; j < radix; j++) {
    const T c = twiddles[(j - 1) * width + p], s = twiddles[(radix - 1 + j - 1) * width + p];
    out_real[to + j * stride] = x[j] * c - y[j] * s;
    out_imaginary[to + j * stride] = x[j] * s + y[j] * c;
  }
}

/* A pass over `stride` transforms of radix * width points each, whose elements lie beside each other. */
static inline __attribute__((always_inline)) void NAME(fourier_pass)(
  int radix, const T *restrict real, const T *restrict imaginary, T *restrict out_real, T *restrict out_imaginary, int64_t width,
  int64_t stride, const T *restrict twiddles, const T *restrict roots) {
  /* The inner loop is the longer one. */
  if (stride < 8) {
    for (int64_t q = 0; q < stride; q++)
      for (int64_t p = 0; p < width; p++)
        NAME(fourier_point)(radix, real, imaginary, out_real, out_imaginary, q + stride * p, stride * width, q + stride * radix * p, stride, twiddles, p, width, roots);
  } else {
    for (int64_t p = 0; p < width; p++)
      for (int64_t q = 0; q < stride; q++)
        NAME(fourier_point)(radix, real, imaginary, out_real, out_imaginary, q + stride * p, stride * width, q + stride * radix * p, stride, twiddles, p, width, roots);
  }
}

/* Two arrays of real and imaginary parts, of which the first holds the numbers. */
typedef struct {
  T *real, *imaginary, *other_real, *other_imaginary;
} NAME(fourier_arrays);

/* The transform of f->size points. The result is in the first arrays again. Returns what lies behind its tables. */
static const T *NAME(fourier_passes)(const ck_fourier *f, NAME(fourier_arrays) *a) {
  const T *table = f->tables;
  int64_t stride = 1, width = f->size;
  for (int32_t k = 0; k < f->pass_count; k++) {
    const int radix = f->radices[k];
    width /= radix;
    const T *roots = table + 2 * (radix - 1) * width;
#define PASS(r) NAME(fourier_pass)(r, a->real, a->imaginary, a->other_real, a->other_imaginary, width, stride, table, roots)
    switch (radix) {
    case 2: PASS(2); break;
    case 3: PASS(3); break;
    case 4: PASS(4); break;
    case 5: PASS(5); break;
    default: PASS(radix); break;
    }
#undef PASS
    *a = (NAME(fourier_arrays)){a->other_real, a->other_imaginary, a->real, a->imaginary};
    stride *= radix;
    table = roots + 2 * radix;
  }
  return table;
}

static inline void NAME(fourier_exchange)(NAME(fourier_arrays) *a) {
  *a = (NAME(fourier_arrays)){a->imaginary, a->real, a->other_imaginary, a->other_real};
}

/* The transform of f->points numbers, for which the arrays have room for f->size. */
static void NAME(fourier_complex)(const ck_fourier *f, NAME(fourier_arrays) *a) {
  const int64_t n = f->points, size = f->size;
  if (size == n) {
    NAME(fourier_passes)(f, a);
    return;
  }
  const T *chirp = (const T *)f->tables + f->table_size - 2 * size - 2 * n, *spectrum = chirp + 2 * n;
  for (int64_t t = 0; t < n; t++) {
    const T x = a->real[t], y = a->imaginary[t];
    a->real[t] = x * chirp[t] - y * chirp[n + t];
    a->imaginary[t] = x * chirp[n + t] + y * chirp[t];
  }
  memset(a->real + n, 0, (size_t)(size - n) * sizeof(T));
  memset(a->imaginary + n, 0, (size_t)(size - n) * sizeof(T));
  NAME(fourier_passes)(f, a);
  for (int64_t k = 0; k < size; k++) {
    const T x = a->real[k], y = a->imaginary[k];
    a->real[k] = x * spectrum[k] - y * spectrum[size + k];
    a->imaginary[k] = x * spectrum[size + k] + y * spectrum[k];
  }
  NAME(fourier_exchange)(a);
  NAME(fourier_passes)(f, a);
  NAME(fourier_exchange)(a);
  for (int64_t k = 0; k < n; k++) {
    const T x = a->real[k], y = a->imaginary[k];
    a->real[k] = x * chirp[k] - y * chirp[n + k];
    a->imaginary[k] = x * chirp[n + k] + y * chirp[k];
  }
}

static NAME(fourier_arrays) NAME(fourier_scratch)(const ck_fourier *f) {
  /* A cache line between the arrays, which would otherwise compete for the same places of the cache. */
  const size_t bytes = ck_padded((size_t)f->size * sizeof(T)) + 64;
  char *scratch = ck_scratch(4 * bytes);
  return (NAME(fourier_arrays)){(T *)scratch, (T *)(scratch + bytes), (T *)(scratch + 2 * bytes), (T *)(scratch + 3 * bytes)};
}

/* The spectrum of the conjugate chirp, divided by the size. */
static void NAME(fourier_chirp)(ck_fourier *f) {
  const int64_t n = f->points, size = f->size;
  T *chirp = (T *)f->tables + f->table_size - 2 * size - 2 * n, *spectrum = chirp + 2 * n;
  NAME(fourier_arrays) a = NAME(fourier_scratch)(f);
  memset(a.real, 0, (size_t)size * sizeof(T));
  memset(a.imaginary, 0, (size_t)size * sizeof(T));
  for (int64_t t = 0; t < n; t++) {
    const int64_t mirrored = t == 0 ? 0 : size - t;
    a.real[t] = a.real[mirrored] = chirp[t];
    a.imaginary[t] = a.imaginary[mirrored] = -chirp[n + t];
  }
  NAME(fourier_passes)(f, &a);
  for (int64_t k = 0; k < size; k++) spectrum[k] = a.real[k] / (T)size, spectrum[size + k] = a.imaginary[k] / (T)size;
}

/* The roots that take apart what was put together two by two. */
static const T *NAME(fourier_halves)(const ck_fourier *f) {
  const int64_t behind = f->size == f->points ? 0 : 2 * f->points + 2 * f->size;
  return (const T *)f->tables + f->table_size - behind - 2 * f->points;
}

static void NAME(fourier_row_complex)(const ck_fourier *f, NAME(fourier_arrays) *a, int64_t row) {
  const int64_t n = f->length;
  memcpy(a->real, (const T *)f->real + row * n, (size_t)n * sizeof(T));
  memcpy(a->imaginary, (const T *)f->imaginary + row * n, (size_t)n * sizeof(T));
  if (f->is_inverse) NAME(fourier_exchange)(a);
  NAME(fourier_complex)(f, a);
  if (f->is_inverse) NAME(fourier_exchange)(a);
  memcpy((T *)f->out + row * n, a->real, (size_t)n * sizeof(T));
  memcpy((T *)f->out + (f->rows + row) * n, a->imaginary, (size_t)n * sizeof(T));
}

static void NAME(fourier_row_from_real)(const ck_fourier *f, NAME(fourier_arrays) *a, int64_t row) {
  const int64_t n = f->length, half = f->points, kept = n / 2 + 1;
  const T *in = (const T *)f->real + row * n;
  T *real = (T *)f->out + row * kept, *imaginary = (T *)f->out + (f->rows + row) * kept;
  if (!f->is_halved) {
    memcpy(a->real, in, (size_t)n * sizeof(T));
    memset(a->imaginary, 0, (size_t)n * sizeof(T));
    NAME(fourier_complex)(f, a);
    memcpy(real, a->real, (size_t)kept * sizeof(T));
    memcpy(imaginary, a->imaginary, (size_t)kept * sizeof(T));
    imaginary[0] = 0;
    return;
  }
  for (int64_t t = 0; t < half; t++) a->real[t] = in[2 * t], a->imaginary[t] = in[2 * t + 1];
  NAME(fourier_complex)(f, a);
  const T *roots = NAME(fourier_halves)(f);
  real[0] = a->real[0] + a->imaginary[0], real[half] = a->real[0] - a->imaginary[0];
  imaginary[0] = imaginary[half] = 0;
  /* The even elements' transform and that of the odd ones, of which one is the other's conjugate at the mirrored place. */
  for (int64_t k = 1; k < half; k++) {
    const T x = a->real[k], y = a->imaginary[k], mx = a->real[half - k], my = a->imaginary[half - k];
    const T even_x = (T)0.5 * (x + mx), even_y = (T)0.5 * (y - my), odd_x = (T)0.5 * (y + my), odd_y = (T)0.5 * (mx - x);
    real[k] = even_x + roots[k] * odd_x - roots[half + k] * odd_y;
    imaginary[k] = even_y + roots[k] * odd_y + roots[half + k] * odd_x;
  }
}

static void NAME(fourier_row_to_real)(const ck_fourier *f, NAME(fourier_arrays) *a, int64_t row) {
  const int64_t n = f->length, half = f->points, kept = n / 2 + 1;
  const T *real = (const T *)f->real + row * kept, *imaginary = (const T *)f->imaginary + row * kept;
  T *out = (T *)f->out + row * n;
  if (f->is_halved) {
    const T *roots = NAME(fourier_halves)(f);
    a->real[0] = real[0] + real[half], a->imaginary[0] = real[0] - real[half];
    for (int64_t k = 1; k < half; k++) {
      const T x = real[k], y = imaginary[k], mx = real[half - k], my = imaginary[half - k];
      const T dx = x - mx, dy = y + my;
      const T odd_x = dx * roots[k] + dy * roots[half + k], odd_y = dy * roots[k] - dx * roots[half + k];
      a->real[k] = x + mx - odd_y, a->imaginary[k] = y - my + odd_x;
    }
  } else {
    a->real[0] = real[0], a->imaginary[0] = 0;
    for (int64_t k = 1; k < kept; k++) {
      a->real[k] = a->real[n - k] = real[k];
      a->imaginary[k] = imaginary[k], a->imaginary[n - k] = -imaginary[k];
    }
  }
  NAME(fourier_exchange)(a);
  NAME(fourier_complex)(f, a);
  NAME(fourier_exchange)(a);
  if (f->is_halved)
    for (int64_t t = 0; t < half; t++) out[2 * t] = a->real[t], out[2 * t + 1] = a->imaginary[t];
  else
    memcpy(out, a->real, (size_t)n * sizeof(T));
}

static void NAME(fourier)(const ck_fourier *f, int64_t first_row, int64_t last_row) {
  NAME(fourier_arrays) a = NAME(fourier_scratch)(f);
  for (int64_t row = first_row; row < last_row; row++) {
    switch (f->form) {
    case CK_FOURIER_FROM_REAL: NAME(fourier_row_from_real)(f, &a, row); break;
    case CK_FOURIER_TO_REAL: NAME(fourier_row_to_real)(f, &a, row); break;
    default: NAME(fourier_row_complex)(f, &a, row); break;
    }
  }
}

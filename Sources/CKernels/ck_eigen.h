/* Eigenvalues and eigenvectors of a symmetric matrix in double precision: Householder's tridiagonal form and then the
   implicit QL method (Golub & Van Loan, 2013, "Matrix Computations", chapter 8). About 6 n^3 multiplications, nearly all of
   them in the three loops below, which go along rows. Sums of products are taken in a fixed order: one sum a lane, and the
   lanes by halves. */

static double eigen_dot(const double *a, const double *b, int64_t n) {
  vd sum = (vd)(0.0);
  int64_t i = 0;
  for (; i + CK_LANES_64 <= n; i += CK_LANES_64) sum += *(const vd_at *)(a + i) * *(const vd_at *)(b + i);
  double rest = 0;
  for (; i < n; i++) rest += a[i] * b[i];
  return CK_FOLD_64BIT(sum, CK_COMBINE_ADD) + rest;
}

/* y += factor x */
static void eigen_add(double *y, double factor, const double *x, int64_t n) {
  int64_t i = 0;
  for (; i + CK_LANES_64 <= n; i += CK_LANES_64) *(vd_at *)(y + i) += (vd)(factor) * *(const vd_at *)(x + i);
  for (; i < n; i++) y[i] += factor * x[i];
}

static void eigen_rotate(double *upper, double *under, double cosine, double sine, int64_t n) {
  int64_t i = 0;
  for (; i + CK_LANES_64 <= n; i += CK_LANES_64) {
    const vd x = *(const vd_at *)(upper + i), y = *(const vd_at *)(under + i);
    *(vd_at *)(under + i) = (vd)(sine) * x + (vd)(cosine) * y;
    *(vd_at *)(upper + i) = (vd)(cosine) * x - (vd)(sine) * y;
  }
  for (; i < n; i++) {
    const double x = upper[i], y = under[i];
    under[i] = sine * x + cosine * y;
    upper[i] = cosine * x - sine * y;
  }
}

/* Turns v into the vector of the reflection x - factor (x . v) v that maps v onto its first axis. *image is the element left
   there; the result is the factor, 0 where nothing is to be done. */
static double eigen_reflector(double *v, int64_t n, double *image) {
  double greatest = 0, beyond = 0;
  for (int64_t i = 0; i < n; i++) greatest = fmax(greatest, fabs(v[i]));
  for (int64_t i = 1; i < n; i++) beyond = fmax(beyond, fabs(v[i]));
  *image = v[0];
  if (beyond == 0) return 0;
  /* Scaled, so that squares neither vanish nor overflow. */
  for (int64_t i = 0; i < n; i++) v[i] /= greatest;
  const double head = v[0], length = sqrt(eigen_dot(v, v, n)), end = head > 0 ? -length : length;
  v[0] = head - end;
  *image = end * greatest;
  return 1 / (end * (end - head));
}

/* Leaves the diagonal in values, the elements beside it in beside, and in row k of a the vector of reflection k from k + 1 on. */
static void eigen_tridiagonalize(double *a, double *values, double *beside, double *factors, double *product, int64_t n) {
  for (int64_t k = 0; k < n; k++) {
    /* The row stands for the column, which is the same but for roundings. */
    double *v = a + k * n + k + 1;
    const int64_t size = n - k - 1;
    values[k] = a[k * n + k];
    if (size == 0) break;
    const double factor = factors[k] = eigen_reflector(v, size, beside + k);
    if (factor == 0) continue;
    /* A <- H A H with H = I - factor v v', as A - v w' - w v'. */
    double *below = a + (k + 1) * n + k + 1;
    for (int64_t row = 0; row < size; row++) product[row] = factor * eigen_dot(below + row * n, v, size);
    eigen_add(product, -factor / 2 * eigen_dot(product, v, size), v, size);
    for (int64_t row = 0; row < size; row++) {
      const vd left = (vd)(v[row]), right = (vd)(product[row]);
      double *line = below + row * n;
      int64_t i = 0;
      for (; i + CK_LANES_64 <= size; i += CK_LANES_64) {
        const vd p = *(const vd_at *)(product + i), w = *(const vd_at *)(v + i);
        *(vd_at *)(line + i) -= left * p + right * w;
      }
      for (; i < size; i++) line[i] -= v[row] * product[i] + product[row] * v[i];
    }
  }
}

/* The product of the reflections, transposed: row by row the axes in which the matrix is tridiagonal. */
static void eigen_axes(double *vectors, const double *reflections, const double *factors, int64_t n) {
  memset(vectors, 0, (size_t)(n * n) * sizeof(double));
  for (int64_t i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (int64_t k = n - 2; k >= 0; k--) {
    if (factors[k] == 0) continue;
    const double *v = reflections + k * n + k + 1;
    /* The rows before k + 1 are those of the identity still, and zero from there on. */
    for (int64_t row = k + 1; row < n; row++) {
      double *x = vectors + row * n + k + 1;
      eigen_add(x, -factors[k] * eigen_dot(x, v, n - k - 1), v, n - k - 1);
    }
  }
}

/* One turn of QL with a shift: rotations from below push the bulge up and out. */
static void eigen_chase(
  double *values, double *beside, double *vectors, int64_t n, int64_t last, int64_t first, double start) {
  double diagonal = start, sine = 1, cosine = 1, moved = 0;
  for (int64_t i = last - 1; i >= first; i--) {
    const double bulge = sine * beside[i], next = cosine * beside[i], length = hypot(bulge, diagonal);
    beside[i + 1] = length;
    if (length == 0) {
      values[i + 1] -= moved;
      beside[last] = 0;
      return;
    }
    sine = bulge / length;
    cosine = diagonal / length;
    const double lower = values[i + 1] - moved, mixed = (values[i] - lower) * sine + 2 * cosine * next;
    moved = sine * mixed;
    values[i + 1] = lower + moved;
    diagonal = cosine * mixed - next;
    eigen_rotate(vectors + i * n, vectors + (i + 1) * n, cosine, sine, n);
  }
  values[first] -= moved;
  beside[first] = diagonal;
  beside[last] = 0;
}

static void symmetric_eigen(double *matrix, double *values, double *vectors, int64_t n) {
  double *beside = (double *)ck_scratch((size_t)(3 * n) * sizeof(double)), *factors = beside + n, *product = factors + n;
  memset(beside, 0, (size_t)(3 * n) * sizeof(double));
  eigen_tridiagonalize(matrix, values, beside, factors, product, n);
  eigen_axes(vectors, matrix, factors, n);
  for (int64_t first = 0; first < n; first++) {
    /* Each value takes two or three turns; the limit only keeps a loop from being endless. */
    for (int turn = 0; turn < 60; turn++) {
      int64_t last = first;
      while (last < n - 1 && fabs(beside[last]) > DBL_EPSILON * (fabs(values[last]) + fabs(values[last + 1]))) last++;
      if (last == first) break;
      /* Wilkinson's shift: the eigenvalue of the first two by two that is nearest to the first. */
      const double half = (values[first + 1] - values[first]) / (2 * beside[first]), root = hypot(half, 1);
      const double shift = values[first] - beside[first] / (half + (half < 0 ? -root : root));
      eigen_chase(values, beside, vectors, n, last, first, values[last] - shift);
    }
  }
}

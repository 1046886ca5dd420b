/* Included once for each instruction set; NAME() gives the functions their names. Vectors of 64 bytes become as many registers
   as the instruction set needs. n is a multiple of 16; the caller rounds up over memory that is there. */

#define EACH(BODY)                                      \
  for (long i = 0; i < n; i += 16) {                    \
    vector w = *(vector *)(a + i), g = *(vector *)(b + i); \
    BODY                                                \
    *(vector *)(a + i) = w;                             \
  }
#define SLOT(x) (*(vector *)(x + i))

static void NAME(triad)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)d, (void)e;
  for (long i = 0; i < n; i += 16) SLOT(a) = SLOT(b) + 3.0f * SLOT(c);
}

static void NAME(sgd)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)c, (void)d, (void)e;
  EACH(w -= 0.01f * g;)
}

static void NAME(momentum)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)d, (void)e;
  EACH(vector m = 0.9f * SLOT(c) - 0.01f * g; SLOT(c) = m; w += m;)
}

static void NAME(lion)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)d, (void)e;
  EACH(vector m = SLOT(c); vector u = m + 0.1f * (g - m);
       words s = ((u > 0) & 0x3F800000) | ((u < 0) & (int)0xBF800000);
       SLOT(c) = m + 0.01f * (g - m); w -= 1e-3f * (vector)s;)
}

static void NAME(rmsprop)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)d, (void)e;
  EACH(vector v = 0.9f * SLOT(c) + 0.1f * (g * g); SLOT(c) = v; w -= 1e-3f * g / __builtin_elementwise_sqrt(v + 1e-7f);)
}

static void NAME(adam)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)e;
  EACH(vector m = SLOT(c) + 0.1f * (g - SLOT(c)); vector v = SLOT(d) + 0.001f * (g * g - SLOT(d)); SLOT(c) = m; SLOT(d) = v;
       w -= 1e-3f * m / (__builtin_elementwise_sqrt(v) + 1e-7f);)
}

static void NAME(adadelta)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)e;
  EACH(vector v = 0.95f * SLOT(c) + 0.05f * (g * g);
       vector u = g * __builtin_elementwise_sqrt(SLOT(d) + 1e-7f) / __builtin_elementwise_sqrt(v + 1e-7f); SLOT(c) = v;
       SLOT(d) = 0.95f * SLOT(d) + 0.05f * (u * u); w -= 1e-3f * u;)
}

static void NAME(amsgrad)(long n, float *a, float *b, float *c, float *d, float *e) {
  EACH(vector m = SLOT(c) + 0.1f * (g - SLOT(c)); vector v = SLOT(d) + 0.001f * (g * g - SLOT(d));
       vector x = __builtin_elementwise_max(SLOT(e), v); SLOT(c) = m; SLOT(d) = v; SLOT(e) = x;
       w -= 1e-3f * m / (__builtin_elementwise_sqrt(x) + 1e-7f);)
}

static const loop NAME(loops)[] = {NAME(triad), NAME(sgd), NAME(momentum), NAME(lion), NAME(rmsprop), NAME(adam), NAME(adadelta), NAME(amsgrad)};

/* Bytes become floats of 0 to 1. */
static void NAME(scale_bytes)(long n, const unsigned char *from, float *to) {
  for (long i = 0; i < n; i++) to[i] = (float)from[i] * (1.0f / 255);
}

#undef EACH
#undef SLOT
#undef NAME

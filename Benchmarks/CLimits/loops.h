/* Included once for each instruction set; NAME() gives the functions their names. Vectors of 64 bytes become as many registers
   as the instruction set needs. n is a multiple of 16; the caller rounds up over memory that is there. */

#define EACH(BODY)                                      \
  for (long i = 0; i < n; i += 16) {                    \
    vector w = *(vector *)(a + i), g = *(vector *)(b + i); \
    BODY                                                \
    *(vector *)(a + i) = w;                             \
  }
#define SLOT(x) (*(vector *)(x + i))
/* What is done to w first, and what moves it, divided by the root. */
#define ADAM(FIRST, MOVE)                                                                                                   \
  EACH(FIRST vector m = SLOT(c) + 0.1f * (g - SLOT(c)); vector v = SLOT(d) + 0.001f * (g * g - SLOT(d)); SLOT(c) = m; SLOT(d) = v; \
       w -= (MOVE) / (__builtin_elementwise_sqrt(v) + 1e-7f);)
#define SIGN(x) ((vector)((((x) > 0) & 0x3F800000) | (((x) < 0) & (int)0xBF800000)))

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
  EACH(vector m = SLOT(c); w -= 1e-3f * SIGN(m + 0.1f * (g - m)); SLOT(c) = m + 0.01f * (g - m);)
}

static void NAME(rmsprop)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)d, (void)e;
  EACH(vector v = 0.9f * SLOT(c) + 0.1f * (g * g); SLOT(c) = v; w -= 1e-3f * g / __builtin_elementwise_sqrt(v + 1e-7f);)
}

static void NAME(adam)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)e;
  ADAM(, 1e-3f * m)
}

static void NAME(adamw)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)e;
  ADAM(w -= 4e-6f * w;, 1e-3f * m)
}

static void NAME(nadam)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)e;
  ADAM(, 9e-4f * m + 1e-4f * g)
}

static void NAME(nadamw)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)e;
  ADAM(w -= 4e-6f * w;, 9e-4f * m + 1e-4f * g)
}

static void NAME(adabelief)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)e;
  EACH(vector m = SLOT(c) + 0.1f * (g - SLOT(c)); vector s = g - m; vector v = SLOT(d) + 0.001f * (s * s - SLOT(d)) + 1e-16f;
       SLOT(c) = m; SLOT(d) = v; w -= 1e-3f * m / (__builtin_elementwise_sqrt(v) + 1e-7f);)
}

static void NAME(yogi)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)e;
  EACH(vector m = SLOT(c) + 0.1f * (g - SLOT(c)); vector s = g * g; vector v = SLOT(d) - 0.001f * SIGN(SLOT(d) - s) * s;
       SLOT(c) = m; SLOT(d) = v; w -= 1e-3f * m / (__builtin_elementwise_sqrt(v) + 1e-7f);)
}

static void NAME(adopt)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)e;
  const vector least = (vector){0} + 1e-6f, limit = (vector){0} + 10.0f;
  EACH(vector u = g / __builtin_elementwise_max(__builtin_elementwise_sqrt(SLOT(d)), least);
       u = __builtin_elementwise_min(__builtin_elementwise_max(u, -limit), limit);
       vector m = SLOT(c) + 0.1f * (u - SLOT(c)); SLOT(d) = SLOT(d) + 0.001f * (g * g - SLOT(d)); SLOT(c) = m; w -= 1e-3f * m;)
}

static void NAME(schedule_free)(long n, float *a, float *b, float *c, float *d, float *e) {
  (void)e;
  EACH(vector x = (w - 0.1f * SLOT(c)) * (1 / 0.9f); vector v = SLOT(d) + 0.001f * (g * g - SLOT(d));
       vector z = SLOT(c) - 1e-3f * g / (__builtin_elementwise_sqrt(v) + 1e-7f); SLOT(c) = z; SLOT(d) = v;
       x += 0.001f * (z - x); w = z + 0.9f * (x - z);)
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

static const loop NAME(loops)[] = {
  [LIMIT_TRIAD] = NAME(triad), [LIMIT_SGD] = NAME(sgd), [LIMIT_MOMENTUM] = NAME(momentum),
  [LIMIT_LION] = NAME(lion), [LIMIT_RMSPROP] = NAME(rmsprop), [LIMIT_ADAM] = NAME(adam),
  [LIMIT_ADAMW] = NAME(adamw), [LIMIT_NADAM] = NAME(nadam), [LIMIT_NADAMW] = NAME(nadamw),
  [LIMIT_ADABELIEF] = NAME(adabelief), [LIMIT_YOGI] = NAME(yogi), [LIMIT_ADOPT] = NAME(adopt),
  [LIMIT_SCHEDULE_FREE] = NAME(schedule_free), [LIMIT_ADADELTA] = NAME(adadelta), [LIMIT_AMSGRAD] = NAME(amsgrad),
};

/* Bytes become floats of 0 to 1. */
static void NAME(scale_bytes)(long n, const unsigned char *from, float *to) {
  for (long i = 0; i < n; i++) to[i] = (float)from[i] * (1.0f / 255);
}

#undef EACH
#undef SLOT
#undef ADAM
#undef SIGN
#undef NAME

/* Elementary functions on vectors of floats, within about 2 ulp.

   The polynomials are minimax fits made for these intervals. Products that must be exact without a
   fused multiply-add use ln 2 split so that its high part has 9 significant bits. */

static const float ln2_high = 0.693359375f;
static const float ln2_low = -2.12194440e-4f;

/* n in -252 ... 254: two factors, so that results can leave the range of normal numbers. */
CK_INLINE vf times_power_of_two(vf x, vi n) {
  const vi half = n >> 1;
  const vf first = (vf)(((vu)half + 127u) << 23);
  const vf second = (vf)(((vu)n - (vu)half + 127u) << 23);
  return x * first * second;
}

/* e^r - 1 - r, divided by r^2, for |r| <= ln(2) / 2. */
CK_INLINE vf exp_tail(vf r) {
  vf p = (vf)(0.00138220727f);
  p = p * r + 0.00836885162f;
  p = p * r + 0.0416682549f;
  p = p * r + 0.166665196f;
  return p * r + 0.49999994f;
}

/* Rounds x / ln 2 to the nearest integer, by pushing the fraction out of the significand. */
#define CK_ROUNDING_SHIFT 12582912.0f

/* e^r for x = r + n ln 2, |r| <= ln(2) / 2; *shifted has n in its lowest bits. */
CK_INLINE vf exp_fraction(vf x, vf *shifted) {
  *shifted = x * 1.44269504f + CK_ROUNDING_SHIFT;
  const vf k = *shifted - CK_ROUNDING_SHIFT;
  vf r = x - k * ln2_high;
  r = r - k * ln2_low;
  return (exp_tail(r) * (r * r) + r) + 1.0f;
}

CK_INLINE vf exp_f32(vf x) {
  x = x > 89.0f ? (vf)(89.0f) : x;
  x = x < -104.0f ? (vf)(-104.0f) : x;
  vf shifted;
  const vf e = exp_fraction(x, &shifted);
  return times_power_of_two(e, (vi)((vu)shifted - 0x4B400000u));
}

/* For |x| < 87, where the result is a normal number. */
CK_INLINE vf exp_of_small(vf x) {
  vf shifted;
  const vf e = exp_fraction(x, &shifted);
  return e * (vf)(((vu)shifted << 23) + 0x3F800000u);
}

CK_INLINE vf expm1_f32(vf x) {
  const vf whole = x;
  x = x > 89.0f ? (vf)(89.0f) : x;
  x = x < -20.0f ? (vf)(-20.0f) : x;
  const vf shifted = x * 1.44269504f + CK_ROUNDING_SHIFT;
  const vi n = (vi)((vu)shifted - 0x4B400000u);
  const vf k = shifted - CK_ROUNDING_SHIFT;
  const vf exact = x - k * ln2_high;
  const vf r = exact - k * ln2_low;
  const vf lost = (exact - r) - k * ln2_low;
  const vf q = (exp_tail(r) * (r * r) + lost) + r;
  /* 2^n (q + 1) - 1 with half the power, for n = 128. */
  const vf half_power = (vf)(((vu)n + 126u) << 23);
  const vf result = (half_power * q + (half_power - 0.5f)) * 2.0f;
  return __builtin_elementwise_abs(whole) < 1e-7f ? whole : result;
}

/* log(1 + f) - f + f^2/2, divided by f^3, for 1 + f in sqrt(1/2) ... sqrt(2). */
CK_INLINE vf log_tail(vf f) {
  vf p = (vf)(0.0679947883f);
  p = p * f - 0.117218666f;
  p = p * f + 0.118886851f;
  p = p * f - 0.123969823f;
  p = p * f + 0.142181873f;
  p = p * f - 0.166685075f;
  p = p * f + 0.200022236f;
  p = p * f - 0.25f;
  return p * f + 0.333333105f;
}

/* log(1 + f) + exponent * ln 2 + correction. */
CK_INLINE vf log_sum(vf f, vf exponent, vf correction) {
  const vf square = f * f;
  vf y = log_tail(f) * f * square;
  y = y + (exponent * ln2_low + correction);
  y = y - 0.5f * square;
  return (f + y) + exponent * ln2_high;
}

/* The bits of a number, shifted so that its exponent field is that of x / sqrt(1/2). */
#define CK_SQRT_HALF_BITS 0x3F3504F3u

CK_INLINE vf log_of_special(vf x, vf result, vf zero_distance) {
  result = zero_distance > 0.0f ? result : (zero_distance == 0.0f ? (vf)(-INFINITY) : (vf)(NAN));
  return x == INFINITY ? x : result;
}

CK_INLINE vf log_f32(vf x) {
  const vi tiny = x < FLT_MIN;
  const vu bits = (vu)(tiny ? x * 8388608.0f : x) - CK_SQRT_HALF_BITS;
  const vf exponent = __builtin_convertvector((vi)bits >> 23, vf) - (tiny ? (vf)(23.0f) : (vf)(0.0f));
  const vf f = (vf)((bits & 0x7FFFFFu) + CK_SQRT_HALF_BITS) - 1.0f;
  return log_of_special(x, log_sum(f, exponent, (vf)(0.0f)), x);
}

CK_INLINE vf log1p_f32(vf x) {
  const vf u = x + 1.0f;
  const vu bits = (vu)u - CK_SQRT_HALF_BITS;
  const vi n = (vi)bits >> 23;
  const vi near_one = n == 0;
  /* What the rounding of 1 + x lost, relative to u. */
  const vf lost = (x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f)) / u;
  const vf f = near_one ? x : (vf)((bits & 0x7FFFFFu) + CK_SQRT_HALF_BITS) - 1.0f;
  const vf result = log_sum(f, __builtin_convertvector(n, vf), near_one ? (vf)(0.0f) : lost);
  return __builtin_elementwise_abs(x) < 1e-7f ? x : log_of_special(x, result, u);
}

CK_INLINE vf with_sign_of(vf magnitude, vf sign) {
  return (vf)(((vi)magnitude & 0x7FFFFFFF) | ((vi)sign & INT32_MIN));
}

CK_INLINE vf tanh_f32(vf x) {
  const vf a = __builtin_elementwise_abs(x), z = a * a;
  vf p = (vf)(-0.00566568598f);
  p = p * z + 0.0206048507f;
  p = p * z - 0.0537295267f;
  p = p * z + 0.133313239f;
  p = p * z - 0.333332777f;
  const vf small = p * z * a + a;
  /* From 10 on it is 1 in single precision. */
  const vf bounded = a > 10.0f ? (vf)(10.0f) : a;
  const vf large = 1.0f - 2.0f / (exp_of_small(bounded + bounded) + 1.0f);
  return with_sign_of(a < 0.625f ? small : large, x);
}

CK_INLINE vf sigmoid_f32(vf x) {
  const vf e = exp_f32(-__builtin_elementwise_abs(x));
  return (x < 0.0f ? e : (vf)(1.0f)) / (e + 1.0f);
}

CK_INLINE vf softplus_f32(vf x) {
  const vf tail = log1p_f32(exp_f32(-__builtin_elementwise_abs(x)));
  return (x < 0.0f ? (vf)(0.0f) : x) + tail;
}

CK_INLINE vf erf_f32(vf x) {
  vf a = __builtin_elementwise_abs(x);
  const vf z = a * a;
  vf p = (vf)(-0.000595955527f);
  p = p * z + 0.00498734787f;
  p = p * z - 0.0267629642f;
  p = p * z + 0.11281731f;
  p = p * z - 0.376124889f;
  p = p * z + 0.128379151f;
  const vf small = p * a + a;
  /* log(1 - erf(a)); from 4 on erf is 1 in single precision. */
  const vf t = a > 4.0f ? (vf)(4.0f) : a;
  vf q = (vf)(-2.11610313e-05f);
  q = q * t + 0.000435218331f;
  q = q * t - 0.0041746865f;
  q = q * t + 0.0251288507f;
  q = q * t - 0.108294442f;
  q = q * t - 0.6333341f;
  q = q * t - 1.12952113f;
  q = q * t + 0.000175942696f;
  const vf large = 1.0f - exp_of_small(q);
  return with_sign_of(a < 0.927734375f ? small : large, x);
}

/* sin(x + quarter_turns * pi / 2). The reduction is done in double precision. */
CK_INLINE vf sin_f32(vf x, int32_t quarter_turns) {
  const double shift = 6755399441055744.0; /* 1.5 * 2^52: rounds to an integer, kept in the low bits */
  const vf_as_double wide = __builtin_convertvector(x, vf_as_double);
  const vf_as_double shifted = wide * 0.63661977236758134308 + shift;
  const vi quadrant = __builtin_convertvector((vf_as_int64)shifted, vi) + quarter_turns;
  const vf_as_double k = shifted - shift;
  /* The first part of pi/2 has 33 significant bits, so its product with k is exact. */
  const vf_as_double reduced = (wide - k * 1.57079632673412561417) - k * 6.07710050650619224932e-11;
  const vf r = __builtin_convertvector(reduced, vf), z = r * r;
  vf s = (vf)(-0.000195178945f);
  s = s * z + 0.00833218731f;
  s = s * z - 0.166666552f;
  const vf sine = s * z * r + r;
  vf c = (vf)(2.4432331e-05f);
  c = c * z - 0.00138873095f;
  c = c * z + 0.0416666456f;
  const vf cosine = c * (z * z) + (1.0f - 0.5f * z);
  vf y = (quadrant & 1) != 0 ? cosine : sine;
  y = (quadrant & 2) != 0 ? -y : y;
  if (!quarter_turns) y = x == 0.0f ? x : y;
  const vi far = ~(__builtin_elementwise_abs(x) < 1e5f);
  if (__builtin_reduce_or(far)) {
    for (int lane = 0; lane < CK_LANES_32; lane++)
      if (far[lane]) y[lane] = quarter_turns ? cosf(x[lane]) : sinf(x[lane]);
  }
  return y;
}

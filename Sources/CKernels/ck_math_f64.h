/* Elementary functions on vectors of doubles: the C library's, lane by lane. */

#define CK_PER_LANE(name, call)                                                  \
  CK_INLINE vd name##_f64(vd x) {                                                \
    vd result;                                                                   \
    for (int lane = 0; lane < CK_LANES_64; lane++) result[lane] = call(x[lane]); \
    return result;                                                               \
  }

CK_PER_LANE(exp, exp)
CK_PER_LANE(expm1, expm1)
CK_PER_LANE(log, log)
CK_PER_LANE(log1p, log1p)
CK_PER_LANE(sine, sin)
CK_PER_LANE(cosine, cos)
CK_PER_LANE(tanh, tanh)
CK_PER_LANE(erf, erf)

CK_INLINE vd sin_f64(vd x, int32_t quarter_turns) { return quarter_turns ? cosine_f64(x) : sine_f64(x); }

CK_INLINE vd sigmoid_f64(vd x) {
  const vd e = exp_f64(-__builtin_elementwise_abs(x));
  return (x < 0.0 ? e : (vd)(1.0)) / (e + 1.0);
}

CK_INLINE vd softplus_f64(vd x) {
  const vd tail = log1p_f64(exp_f64(-__builtin_elementwise_abs(x)));
  return (x < 0.0 ? (vd)(0.0) : x) + tail;
}

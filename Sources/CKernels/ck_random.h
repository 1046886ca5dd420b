/* CK_UNIFORM and CK_NORMAL. What they produce is part of what a saved seed means, so none of this may
   ever change.

   The generator is Philox 2x32 with 10 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random
   numbers: as easy as 1, 2, 3", 2011). Element i of a segment with the operand's key (k0, k1) uses
     counter word 0 = low 32 bits of i
     counter word 1 = high 32 bits of i, xor k1
     key            = k0
   and gives two words x0, x1.
     uniform f32  (x0 >> 8) / 2^24
     uniform f64  (x0 * 2^21 + (x1 >> 11)) / 2^53
     normal       sqrt(-2 log u) cos(2 pi v)   (Box and Muller), where
       f64        u = (x0 + 1) / 2^32, v = x1 / 2^32, and the functions are the C library's
       f32        u = x0 rounded to single, / 2^32, + 2^-33; v = x1 rounded to single, / 2^32; the
                  functions are the ones below, evaluated without fused multiply-add, so that every
                  processor gets the same bits
     uniform i32 and normal i32 are 0.
   Included for f32 and f64, like ck_elementwise.h, with COUNTERS and WORDS: vectors with LANES lanes
   of uint64_t and of uint32_t. */

typedef struct {
  WORDS first, second;
} NAME(random_words);

CK_INLINE NAME(random_words) NAME(philox)(uint32_t key, uint64_t high, uint64_t index) {
  const uint64_t low = 0xFFFFFFFFu;
  COUNTERS element = (COUNTERS)(index);
  for (int lane = 0; lane < LANES; lane++) element[lane] += (uint64_t)lane;
  COUNTERS a = element & low, b = (element >> 32) ^ high;
  uint32_t round_key = key;
  for (int round = 0; round < 10; round++) {
    const COUNTERS product = (a & low) * (uint64_t)0xD256D193u;
    a = (product >> 32) ^ b ^ (uint64_t)round_key;
    b = product & low;
    round_key += 0x9E3779B9u;
  }
  const NAME(random_words) words = {__builtin_convertvector(a, WORDS), __builtin_convertvector(b, WORDS)};
  return words;
}

#define EACH_ELEMENT(expression)                                               \
  const uint32_t *key = block->bases[instr->args[0]], round_zero_key = key[0], high = key[1]; \
  T *out = (T *)block->at[instr->dst];                                         \
  const int64_t start = instr->row ? block->start_row : block->start;          \
  const int64_t count = instr->row ? block->rows : block->count;               \
  for (int64_t i = 0; i < count; i += LANES) {                                 \
    const NAME(random_words) words = NAME(philox)(round_zero_key, high, (uint64_t)(start + i)); \
    *(V_AT *)(out + i) = (expression);                                         \
  }

#if IS_DOUBLE

static void NAME(uniform)(const ck_instr *instr, const ck_block *block) {
  EACH_ELEMENT(__builtin_convertvector((__builtin_convertvector(words.first, COUNTERS) << 21) |
                                         __builtin_convertvector(words.second >> 11, COUNTERS), V) * 0x1p-53)
}

CK_INLINE V NAME(box_muller)(NAME(random_words) words) {
  V result;
  for (int lane = 0; lane < LANES; lane++) {
    const double u = ((double)words.first[lane] + 1.0) * 0x1p-32;
    const double v = (double)words.second[lane] * 0x1p-32;
    result[lane] = sqrt(-2.0 * log(u)) * cos(v * 6.28318530717958647692);
  }
  return result;
}

#else

static void NAME(uniform)(const ck_instr *instr, const ck_block *block) {
  EACH_ELEMENT(__builtin_convertvector(words.first >> 8, V) * 0x1p-24f)
}

/* log(u) for normal numbers: u = m 2^n with m in sqrt(1/2) ... sqrt(2), by log_tail's polynomial. */
CK_INLINE V NAME(unfused_log)(V u) {
#pragma clang fp contract(off)
  const vu bits = (vu)u - 0x3F3504F3u;
  const V exponent = __builtin_convertvector((vi)bits >> 23, V);
  const V f = (V)((bits & 0x7FFFFFu) + 0x3F3504F3u) - 1.0f;
  V p = (V)(0.0679947883f);
  p = p * f - 0.117218666f;
  p = p * f + 0.118886851f;
  p = p * f - 0.123969823f;
  p = p * f + 0.142181873f;
  p = p * f - 0.166685075f;
  p = p * f + 0.200022236f;
  p = p * f - 0.25f;
  p = p * f + 0.333333105f;
  const V square = f * f;
  const V y = (p * f * square + exponent * -2.12194440e-4f) - 0.5f * square;
  return (f + y) + exponent * 0.693359375f;
}

/* cos(2 pi v) for v in 0 ... 1: sin(2 pi q) with q in -1/4 ... 1/4, by its Taylor series. */
CK_INLINE V NAME(unfused_cosine)(V v) {
#pragma clang fp contract(off)
  const V q = __builtin_elementwise_abs(v - 0.5f) - 0.25f, z = q * q;
  V s = (V)(3.81995258f);
  s = s * z - 15.0946426f;
  s = s * z + 42.0586939f;
  s = s * z - 76.7058598f;
  s = s * z + 81.6052493f;
  s = s * z - 41.3417022f;
  s = s * z + 6.28318531f;
  return s * q;
}

CK_INLINE V NAME(box_muller)(NAME(random_words) words) {
#pragma clang fp contract(off)
  const V u = __builtin_convertvector(words.first, V) * 0x1p-32f + 0x1p-33f;
  const V v = __builtin_convertvector(words.second, V) * 0x1p-32f;
  const V radius = __builtin_elementwise_sqrt(NAME(unfused_log)(u) * -2.0f);
  return radius * NAME(unfused_cosine)(v);
}

#endif

static void NAME(normal)(const ck_instr *instr, const ck_block *block) {
  EACH_ELEMENT(NAME(box_muller)(words))
}

#undef EACH_ELEMENT

/* Pooling of one type, included like ck_elementwise.h. Channels lie side by side and are worked on in vectors, all places of a window for
   one vector before the next, so that what has been found stays in registers. */

/* Places of a window, as distances in elements from its first one. */
typedef struct {
  int64_t count;
  int64_t *at;
} NAME(pool_places);

/* Those of a window that lie inside the image; the window begins at `start`. */
CK_INLINE void NAME(places_inside)(const ck_windows *w, const int64_t *start, NAME(pool_places) *places) {
  int64_t first[3], last[3];
  for (int k = 0; k < 3; k++) {
    first[k] = ck_max64(start[k], 0) - start[k];
    last[k] = ck_min64(start[k] + w->window[k], w->in[k]) - start[k];
  }
  places->count = 0;
  for (int64_t i0 = first[0]; i0 < last[0]; i0++)
    for (int64_t i1 = first[1]; i1 < last[1]; i1++)
      for (int64_t i2 = first[2]; i2 < last[2]; i2++)
        places->at[places->count++] = ((i0 * w->in[1] + i1) * w->in[2] + i2) * w->in_channels;
}

/* All channels of a window: whole vectors, then one by one. */
#define EACH_LANES(BODY)                                        \
  int64_t c = 0;                                                \
  for (; c + LANES <= channels; c += LANES) BODY(V, V_AT, MASK) \
  for (; c < channels; c++) BODY(T, T, int)

#define AT(type, base, place) (*(const type *)((base) + (place) + c))
#define GREATEST(VEC, MEM)                                           \
  VEC greatest = (VEC)(LOWEST);                                      \
  for (int64_t k = 0; k < places->count; k++) {                      \
    const VEC x = AT(MEM, in, places->at[k]);                        \
    greatest = ((x > greatest) | (x != x)) ? x : greatest;             \
  }

static void NAME(pool_greatest)(const NAME(pool_places) *places, int64_t channels, const T *in, T *out) {
#define BODY(VEC, MEM, TRUE)            \
  {                                     \
    GREATEST(VEC, MEM)                  \
    *(MEM *)(out + c) = greatest;       \
  }
  EACH_LANES(BODY)
#undef BODY
}

/* Of the places that hold the greatest number the first one is chosen. */
static void NAME(pool_chosen)(const NAME(pool_places) *places, int64_t channels, const T *in, const T *values, T *out) {
#define BODY(VEC, MEM, TRUE)                                         \
  {                                                                  \
    GREATEST(VEC, MEM)                                               \
    VEC chosen = (VEC)((T)0);                                        \
    TRUE open = ~(TRUE){0};                                          \
    for (int64_t k = 0; k < places->count; k++) {                    \
      const VEC x = AT(MEM, in, places->at[k]);                      \
      const TRUE is = open & ((x == greatest) | (x != x));           \
      chosen = is ? AT(MEM, values, places->at[k]) : chosen;         \
      open &= ~is;                                                   \
    }                                                                \
    *(MEM *)(out + c) = chosen;                                      \
  }
  EACH_LANES(BODY)
#undef BODY
}

#define PLACED_BODY(VEC, MEM, TRUE, STORE)                           \
  {                                                                  \
    GREATEST(VEC, MEM)                                               \
    const VEC value = AT(MEM, values, 0), zero = (VEC)((T)0);        \
    TRUE open = ~(TRUE){0};                                          \
    for (int64_t k = 0; k < places->count; k++) {                    \
      const VEC x = AT(MEM, in, places->at[k]);                      \
      const TRUE is = open & ((x == greatest) | (x != x));           \
      *(MEM *)(out + places->at[k] + c) STORE (is ? value : zero);   \
      open &= ~is;                                                   \
    }                                                                \
  }

/* is_new: no other window reaches these places, so that they need not be zero before. */
static void NAME(pool_placed)(const NAME(pool_places) *places, int64_t channels, const T *in, const T *values, T *out, bool is_new) {
#define BODY(VEC, MEM, TRUE) PLACED_BODY(VEC, MEM, TRUE, =)
  if (is_new) {
    EACH_LANES(BODY)
    return;
  }
#undef BODY
#define BODY(VEC, MEM, TRUE) PLACED_BODY(VEC, MEM, TRUE, +=)
  EACH_LANES(BODY)
#undef BODY
}

static void NAME(pool_mean)(const NAME(pool_places) *places, int64_t channels, const T *in, T *out) {
  const T share = (T)1 / (T)places->count;
#define BODY(VEC, MEM, TRUE)                                                                  \
  {                                                                                           \
    VEC sum = (VEC)((T)0);                                                                    \
    for (int64_t k = 0; k < places->count; k++) sum += AT(MEM, in, places->at[k]);            \
    *(MEM *)(out + c) = sum * share;                                                          \
  }
  EACH_LANES(BODY)
#undef BODY
}

static void NAME(pool_spread)(const NAME(pool_places) *places, int64_t channels, const T *values, T *out, bool is_new) {
  const T share = (T)1 / (T)places->count;
#define BODY(VEC, MEM, TRUE)                                            \
  {                                                                     \
    const VEC value = AT(MEM, values, 0) * share;                       \
    for (int64_t k = 0; k < places->count; k++) {                       \
      MEM *to = (MEM *)(out + places->at[k] + c);                       \
      *to = is_new ? value : *to + value;                               \
    }                                                                   \
  }
  EACH_LANES(BODY)
#undef BODY
}

/* Units first ..< last: lines of windows, or images where windows of different lines reach the same places. */
static void NAME(pooling)(const ck_pooling *p, int64_t first, int64_t last) {
  const ck_windows *w = &p->windows;
  const int64_t channels = w->in_channels, pixels = w->in[0] * w->in[1] * w->in[2], positions = w->out[0] * w->out[1] * w->out[2];
  const int64_t elements = w->window[0] * w->window[1] * w->window[2];
  const bool is_back = p->part == CK_POOL_PLACED || p->part == CK_POOL_SPREAD;
  int64_t *memory = (int64_t *)ck_scratch((size_t)(2 * elements) * sizeof(int64_t));
  NAME(pool_places) whole = {.at = memory}, clipped = {.at = memory + elements};
  /* A window that lies inside from the first place to the last. */
  for (int64_t k = 0; k < elements; k++) {
    const int64_t k2 = k % w->window[2], k1 = k / w->window[2] % w->window[1], k0 = k / w->window[2] / w->window[1];
    whole.at[k] = ((k0 * w->in[1] + k1) * w->in[2] + k2) * channels;
  }
  whole.count = elements;
  const int64_t windows = positions / p->units; /* of a unit */
  for (int64_t unit = first; unit < last; unit++) {
    const int64_t image = unit / p->units, wide = image * pixels * channels;
    if (is_back && !p->is_tiled) memset((T *)p->out + wide, 0, (size_t)(pixels * channels) * sizeof(T));
    for (int64_t window = 0; window < windows; window++) {
      const int64_t position = unit % p->units * windows + window;
      const int64_t o[3] = {position / w->out[2] / w->out[1], position / w->out[2] % w->out[1], position % w->out[2]};
      int64_t start[3];
      bool is_inside = true;
      for (int k = 0; k < 3; k++) {
        start[k] = o[k] * w->stride[k] - w->low[k];
        is_inside &= start[k] >= 0 && start[k] + w->window[k] <= w->in[k];
      }
      if (!is_inside) NAME(places_inside)(w, start, &clipped);
      const NAME(pool_places) *places = is_inside ? &whole : &clipped;
      const int64_t from = wide + ((start[0] * w->in[1] + start[1]) * w->in[2] + start[2]) * channels;
      const int64_t at = (image * positions + position) * channels;
      const T *in = p->in, *values = p->values;
      T *out = p->out;
      switch (p->part) {
        case CK_POOL_CHOSEN:
          if (in == values) {
            NAME(pool_greatest)(places, channels, in + from, out + at);
          } else {
            NAME(pool_chosen)(places, channels, in + from, values + from, out + at);
          }
          break;
        case CK_POOL_PLACED: NAME(pool_placed)(places, channels, in + from, values + at, out + from, p->is_tiled); break;
        case CK_POOL_MEAN: NAME(pool_mean)(places, channels, in + from, out + at); break;
        default: NAME(pool_spread)(places, channels, in + at, out + from, p->is_tiled);
      }
    }
  }
}

#undef AT
#undef GREATEST
#undef PLACED_BODY
#undef EACH_LANES

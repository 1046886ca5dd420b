/* Pooling of one type, included like ck_elementwise.h. Channels lie side by side, so that the loops over them run in vectors. */

enum { NAME(pool_chunk) = 256 }; /* channels at a time */

/* The part of a window that lies inside, along each axis. */
typedef struct {
  int64_t first[3], last[3];
} NAME(pool_window);

CK_INLINE NAME(pool_window) NAME(window_inside)(const ck_windows *w, int64_t o0, int64_t o1, int64_t o2) {
  const int64_t o[3] = {o0, o1, o2};
  NAME(pool_window) inside;
  for (int k = 0; k < 3; k++) {
    const int64_t start = o[k] * w->stride[k] - w->low[k];
    inside.first[k] = ck_max64(start, 0);
    inside.last[k] = ck_min64(start + w->window[k], w->in[k]);
  }
  return inside;
}

#define EACH_PLACE(body)                                                                        \
  for (int64_t i0 = inside.first[0]; i0 < inside.last[0]; i0++)                                 \
    for (int64_t i1 = inside.first[1]; i1 < inside.last[1]; i1++)                               \
      for (int64_t i2 = inside.first[2]; i2 < inside.last[2]; i2++) {                           \
        const int64_t place = ((i0 * w->in[1] + i1) * w->in[2] + i2) * w->in_channels + channel; \
        body                                                                                    \
      }

/* One window of up to pool_chunk channels. `in` and `wide` are an image of the larger array, `narrow` the window's channels. */
static void NAME(pool_greatest)(const ck_windows *w, NAME(pool_window) inside, const T *in, int64_t channel, int64_t count, T *greatest) {
  for (int64_t c = 0; c < count; c++) greatest[c] = LOWEST;
  EACH_PLACE({
    const T *x = in + place;
    for (int64_t c = 0; c < count; c++) greatest[c] = x[c] > greatest[c] || x[c] != x[c] ? x[c] : greatest[c];
  })
}

static void NAME(pool_chosen)(const ck_windows *w, NAME(pool_window) inside, const T *in, const T *values, int64_t channel, int64_t count, T *out) {
  if (in == values) {
    NAME(pool_greatest)(w, inside, in, channel, count, out);
    return;
  }
  T greatest[NAME(pool_chunk)], open[NAME(pool_chunk)];
  NAME(pool_greatest)(w, inside, in, channel, count, greatest);
  for (int64_t c = 0; c < count; c++) open[c] = 1, out[c] = 0;
  EACH_PLACE({
    const T *x = in + place;
    const T *from = values + place;
    for (int64_t c = 0; c < count; c++) {
      const bool is = open[c] != 0 && (x[c] == greatest[c] || x[c] != x[c]);
      out[c] = is ? from[c] : out[c];
      open[c] = is ? 0 : open[c];
    }
  })
}

static void NAME(pool_placed)(const ck_windows *w, NAME(pool_window) inside, const T *in, const T *values, int64_t channel, int64_t count, T *wide) {
  T greatest[NAME(pool_chunk)], open[NAME(pool_chunk)];
  NAME(pool_greatest)(w, inside, in, channel, count, greatest);
  for (int64_t c = 0; c < count; c++) open[c] = 1;
  EACH_PLACE({
    const T *x = in + place;
    T *to = wide + place;
    for (int64_t c = 0; c < count; c++) {
      const bool is = open[c] != 0 && (x[c] == greatest[c] || x[c] != x[c]);
      to[c] += is ? values[c] : 0;
      open[c] = is ? 0 : open[c];
    }
  })
}

static void NAME(pool_mean)(const ck_windows *w, NAME(pool_window) inside, const T *in, int64_t channel, int64_t count, T *out, T share) {
  for (int64_t c = 0; c < count; c++) out[c] = 0;
  EACH_PLACE({
    const T *x = in + place;
    for (int64_t c = 0; c < count; c++) out[c] += x[c];
  })
  for (int64_t c = 0; c < count; c++) out[c] *= share;
}

static void NAME(pool_spread)(const ck_windows *w, NAME(pool_window) inside, const T *values, int64_t channel, int64_t count, T *wide, T share) {
  EACH_PLACE({
    T *to = wide + place;
    for (int64_t c = 0; c < count; c++) to[c] += values[c] * share;
  })
}

/* Images first ..< last. */
static void NAME(pooling)(const ck_pooling *p, int64_t first, int64_t last) {
  const ck_windows *w = &p->windows;
  const int64_t channels = w->in_channels, pixels = w->in[0] * w->in[1] * w->in[2], positions = w->out[0] * w->out[1] * w->out[2];
  for (int64_t image = first; image < last; image++) {
    const int64_t wide = image * pixels * channels, narrow = image * positions * channels;
    const bool is_back = p->part == CK_POOL_PLACED || p->part == CK_POOL_SPREAD;
    if (is_back) memset((T *)p->out + wide, 0, (size_t)(pixels * channels) * sizeof(T));
    for (int64_t position = 0; position < positions; position++) {
      const int64_t o2 = position % w->out[2], o1 = position / w->out[2] % w->out[1], o0 = position / w->out[2] / w->out[1];
      const NAME(pool_window) inside = NAME(window_inside)(w, o0, o1, o2);
      const int64_t elements =
        (inside.last[0] - inside.first[0]) * (inside.last[1] - inside.first[1]) * (inside.last[2] - inside.first[2]);
      const T share = (T)1 / (T)elements;
      for (int64_t channel = 0; channel < channels; channel += NAME(pool_chunk)) {
        const int64_t count = ck_min64(NAME(pool_chunk), channels - channel), at = narrow + position * channels + channel;
        const T *in = p->in, *values = p->values;
        T *out = p->out;
        switch (p->part) {
          case CK_POOL_CHOSEN: NAME(pool_chosen)(w, inside, in + wide, values + wide, channel, count, out + at); break;
          case CK_POOL_PLACED: NAME(pool_placed)(w, inside, in + wide, values + at, channel, count, out + wide); break;
          case CK_POOL_MEAN: NAME(pool_mean)(w, inside, in + wide, channel, count, out + at, share); break;
          default: NAME(pool_spread)(w, inside, in + at, channel, count, out + wide, share);
        }
      }
    }
  }
}

#undef EACH_PLACE

/* CK_LOAD and CK_STORE between one compute type and one type in memory. Included for each pair, with
   the compute type's macros (see ck_elementwise.h) and
     MEM         the element in memory
     MEM_NAME    name of such a function
     MEM_IS_BOOL 1 for bytes that are 0 or 1: only stored, since they load as other bytes do
   A load's destination is scratch with room for a vector behind its last element, so runs are
   written in whole vectors and the next run covers what was too much. */

typedef CK_VECTOR_TYPE(MEM, LANES) MEM_NAME(lanes);
typedef CK_MEMORY_TYPE(MEM, LANES) MEM_NAME(lanes_at);

#define MEM_IS_FLOATING ((MEM)0.5 != 0)

#if !MEM_IS_BOOL

/* Floating point to integer truncates; what does not fit becomes the nearest that does, NaN 0. */
CK_INLINE T MEM_NAME(element)(MEM x) {
#if !FLOATING
  if (MEM_IS_FLOATING) {
    const double wide = (double)x;
    return wide != wide ? 0 : wide < INT32_MIN ? INT32_MIN : wide > INT32_MAX ? INT32_MAX : (T)wide;
  }
#endif
  return (T)x;
}

CK_INLINE V MEM_NAME(vector)(const MEM *p) {
  const MEM_NAME(lanes) x = *(const MEM_NAME(lanes_at) *)p;
#if !FLOATING
  if (MEM_IS_FLOATING) {
    WIDE wide = __builtin_convertvector(x, WIDE);
    wide = wide == wide ? wide : (WIDE)(0.0);
    wide = wide < (double)INT32_MIN ? (WIDE)((double)INT32_MIN) : wide;
    wide = wide > (double)INT32_MAX ? (WIDE)((double)INT32_MAX) : wide;
    return (V)__builtin_convertvector(wide, vi);
  }
#endif
  return __builtin_convertvector(x, V);
}

static void MEM_NAME(run)(T *out, const MEM *in, int64_t count) {
  int64_t i = 0;
  /* A whole vector would reach behind the end of the memory, or into what another thread writes. */
  for (; i + LANES <= count; i += LANES) *(V_AT *)(out + i) = MEM_NAME(vector)(in + i);
  for (; i < count; i++) out[i] = MEM_NAME(element)(in[i]);
}

CK_INLINE void MEM_NAME(strided_run)(T *out, const MEM *in, int64_t stride, int64_t count) {
  if (stride == 1) {
    MEM_NAME(run)(out, in, count);
  } else if (stride == 0) {
    const V value = SPLAT(MEM_NAME(element)(*in));
    for (int64_t i = 0; i < count; i += LANES) *(V_AT *)(out + i) = value;
  } else {
    for (int64_t i = 0; i < count; i++) out[i] = MEM_NAME(element)(in[i * stride]);
  }
}

/* One index for each element. */
static void MEM_NAME(gather_elements)(T *out, const MEM *in, const ck_view *view, const int32_t *index, int64_t start, int64_t count) {
  index += start;
  for (int64_t i = 0; i < count; i++) {
    const int64_t place = index[i];
    out[i] = place >= 0 && place < view->limit ? MEM_NAME(element)(in[place * view->strides[0]]) : MISSING;
  }
}

/* Rows of `period` elements, all the same. */
static void MEM_NAME(repeat)(T *out, const MEM *in, int64_t stride, int64_t period, int64_t start, int64_t count) {
  const int64_t phase = start % period, first = ck_min64(period - phase, count);
  MEM_NAME(strided_run)(out, in + phase * stride, stride, first);
  int64_t done = first;
  if (done < count) {
    const int64_t second = ck_min64(phase, count - done);
    MEM_NAME(strided_run)(out + done, in, stride, second);
    done += second;
  }
  if (period >= LANES) {
    /* In whole vectors, from one period earlier. */
    for (; done < count; done += LANES) *(V_AT *)(out + done) = *(const V_AT *)(out + done - period);
  } else {
    while (done < count) {
      const int64_t more = ck_min64(done, count - done);
      memcpy(out + done, out, (size_t)more * sizeof(T));
      done += more;
    }
  }
}

static void MEM_NAME(walk)(T *out, const MEM *in, const ck_view *view, const int32_t *index, int64_t start, int64_t count) {
  const int32_t last = view->rank - 1;
  int64_t at[CK_MAX_RANK];
  int64_t rest = start;
  for (int32_t k = last; k >= 0; k--) {
    at[k] = rest % view->dims[k];
    rest /= view->dims[k];
  }
  int64_t place = 0;
  for (int32_t k = index ? 1 : 0; k < last; k++) place += at[k] * view->strides[k];
  const int64_t stride = view->strides[last];
  const int64_t ahead = index && last > 0 ? ck_rows_ahead(view, sizeof(MEM)) : 0;
  if (ahead) ck_ask_for_few(in, view, sizeof(MEM), index, at[0]);
  for (;;) {
    if (ahead && at[last] == 0) ck_ask_for_row(in, view, sizeof(MEM), index, at[0] + ahead);
    const int64_t length = ck_min64(view->dims[last] - at[last], count);
    const int64_t row = index ? index[at[0]] : 0;
    if (row < 0 || (index && row >= view->limit)) {
      for (int64_t i = 0; i < length; i++) out[i] = MISSING;
    } else {
      MEM_NAME(strided_run)(out, in + place + (index ? row * view->strides[0] : 0) + at[last] * stride, stride, length);
    }
    out += length;
    count -= length;
    if (!count) return;
    at[last] = 0;
    for (int32_t k = last - 1; k >= 0; k--) {
      const int64_t step = index && k == 0 ? 0 : view->strides[k];
      if (++at[k] < view->dims[k]) {
        place += step;
        break;
      }
      place -= step * (view->dims[k] - 1);
      at[k] = 0;
    }
  }
}

/* Rows of neighbouring elements, `stride` elements apart. */
static void MEM_NAME(rows)(T *out, const MEM *in, int64_t stride, int64_t length, int64_t start, int64_t count) {
  const int64_t at = start % length;
  in += start / length * stride;
  if (at) {
    const int64_t first = ck_min64(length - at, count);
    MEM_NAME(run)(out, in + at, first);
    out += first, count -= first, in += stride;
  }
  if (length <= LANES) {
    /* A vector each, whose last lanes the next row covers. */
    for (; count > 0; count -= length, out += length, in += stride) *(V_AT *)out = MEM_NAME(vector)(in);
  } else {
    for (; count > 0; count -= length, out += length, in += stride) MEM_NAME(run)(out, in, ck_min64(length, count));
  }
}

static void MEM_NAME(load_view)(T *out, const MEM *in, const ck_view *view, const int32_t *index, int64_t start, int64_t count) {
  if (view->rank == 1 && index) {
    MEM_NAME(gather_elements)(out, in, view, index, start, count);
  } else if (view->rank == 1) {
    MEM_NAME(strided_run)(out, in + start * view->strides[0], view->strides[0], count);
  } else if (view->rank == 2 && !index && view->strides[0] == 0) {
    MEM_NAME(repeat)(out, in, view->strides[1], view->dims[1], start, count);
  } else if (view->rank == 2 && !index && view->strides[1] == 1 && sizeof(MEM) <= sizeof(T)) {
    MEM_NAME(rows)(out, in, view->strides[0], view->dims[1], start, count);
  } else {
    MEM_NAME(walk)(out, in, view, index, start, count);
  }
}

#endif

CK_INLINE MEM MEM_NAME(stored)(T x) {
  if (MEM_IS_BOOL) return x != 0;
  if (MEM_IS_FLOATING || (!FLOATING && sizeof(MEM) == sizeof(T))) return (MEM)x;
  const double least = sizeof(MEM) == 1 ? 0 : INT32_MIN, most = sizeof(MEM) == 1 ? UINT8_MAX : INT32_MAX;
  const double wide = (double)x;
  return (MEM)(wide != wide ? 0 : wide < least ? least : wide > most ? most : wide);
}

static void MEM_NAME(store)(MEM *out, const T *in, int64_t step, int64_t count) {
  int64_t i = 0;
  if (MEM_IS_BOOL) {
    for (; step && i + LANES <= count; i += LANES) {
      const MEM_NAME(lanes) truth = __builtin_convertvector(TRUTH(*(const V_AT *)(in + i) != SPLAT(0)), MEM_NAME(lanes));
      *(MEM_NAME(lanes_at) *)(out + i) = truth;
    }
  }
  if (MEM_IS_FLOATING) {
    for (; step && i + LANES <= count; i += LANES)
      *(MEM_NAME(lanes_at) *)(out + i) = __builtin_convertvector(SIGNED(*(const V_AT *)(in + i)), MEM_NAME(lanes));
  }
  for (; i < count; i++) out[i] = MEM_NAME(stored)(in[step ? i : 0]);
}

#undef MEM
#undef MEM_NAME
#undef MEM_IS_BOOL
#undef MEM_IS_FLOATING

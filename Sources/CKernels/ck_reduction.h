/* ck_reduction of one type, included like ck_elementwise.h. SUM is what totals are kept in, SUMS a
   vector of it with LANES lanes. */

enum { NAME(tile_vectors) = CK_REDUCTION_TILE / LANES };

/* Rows added up in the element type before the result is added to the wider total: few enough that
   their rounding errors stay near that of one addition. */
enum { NAME(rows_per_chunk) = 64 };

#define LOAD_AT(p) (*(const V_AT *)(p))

#if FLOATING
#define TO_SUMS(v) __builtin_convertvector((v), SUMS)
#else
#define TO_SUMS(v) (v)
#endif

/* Writes the first `columns` of the tile's vectors. */
CK_INLINE void NAME(put_lanes)(T *out, V v, int64_t columns) {
  if (columns >= LANES) {
    *(V_AT *)out = v;
  } else {
    for (int64_t lane = 0; lane < columns; lane++) out[lane] = (T)v[lane];
  }
}

/* Sums `vectors` vectors of columns; four rows at a time when a tile is a single vector, so that the
   additions need not wait for each other. */
CK_INLINE void NAME(sum_columns)(const T *in, T *out, int64_t reduced, int64_t stride, int64_t columns, const int vectors) {
  SUMS total[NAME(tile_vectors)];
  for (int v = 0; v < vectors; v++) total[v] = (SUMS)(0);
  for (int64_t row = 0; row < reduced;) {
    const int64_t chunk = ck_min64(row + NAME(rows_per_chunk), reduced);
    V sum[NAME(tile_vectors)];
    for (int v = 0; v < vectors; v++) sum[v] = SPLAT(0);
    const T *p = in + row * stride;
    if (vectors == 1) {
      V second = SPLAT(0), third = SPLAT(0), fourth = SPLAT(0);
      for (; row + 4 <= chunk; row += 4, p += 4 * stride) {
        sum[0] += LOAD_AT(p);
        second += LOAD_AT(p + stride);
        third += LOAD_AT(p + 2 * stride);
        fourth += LOAD_AT(p + 3 * stride);
      }
      sum[0] = (sum[0] + second) + (third + fourth);
    }
    for (; row < chunk; row++, p += stride)
      for (int v = 0; v < vectors; v++) sum[v] += LOAD_AT(p + v * LANES);
    for (int v = 0; v < vectors; v++) total[v] += TO_SUMS(sum[v]);
  }
  for (int v = 0; v < vectors; v++)
    NAME(put_lanes)(out + v * LANES, __builtin_convertvector(total[v], V), columns - v * LANES);
}

CK_INLINE void NAME(max_column)(const T *in, T *out, int64_t reduced, int64_t stride, int64_t columns) {
  V greatest = SPLAT(LOWEST);
  MASK unordered = (MASK)(0);
  for (int64_t row = 0; row < reduced; row++) TAKE_MAX(LOAD_AT(in + row * stride));
  NAME(put_lanes)(out, unordered ? SPLAT(MISSING) : greatest, columns);
}

/* A tile of up to CK_REDUCTION_TILE neighbouring columns. */
static void NAME(reduce_tile)(const ck_reduction *r, const T *in, T *out, int64_t columns) {
  for (int64_t column = 0; column < columns;) {
    const int64_t left = columns - column;
    const int vectors = left > 2 * LANES ? (left > 3 * LANES ? 4 : 3) : (left > LANES ? 2 : 1);
    const T *from = in + column;
    T *to = out + column;
    if (r->op == CK_SUMALL) {
      switch (vectors) {
        case 1: NAME(sum_columns)(from, to, r->reduced, r->inner, left, 1); break;
        case 2: NAME(sum_columns)(from, to, r->reduced, r->inner, left, 2); break;
        case 3: NAME(sum_columns)(from, to, r->reduced, r->inner, left, 3); break;
        default: NAME(sum_columns)(from, to, r->reduced, r->inner, ck_min64(left, 4 * LANES), 4); break;
      }
    } else {
      for (int64_t v = 0; v < vectors; v++)
        NAME(max_column)(from + v * LANES, to + v * LANES, r->reduced, r->inner, left - v * LANES);
    }
    column += vectors * LANES;
  }
}

static void NAME(argmax_tile)(const ck_reduction *r, const T *in, int32_t *out, int64_t columns) {
  T greatest[CK_REDUCTION_TILE];
  for (int64_t c = 0; c < columns; c++) {
    greatest[c] = in[c];
    out[c] = 0;
  }
  for (int64_t row = 1; row < r->reduced; row++) {
    in += r->inner;
    for (int64_t c = 0; c < columns; c++) {
      const bool better = in[c] > greatest[c] || (IS_NAN(in[c]) && !IS_NAN(greatest[c]));
      greatest[c] = better ? in[c] : greatest[c];
      out[c] = better ? (int32_t)row : out[c];
    }
  }
}

/* The reduced axis is contiguous. */
static void NAME(reduce_row)(const ck_reduction *r, const T *in, void *out, int64_t place) {
  if (r->op == CK_ROWARGMAX) {
    ((int32_t *)out)[place] = (int32_t)NAME(row_argmax)(in, r->reduced);
  } else if (r->op == CK_SUMALL) {
    SUM total = 0;
    for (int64_t i = 0; i < r->reduced; i += 1024)
      total += FOLD(TO_SUMS(NAME(row_sum_lanes)(in + i, ck_min64(1024, r->reduced - i))), CK_COMBINE_ADD);
    ((T *)out)[place] = (T)total;
  } else {
    ((T *)out)[place] = NAME(row_max)(in, r->reduced);
  }
}

static void NAME(reduction)(const ck_reduction *r, int64_t first_unit, int64_t last_unit) {
  const T *in = r->in;
  const int64_t tiles = (r->inner + CK_REDUCTION_TILE - 1) / CK_REDUCTION_TILE;
  for (int64_t unit = first_unit; unit < last_unit; unit++) {
    const int64_t outer = unit / tiles, column = unit % tiles * CK_REDUCTION_TILE;
    const int64_t columns = ck_min64(CK_REDUCTION_TILE, r->inner - column), place = outer * r->inner + column;
    const T *from = in + outer * r->reduced * r->inner + column;
    if (r->inner == 1 || r->reduced == 0) {
      for (int64_t c = 0; c < columns; c++) NAME(reduce_row)(r, from, r->out, place + c);
    } else if (r->op == CK_ROWARGMAX) {
      NAME(argmax_tile)(r, from, (int32_t *)r->out + place, columns);
    } else {
      NAME(reduce_tile)(r, from, (T *)r->out + place, columns);
    }
  }
}

#undef LOAD_AT
#undef TAKE_MAX
#undef GREATER_OF
#undef TO_SUMS

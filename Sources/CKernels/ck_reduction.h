/* ck_reduction of one type, included like ck_elementwise.h. SUM is what totals are kept in, SUMS a
   vector of it with LANES lanes. */

enum { NAME(tile_vectors) = CK_REDUCTION_TILE / LANES };

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

/* Writes the first `columns` of a vector of totals: of all, or where `partial` is given, of a part. */
CK_INLINE void NAME(put_totals)(T *out, SUM *partial, const SUMS *totals, int64_t columns) {
  if (!partial) {
    NAME(put_lanes)(out, __builtin_convertvector(*totals, V), columns);
  } else {
    for (int64_t lane = 0; lane < ck_min64(columns, LANES); lane++) partial[lane] = (*totals)[lane];
  }
}

/* Sums `vectors` vectors of columns; four rows at a time when a tile is a single vector, so that the
   additions need not wait for each other. */
CK_INLINE void NAME(sum_columns)(const T *in, T *out, SUM *partial, int64_t reduced, int64_t stride, int64_t columns, const int vectors) {
  SUMS total[NAME(tile_vectors)];
  for (int v = 0; v < vectors; v++) total[v] = (SUMS)(0);
  for (int64_t row = 0; row < reduced;) {
    const int64_t chunk = ck_min64(row + NAME(rows_per_total), reduced);
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
    NAME(put_totals)(out + v * LANES, partial ? partial + v * LANES : NULL, &total[v], columns - v * LANES);
}

CK_INLINE void NAME(max_column)(const T *in, T *out, SUM *partial, int64_t reduced, int64_t stride, int64_t columns) {
  V greatest = SPLAT(LOWEST);
  MASK unordered = (MASK)(0);
  for (int64_t row = 0; row < reduced; row++) TAKE_MAX(LOAD_AT(in + row * stride));
  const SUMS found = TO_SUMS(unordered ? SPLAT(MISSING) : greatest);
  NAME(put_totals)(out, partial, &found, columns);
}

/* A tile of up to CK_REDUCTION_TILE neighbouring columns, of so many rows. */
static void NAME(reduce_tile)(const ck_reduction *r, const T *in, T *out, SUM *partial, int64_t rows, int64_t columns) {
  for (int64_t column = 0; column < columns;) {
    const int64_t left = columns - column;
    const int vectors = left > 2 * LANES ? (left > 3 * LANES ? 4 : 3) : (left > LANES ? 2 : 1);
    const T *from = in + column;
    T *to = out + column;
    SUM *total = partial ? partial + column : NULL;
    if (r->op == CK_SUMALL) {
      switch (vectors) {
        case 1: NAME(sum_columns)(from, to, total, rows, r->inner, left, 1); break;
        case 2: NAME(sum_columns)(from, to, total, rows, r->inner, left, 2); break;
        case 3: NAME(sum_columns)(from, to, total, rows, r->inner, left, 3); break;
        default: NAME(sum_columns)(from, to, total, rows, r->inner, ck_min64(left, 4 * LANES), 4); break;
      }
    } else {
      for (int64_t v = 0; v < vectors; v++)
        NAME(max_column)(from + v * LANES, to + v * LANES, total ? total + v * LANES : NULL, rows, r->inner, left - v * LANES);
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

/* The reduced axis is contiguous, and so many of its elements are meant. */
static SUM NAME(reduce_row)(const ck_reduction *r, const T *in, int64_t count) {
  if (r->op != CK_SUMALL) return (SUM)NAME(row_max)(in, count);
  SUM total = 0;
  for (int64_t i = 0; i < count; i += 1024)
    total += FOLD(TO_SUMS(NAME(row_sum_lanes)(in + i, ck_min64(1024, count - i))), CK_COMBINE_ADD);
  return total;
}

/* Units first ..< last: tiles of columns within parts of the reduced axis within the outer one. */
static void NAME(reduction)(const ck_reduction *r, int64_t first_unit, int64_t last_unit) {
  const int64_t tiles = ck_reduction_tiles(r);
  for (int64_t unit = first_unit; unit < last_unit; unit++) {
    const int64_t column = unit % tiles * CK_REDUCTION_TILE, part = unit / tiles % r->parts, outer = unit / tiles / r->parts;
    const int64_t columns = ck_min64(CK_REDUCTION_TILE, r->inner - column), place = outer * r->inner + column;
    const int64_t row = part * r->part_rows, rows = ck_min64(r->part_rows, r->reduced - row);
    const T *from = (const T *)r->in + (outer * r->reduced + row) * r->inner + column;
    SUM *partial = r->parts > 1 ? (SUM *)r->partials + (outer * r->parts + part) * r->inner + column : NULL;
    const bool is_row = r->inner == 1 || r->reduced == 0;
    if (r->op == CK_ROWARGMAX && is_row) {
      for (int64_t c = 0; c < columns; c++) ((int32_t *)r->out)[place + c] = (int32_t)NAME(row_argmax)(from, r->reduced);
    } else if (r->op == CK_ROWARGMAX) {
      NAME(argmax_tile)(r, from, (int32_t *)r->out + place, columns);
    } else if (!is_row) {
      NAME(reduce_tile)(r, from, (T *)r->out + place, partial, rows, columns);
    } else if (partial) {
      *partial = NAME(reduce_row)(r, from, rows);
    } else {
      for (int64_t c = 0; c < columns; c++) ((T *)r->out)[place + c] = (T)NAME(reduce_row)(r, from, rows);
    }
  }
}

/* Puts the parts together, in order. */
static void NAME(reduction_end)(const ck_reduction *r) {
  T *out = r->out;
  for (int64_t place = 0; place < r->outer * r->inner; place++) {
    const SUM *partial = (const SUM *)r->partials + place / r->inner * r->parts * r->inner + place % r->inner;
    SUM total = 0;
    T greatest = LOWEST;
    for (int64_t part = 0; part < r->parts; part++, partial += r->inner) {
      const T x = (T)*partial;
      total += *partial;
      greatest = x > greatest || IS_NAN(x) ? x : greatest;
    }
    out[place] = r->op == CK_SUMALL ? (T)total : greatest;
  }
}

#undef LOAD_AT
#undef TAKE_MAX
#undef GREATER_OF
#undef TO_SUMS

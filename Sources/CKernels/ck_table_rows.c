/* Rows of a table that are named by indices: which they are, and writing them. What costs nothing for
   the rows that are not named. */
#include "ck_internal.h"

#include <string.h>

/* MARK: the distinct rows */

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

typedef struct {
  uint32_t row;
  uint32_t at;
} named_row;

/* By row, keeping the order of equal ones. */
static named_row *sort_by_row(named_row *from, named_row *to, int64_t count, uint32_t greatest) {
  for (uint32_t shift = 0; shift < 32 && greatest >> shift; shift += DIGIT_BITS) {
    int64_t start[DIGITS] = {0};
    for (int64_t i = 0; i < count; i++) start[(from[i].row >> shift) & (DIGITS - 1)]++;
    int64_t before = 0;
    for (int32_t digit = 0; digit < DIGITS; digit++) {
      const int64_t here = start[digit];
      start[digit] = before;
      before += here;
    }
    for (int64_t i = 0; i < count; i++) to[start[(from[i].row >> shift) & (DIGITS - 1)]++] = from[i];
    named_row *sorted = to;
    to = from;
    from = sorted;
  }
  return from;
}

void ck_distinct_rows_run(void *context, long share) {
  (void)share;
  const ck_distinct_rows *d = context;
  const int64_t n = d->index_count;
  named_row *found = (named_row *)ck_scratch((size_t)(2 * n) * sizeof(named_row));
  int64_t inside = 0;
  for (int64_t i = 0; i < n; i++) {
    const int64_t row = d->index[i];
    d->places[i] = -1;
    if (row >= 0 && row < d->table_rows) found[inside++] = (named_row){.row = (uint32_t)row, .at = (uint32_t)i};
  }
  found = sort_by_row(found, found + n, inside, (uint32_t)(d->table_rows - 1));
  int64_t distinct = 0;
  for (int64_t i = 0; i < inside; i++) {
    if (i == 0 || found[i].row != found[i - 1].row) d->rows[distinct++] = (int32_t)found[i].row;
    d->places[found[i].at] = (int32_t)(distinct - 1);
  }
  for (; distinct < n; distinct++) d->rows[distinct] = -1;
}

/* MARK: writing rows */

/* A share of rows of so many bytes in all is worth handing out. */
enum { BYTES_PER_SHARE = 65536, MOST_SHARES = 16, ROWS_AHEAD = 8 };

int64_t ck_write_rows_shares(const ck_write_rows *w) {
  const int64_t wanted = ck_min64(w->index_count * w->row_bytes / BYTES_PER_SHARE, MOST_SHARES);
  return ck_max64(1, ck_min64(wanted, w->index_count));
}

void ck_write_rows_run(void *context, long share) {
  const ck_write_rows *w = context;
  const int64_t first = w->index_count * share / w->shares, last = w->index_count * (share + 1) / w->shares;
  char *table = w->table;
  const char *values = w->values;
  for (int64_t i = first; i < last; i++) {
    const int64_t ahead = i + ROWS_AHEAD < last ? w->index[i + ROWS_AHEAD] : -1;
    if (ahead >= 0 && ahead < w->table_rows)
      for (int64_t byte = 0; byte < ck_min64(w->row_bytes, CK_ASKED_BYTES); byte += 64)
        __builtin_prefetch(table + ahead * w->row_bytes + byte, 1);
    const int64_t row = w->index[i];
    if (row < 0 || row >= w->table_rows) continue;
    memcpy(table + row * w->row_bytes, values + i * w->row_bytes, (size_t)w->row_bytes);
  }
}

/* Runs the machine code made for a group, segment by segment and, where something is read by rows, row by row. */
#include "ck_internal.h"

#include <math.h>
#include <string.h>

/* What a segment's padding fills up. */
enum { PADDED_BYTES = 64 };
/* Of an array: more than processors read on. */
enum { LAST_BYTES = 4096 };

/* What a share needs to run the code made for a group, segment by segment. */
typedef struct {
  const ck_group *group;
  ck_translated code;
  const ck_code_operands *operands;
  bool in_place; /* of a segment: whether something is written over what is read */
  int64_t block_start; /* where there are reductions, the code runs block by block */
  char *reduced;       /* a slot for each reduction: the block's elements that it combines */
  char *repeated;      /* for each operand whose rows are the same and short: as many of them as the code runs at a time; NULL without one */
  void *const *bases;  /* for each operand: the segment's memory, or what its rows were repeated in */
  void *own_bases[CK_TRANSLATED_OPERANDS];
  const void *filled[CK_TRANSLATED_OPERANDS]; /* for each operand: the element that its splat has */
  char *at[CK_TRANSLATED_OPERANDS];
  _Alignas(CK_SPLAT_BYTES) char splats[CK_TRANSLATED_OPERANDS * CK_SPLAT_BYTES];
} translated_state;

static int64_t elements_of(int64_t bytes, const translated_state *s) { return s->group->dtype == CK_F64 ? bytes / 8 : bytes / 4; }

static bool is_reduced(const ck_group *g, int32_t number) { return number >= g->operand_count; }

/* The rows that an operand is read by, or NULL. */
static const ck_view *rows_of(const ck_group *g, int32_t operand) {
  return is_reduced(g, operand) || g->operands[operand].kind != CK_VIEW ? NULL : &g->views[g->operands[operand].view];
}

/* Bytes of its rows written down one behind another, with room for what is read beyond them; 0 where they are read as they lie. */
static size_t repeated_bytes(const translated_state *s, int32_t operand) {
  const ck_view *view = rows_of(s->group, operand);
  return view && view->dims[1] != s->operands->row ? ck_padded((size_t)(s->operands->row * s->operands->element_bytes[operand])) + CK_SPLAT_BYTES : 0;
}

static void prepare_translated(translated_state *s, const ck_group *g) {
  s->group = g;
  s->code = ck_translated_code(g);
  s->operands = ck_operands_of_code(g);
  const size_t reduced = (size_t)(g->reduction_count * ck_slot_bytes(g));
  size_t repeated = 0;
  for (int32_t k = 0; s->operands->row && k < s->operands->in_memory_count; k++) repeated += repeated_bytes(s, s->operands->in_memory[k]);
  s->reduced = reduced + repeated ? ck_scratch(reduced + repeated) : NULL;
  s->repeated = repeated ? s->reduced + reduced : NULL;
  for (int32_t k = 0; k < s->operands->scalar_count; k++) s->filled[s->operands->scalars[k]] = NULL;
}

/* Puts a segment's numbers in their places. Whether the code is right for them; else the segment is left as it is. */
static bool take_scalars(translated_state *s, const ck_segment *segment) {
  for (int32_t k = 0; k < s->operands->scalar_count; k++) {
    const int32_t i = s->operands->scalars[k];
    if (s->filled[i] == segment->bases[i]) continue;
    char *const splat = s->splats + i * CK_SPLAT_BYTES;
    ck_fill_splat(splat, segment->bases[i], s->group->operands[i].dtype, s->group->dtype);
    const double value = s->group->dtype == CK_F64 ? *(const double *)splat : *(const float *)splat, size = fabs(value);
    if (s->group->bounds >> i & 1 && isnan(value)) return false;
    if (s->group->divisors >> i & 1 && !(size > 0x1p-60 && size < 0x1p60)) return false;
    s->filled[i] = segment->bases[i];
  }
  return true;
}

/* Where the operands of a segment are. */
static void enter_segment(translated_state *s, const ck_segment *segment) {
  char *repeated = s->repeated;
  s->bases = repeated ? s->own_bases : segment->bases;
  for (int32_t k = 0; repeated && k < s->operands->in_memory_count; k++) {
    const int32_t i = s->operands->in_memory[k];
    if (is_reduced(s->group, i)) continue;
    s->own_bases[i] = segment->bases[i];
    const size_t bytes = repeated_bytes(s, i);
    if (!bytes) continue;
    const size_t row = (size_t)(rows_of(s->group, i)->dims[1] * s->operands->element_bytes[i]);
    const size_t all = (size_t)(s->operands->row * s->operands->element_bytes[i]);
    for (size_t at = 0; at < all; at += row) memcpy(repeated + at, segment->bases[i], row);
    s->own_bases[i] = repeated;
    repeated += bytes;
  }
}

/* The view of an operand whose rows are gathered, and their indices; NULL for others. */
static const ck_view *gathering(const ck_group *g, const ck_segment *segment, int32_t operand, const int32_t **index) {
  const ck_view *view = rows_of(g, operand);
  if (!view || view->gather < 0) return NULL;
  *index = segment->bases[view->gather];
  return view;
}

/* Whether there are all rows of which the elements from start to end are gathered: the code knows nothing of missing ones. */
static bool has_rows(const translated_state *s, const ck_segment *segment, int64_t start, int64_t end) {
  for (int32_t k = 0; s->operands->row && k < s->operands->in_memory_count; k++) {
    const int32_t *index;
    const ck_view *view = gathering(s->group, segment, s->operands->in_memory[k], &index);
    for (int64_t number = start / s->operands->row; view && number * s->operands->row < end; number++)
      if (index[number] < 0 || index[number] >= view->limit) return false;
  }
  return true;
}

/* Before the first elements are read. */
static void ask_for_few(const translated_state *s, const ck_segment *segment, int64_t element) {
  for (int32_t k = 0; s->operands->row && k < s->operands->in_memory_count; k++) {
    const int32_t i = s->operands->in_memory[k], *index;
    const ck_view *view = gathering(s->group, segment, i, &index);
    if (view) ck_ask_for_few(segment->bases[i], view, s->operands->element_bytes[i], index, element / s->operands->row);
  }
}

static char *reduced_elements(const translated_state *s, int32_t number) {
  return s->reduced + (number - s->group->operand_count) * ck_slot_bytes(s->group);
}

static bool is_in_place(const translated_state *s, const ck_segment *segment) {
  for (int32_t k = 0; k < s->operands->in_memory_count; k++)
    for (int32_t l = 0; l < s->operands->in_memory_count; l++) {
      const int32_t written = s->operands->in_memory[k], read = s->operands->in_memory[l];
      if (is_reduced(s->group, written) || is_reduced(s->group, read) || !s->group->operands[written].output) continue;
      if (written != read && segment->bases[written] == segment->bases[read]) return true;
    }
  return false;
}

/* Lets the loop begin at an element of a segment, where there are neither rows nor reductions. */
static void place_plain(translated_state *s, const ck_segment *segment, int64_t element) {
  for (int32_t k = 0; k < s->operands->in_memory_count; k++) {
    const int32_t i = s->operands->in_memory[k];
    s->at[i] = (char *)segment->bases[i] + element * s->operands->element_bytes[i];
  }
}

/* Lets the loop begin at an element of a segment. */
static void go_to(translated_state *s, const ck_segment *segment, int64_t element) {
  for (int32_t k = 0; k < s->operands->in_memory_count; k++) {
    const int32_t i = s->operands->in_memory[k];
    const ck_view *view = rows_of(s->group, i);
    int64_t place = element;
    if (view) {
      const int64_t number = element / s->operands->row, within = element % s->operands->row;
      const int32_t *index = view->gather < 0 ? NULL : segment->bases[view->gather];
      place = (index ? index[number] : number) * view->strides[0] + within;
      if (index && within == 0) ck_ask_for_row(segment->bases[i], view, s->operands->element_bytes[i], index, number + ck_rows_ahead(view, s->operands->element_bytes[i]));
    }
    if (is_reduced(s->group, i)) {
      s->at[i] = reduced_elements(s, i) + (element - s->block_start) * s->operands->element_bytes[i];
    } else {
      s->at[i] = (char *)s->bases[i] + place * s->operands->element_bytes[i];
    }
  }
}

/* Behind what a reduction combines there is room for a vector. */
static bool is_output(const ck_group *g, int32_t number) { return !is_reduced(g, number) && g->operands[number].output; }

/* A vector that is not full: what it writes to outputs goes through memory of our own. */
static void run_last_vector(translated_state *s, int64_t whole, int64_t rest) {
  char *outputs[CK_TRANSLATED_OPERANDS];
  _Alignas(CK_SPLAT_BYTES) char written[CK_TRANSLATED_OPERANDS][CK_SPLAT_BYTES];
  for (int32_t k = 0; k < s->operands->in_memory_count; k++) {
    const int32_t i = s->operands->in_memory[k];
    outputs[i] = s->at[i] + whole * s->operands->element_bytes[i];
    s->at[i] = is_output(s->group, i) ? written[i] : outputs[i];
  }
  s->code(s->at, 0, s->splats, 0, 1);
  for (int32_t k = 0; k < s->operands->in_memory_count; k++) {
    const int32_t i = s->operands->in_memory[k];
    if (is_output(s->group, i)) memcpy(outputs[i], written[i], (size_t)(rest * s->operands->element_bytes[i]));
  }
}

/* Turns over so many elements from one on, or over them backwards; and then single vectors from `zero` on. */
static void run_turns(const translated_state *s, int64_t zero, int64_t first, int64_t step, int64_t vectors) {
  char *addresses[CK_TRANSLATED_OPERANDS];
  for (int32_t k = 0; k < s->operands->in_memory_count; k++) {
    const int32_t i = s->operands->in_memory[k];
    addresses[i] = s->at[i] + zero * s->operands->element_bytes[i];
  }
  s->code(addresses, first, s->splats, step, vectors);
}

/* Whole vectors from the first element on; the last `backwards` elements from the end on, if there are so many. */
static void run_vectors(const translated_state *s, int64_t count, int64_t backwards) {
  /* Both are powers of two, and small tensors are many. */
  const int64_t turn = s->group->code_turn, turned = count & -turn, vectors = (count - turned) >> __builtin_ctzll((uint64_t)s->operands->vector);
  if (backwards > turned) backwards = turned;
  run_turns(s, turned - backwards, backwards - turned, turn, backwards ? 0 : vectors);
  if (!backwards) return;
  run_turns(s, turned - backwards - turn, backwards, -turn, 0);
  if (vectors) run_turns(s, turned, 0, turn, vectors);
}

/* Of so many elements those that whole vectors hold; with the last one rounded up where so many may be written. */
static int64_t in_vectors(const translated_state *s, int64_t count, int64_t writable) {
  const int64_t vector = s->operands->vector, up = (count + vector - 1) & -vector;
  return up > writable ? up - vector : up;
}

/* Up to which element a vector too much may be written at the end of a segment. */
static int64_t room_of(const translated_state *s, const ck_segment *segment) {
  const int64_t padded = elements_of(PADDED_BYTES, s);
  return segment->padded ? (segment->count + padded - 1) & -padded : segment->count;
}

/* The elements of a segment from start to end, the last `backwards` ones from the end on, where there are neither rows nor reductions. Small
   tensors are many: little is done before their first elements. */
static void run_plain(translated_state *s, const ck_segment *segment, int64_t start, int64_t end, int64_t backwards) {
  const int64_t vector = s->operands->vector, turn = s->group->code_turn, count = end - start;
  /* What lies beyond the end of a share is another's. */
  const int64_t whole = in_vectors(s, count, (end < segment->count ? end : room_of(s, segment)) - start);
  if (backwards) {
    place_plain(s, segment, start);
    if (whole) run_vectors(s, whole, backwards);
  } else if (whole) {
    const int64_t turned = whole & -turn;
    place_plain(s, segment, start + turned);
    s->code(s->at, -turned, s->splats, turn, (whole - turned) >> __builtin_ctzll((uint64_t)vector));
  }
  if (count > whole) {
    place_plain(s, segment, start);
    run_last_vector(s, whole, count - whole);
  }
}

/* The elements of a segment from start to end: all at once, the last `backwards` ones from the end on, or by gathered rows. */
static void run_translated(translated_state *s, const ck_segment *segment, int64_t start, int64_t end, int64_t backwards) {
  const int64_t room = room_of(s, segment);
  ask_for_few(s, segment, start);
  while (start < end) {
    const int64_t stop = s->operands->row ? ck_min64(end, (start / s->operands->row + 1) * s->operands->row) : end, count = stop - start;
    /* What is written beyond a row is the next row's, which comes after it. */
    const int64_t writable = stop == segment->count ? room : s->in_place ? stop : end;
    const int64_t whole = in_vectors(s, count, writable - start);
    go_to(s, segment, start);
    if (whole) run_vectors(s, whole, backwards);
    if (count > whole) run_last_vector(s, whole, count - whole);
    start = stop;
  }
}

/* Combines the elements that the code wrote down for a block, as the interpreter does. */
static void reduce_block(const translated_state *s, ck_block block) {
  const ck_group *g = s->group;
  char *at[CK_TRANSLATED_OPERANDS];
  int64_t step[CK_TRANSLATED_OPERANDS];
  block.at = at;
  block.step = step;
  for (int32_t k = 0; k < g->instr_count; k++) {
    const ck_instr *instr = &g->instrs[k];
    if (!ck_is_reduction(instr->op)) continue;
    at[instr->args[0]] = reduced_elements(s, ck_reduced(g, instr->dst));
    step[instr->args[0]] = g->code_vector_bytes;
    ck_isa_in_use()->kernels[g->dtype][instr->op](instr, &block);
  }
}

/* The same block by block, for groups with reductions. */
static void run_reduced(translated_state *s, const ck_segment *segment, int64_t share, int64_t start, int64_t end, int64_t backwards) {
  const ck_group *g = s->group;
  for (; start < end; start += g->block) {
    const int64_t count = ck_min64(g->block, end - start);
    s->block_start = start;
    run_translated(s, segment, start, start + count, start + count == end ? backwards : 0);
    reduce_block(s, (ck_block){.count = count, .start = start, .number = segment->first_block + start / g->block, .share = share, .group = g});
  }
}

/* Asks for where the next segment's operands are: what this one's hold has pushed that out of the caches. */
static void ask_for_addresses(const ck_group *g, const ck_segment *next) {
  for (int32_t i = 0; i < g->operand_count; i += 64 / (int32_t)sizeof(void *)) __builtin_prefetch(next->bases + i);
  __builtin_prefetch(next + 1);
}

int64_t ck_run_translated_blocks(const ck_group *g, int64_t share, int64_t first, int64_t last) {
  translated_state s;
  prepare_translated(&s, g);
  const bool is_plain = !s.operands->row && !g->reduction_count;
  const bool is_threads_last = (share + 1) % g->shares_of_thread == 0;
  for (int32_t i = ck_segment_of(g, first); i < g->segment_count; i++) {
    const ck_segment *segment = &g->segments[i];
    if (segment->first_block >= last) break;
    const int64_t start = ck_max64(0, first - segment->first_block) * g->block;
    const int64_t end = ck_min64(segment->count, (last - segment->first_block) * g->block);
    if (start >= end) continue;
    if (i + 1 < g->segment_count) ask_for_addresses(g, segment + 1);
    if (!take_scalars(&s, segment)) return ck_max64(first, segment->first_block);
    /* A processor reads on where a loop ends, and beyond a thread's last share are the first elements of another's, which would have to
       fetch them back. Backwards it reads on in what is this thread's. */
    const bool ends_share = end > (last - segment->first_block - 1) * g->block;
    const int64_t backwards = ends_share && is_threads_last && !s.operands->row ? elements_of(LAST_BYTES, &s) : 0;
    if (is_plain) {
      run_plain(&s, segment, start, end, backwards);
      continue;
    }
    enter_segment(&s, segment);
    s.in_place = s.operands->row && is_in_place(&s, segment);
    if (!has_rows(&s, segment, start, end)) return ck_max64(first, segment->first_block);
    if (g->reduction_count) {
      run_reduced(&s, segment, share, start, end, backwards);
    } else {
      run_translated(&s, segment, start, end, backwards);
    }
  }
  return last;
}

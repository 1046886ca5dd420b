/* Runs fused groups: by the machine code made for them, or else interpreted. */
#include "ck_internal.h"

#include <math.h>
#include <string.h>

int32_t ck_instruction_time(ck_op op) {
#define TIME(name, floating, integer, arguments, memory, picoseconds) [CK_##name] = picoseconds,
  static const int32_t known[CK_OPCODES] = {CK_INSTRUCTIONS(TIME)};
#undef TIME
  return known[op];
}

/* What one share needs besides the group, all in the thread's scratch memory. */
typedef struct {
  const ck_group *group;
  const ck_kernel *kernels; /* by instruction */
  int64_t slot_bytes;
  int64_t vector_mask; /* lanes of a vector, less one */
  char **at;
  int64_t *step;
  int64_t *advance;     /* for each operand, bytes from one block to the next */
  int32_t *moving;      /* operands that have such a distance */
  int32_t moving_count;
  char **detours;       /* for each output in memory, scratch for blocks that end within a vector */
  bool row_outputs;     /* some outputs in memory have one element a row */
  char *splats;         /* for each operand */
} run_state;

static run_state prepare(const ck_group *g, const ck_isa *isa) {
  const size_t element = (size_t)ck_dtype_bytes(g->dtype);
  const size_t operands = (size_t)g->operand_count;
  size_t outputs = 0;
  for (size_t i = 0; i < operands; i++) outputs += g->operands[i].kind == CK_STREAM && g->operands[i].output;
  run_state s = {.group = g, .kernels = isa->kernels[g->dtype], .slot_bytes = ck_slot_bytes(g),
                 .vector_mask = isa->vector_bytes / (int64_t)element - 1};
  const size_t pointers = ck_padded(operands * sizeof(void *));
  const size_t moving = ck_padded(operands * sizeof(int32_t));
  const size_t splats = operands * CK_SPLAT_BYTES;
  const size_t slots = ((size_t)g->slot_count + outputs) * (size_t)s.slot_bytes;
  char *memory = ck_scratch(4 * pointers + moving + splats + slots);
  s.at = (char **)memory, memory += pointers;
  s.step = (int64_t *)memory, memory += pointers;
  s.detours = (char **)memory, memory += pointers;
  s.advance = (int64_t *)memory, memory += pointers;
  s.moving = (int32_t *)memory, memory += moving;
  s.splats = memory, memory += splats;
  char *detour = memory + g->slot_count * s.slot_bytes;

  for (int32_t i = 0; i < g->operand_count; i++) {
    const ck_operand *operand = &g->operands[i];
    s.step[i] = isa->vector_bytes;
    s.detours[i] = NULL;
    s.advance[i] = 0;
    switch (operand->kind) {
      case CK_TEMP:
        s.at[i] = memory + operand->slot * s.slot_bytes;
        break;
      case CK_SPLAT:
        s.at[i] = s.splats + i * CK_SPLAT_BYTES;
        s.step[i] = 0;
        break;
      case CK_STREAM:
      case CK_BYTES:
        s.advance[i] = (operand->row ? g->block / g->inner : g->block) * ck_dtype_bytes(operand->dtype);
        s.moving[s.moving_count++] = i;
        if (operand->kind == CK_STREAM && operand->output) {
          s.detours[i] = detour;
          s.row_outputs |= operand->row;
          detour += s.slot_bytes;
        }
        break;
      default:
        break;
    }
  }
  return s;
}

void ck_fill_splat(char *to, const void *from, int32_t memory_type, int32_t compute_type) {
  uint64_t words;
  if (memory_type == compute_type && compute_type != CK_F64) {
    uint32_t bits;
    memcpy(&bits, from, sizeof bits);
    words = (uint64_t)bits << 32 | bits;
  } else {
    double value;
    switch (memory_type) {
      case CK_F32: value = *(const float *)from; break;
      case CK_F64: value = *(const double *)from; break;
      case CK_I32: value = *(const int32_t *)from; break;
      default: value = *(const uint8_t *)from; break;
    }
    if (compute_type == CK_F64) {
      memcpy(&words, &value, sizeof words);
    } else {
      const float rounded = (float)value;
      uint32_t bits = (uint32_t)(int32_t)(value != value ? 0 : value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : value);
      if (compute_type == CK_F32) memcpy(&bits, &rounded, sizeof bits);
      words = (uint64_t)bits << 32 | bits;
    }
  }
  for (int i = 0; i < CK_SPLAT_BYTES; i += sizeof words) memcpy(to + i, &words, sizeof words);
}

int32_t ck_segment_of(const ck_group *g, int64_t block) {
  int32_t low = 0, high = g->segment_count - 1;
  while (low < high) {
    const int32_t middle = low + (high - low + 1) / 2;
    if (g->segments[middle].first_block <= block) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

/* Where the operands of a segment are, at its block `within`. */
static void enter_segment(const run_state *s, const ck_segment *segment, int64_t within) {
  for (int32_t i = 0; i < s->group->operand_count; i++) {
    const ck_operand *operand = &s->group->operands[i];
    if (operand->kind == CK_TEMP) continue;
    if (operand->kind == CK_SPLAT) {
      ck_fill_splat(s->at[i], segment->bases[i], operand->dtype, s->group->dtype);
    } else {
      s->at[i] = (char *)segment->bases[i] + within * s->advance[i];
    }
  }
}

static void run_instrs(const run_state *s, const ck_block *block, int32_t first, int32_t last) {
  const ck_instr *instrs = s->group->instrs;
  for (int32_t k = first; k < last; k++) s->kernels[instrs[k].op](&instrs[k], block);
}

static void run_block(const run_state *s, const ck_block *block) {
  run_instrs(s, block, s->group->invariant_count, s->group->instr_count);
}

static void advance(const run_state *s) {
  for (int32_t m = 0; m < s->moving_count; m++) s->at[s->moving[m]] += s->advance[s->moving[m]];
}

/* A block that ends within a vector: what it writes to memory goes through scratch. */
static void run_ragged_block(const run_state *s, const ck_block *block) {
  const ck_group *g = s->group;
  const int64_t element = ck_dtype_bytes(g->dtype);
  for (int32_t m = 0; m < s->moving_count; m++) {
    const int32_t i = s->moving[m];
    if (!s->detours[i]) continue;
    char *const memory = s->at[i];
    s->at[i] = s->detours[i];
    s->detours[i] = memory;
  }
  run_block(s, block);
  for (int32_t m = 0; m < s->moving_count; m++) {
    const int32_t i = s->moving[m];
    if (!s->detours[i]) continue;
    char *const scratch = s->at[i];
    memcpy(s->detours[i], scratch, (size_t)((g->operands[i].row ? block->rows : block->count) * element));
    s->at[i] = s->detours[i];
    s->detours[i] = scratch;
  }
}

/* Segments of one element, a block each: each operand has room for a vector, and is read where it lies if it is of the compute type. */
static void run_numbers(const ck_group *g, const ck_kernel *kernels, int64_t first, int64_t last, long share) {
  const size_t operands = (size_t)g->operand_count, element = (size_t)ck_dtype_bytes(g->dtype);
  char *const values = ck_scratch(operands * (CK_SPLAT_BYTES + sizeof(char *) + sizeof(int64_t)));
  char **const at = (char **)(values + operands * CK_SPLAT_BYTES);
  int64_t *const step = (int64_t *)(at + operands);
  for (int32_t i = 0; i < g->operand_count; i++) {
    at[i] = values + i * CK_SPLAT_BYTES;
    step[i] = CK_SPLAT_BYTES;
  }
  ck_block block = {.count = 1, .share = share, .at = at, .step = step, .group = g};
  for (block.number = first; block.number < last; block.number++) {
    const ck_segment *segment = &g->segments[block.number];
    block.bases = segment->bases;
    for (int32_t i = 0; i < g->operand_count; i++) {
      const ck_operand *operand = &g->operands[i];
      if (operand->kind == CK_TEMP || (operand->kind == CK_STREAM && operand->output)) continue;
      if (operand->kind == CK_SPLAT && operand->dtype != g->dtype) {
        ck_fill_splat(values + i * CK_SPLAT_BYTES, segment->bases[i], operand->dtype, g->dtype);
      } else {
        at[i] = segment->bases[i];
      }
    }
    for (int32_t k = 0; k < g->instr_count; k++) kernels[g->instrs[k].op](&g->instrs[k], &block);
    for (int32_t i = 0; i < g->operand_count; i++)
      if (g->operands[i].kind == CK_STREAM && g->operands[i].output) memcpy(segment->bases[i], at[i], element);
  }
}

void ck_group_run(void *context, long share) {
  const ck_group *g = context;
  const int64_t last = g->share_starts[share + 1];
  int64_t first = g->share_starts[share];
  for (int32_t r = 0; r < g->reduction_count; r++) {
    const ck_group_reduction *reduction = &g->reductions[r];
    const int64_t kept = ck_partial_columns(reduction->columns);
    if (reduction->op == CK_SUMCOLUMNS) memset(reduction->partials + share * kept, 0, (size_t)kept * sizeof(double));
  }
  if (g->of_numbers) {
    run_numbers(g, ck_isa_in_use()->kernels[g->dtype], first, last, share);
    return;
  }
  if (g->code && first < last) first = ck_run_translated_blocks(g, share, first, last);
  if (first >= last) return;
  const run_state s = prepare(g, ck_isa_in_use());
  ck_block block = {.inner = g->inner, .share = share, .at = s.at, .step = s.step, .group = g};
  const int64_t rows_per_block = g->inner ? g->block / g->inner : 0;
  int64_t number = first;
  for (int32_t i = ck_segment_of(g, first); i < g->segment_count && number < last; i++) {
    const ck_segment *segment = &g->segments[i];
    const int64_t blocks = (segment->count + g->block - 1) / g->block;
    const int64_t end = ck_min64(last, segment->first_block + blocks);
    if (number >= end) continue;
    const int64_t first_within = number - segment->first_block;
    int64_t within = first_within;
    enter_segment(&s, segment, within);
    block.bases = segment->bases;
    for (; number < end; number++, within++) {
      block.number = number;
      block.start = within * g->block;
      block.start_row = within * rows_per_block;
      block.count = ck_min64(g->block, segment->count - block.start);
      block.rows = block.count == g->block ? rows_per_block : g->inner ? block.count / g->inner : 0;
      if (within == first_within) run_instrs(&s, &block, 0, g->invariant_count);
      if ((block.count | (s.row_outputs ? block.rows : 0)) & s.vector_mask) {
        run_ragged_block(&s, &block);
      } else {
        run_block(&s, &block);
      }
      advance(&s);
    }
  }
}

/* Adds up what the shares have of each column. */
static void finish_columns(const ck_group *g, const ck_group_reduction *reduction, void *result) {
  enum { TILE = 64 };
  const int64_t kept = ck_partial_columns(reduction->columns);
  for (int64_t column = 0; column < reduction->columns; column += TILE) {
    const int64_t columns = ck_min64(TILE, reduction->columns - column);
    double totals[TILE] = {0};
    for (int64_t share = 0; share < g->shares; share++) {
      const double *partials = reduction->partials + share * kept + column;
      for (int64_t c = 0; c < columns; c++) totals[c] += partials[c];
    }
    for (int64_t c = 0; c < columns; c++) {
      if (g->dtype == CK_F32) {
        ((float *)result)[column + c] = (float)totals[c];
      } else {
        ((double *)result)[column + c] = totals[c];
      }
    }
  }
}

void ck_group_finish(void *context, long share) {
  (void)share;
  const ck_group *g = context;
  for (int32_t r = 0; r < g->reduction_count; r++) {
    const ck_group_reduction *reduction = &g->reductions[r];
    if (reduction->op == CK_SUMCOLUMNS) {
      finish_columns(g, reduction, g->results[r]);
      continue;
    }
    for (int32_t i = 0; i < g->segment_count; i++) {
      const ck_segment *segment = &g->segments[i];
      const double *p = reduction->partials + segment->first_block;
      const int64_t blocks = (segment->count + g->block - 1) / g->block;
      double total = reduction->op == CK_SUMALL ? 0 : -INFINITY;
      for (int64_t b = 0; b < blocks; b++) {
        if (reduction->op == CK_SUMALL) {
          total += p[b];
        } else {
          total = total != total || total > p[b] ? total : p[b];
        }
      }
      void *result = g->results[r * g->segment_count + i];
      switch (g->dtype) {
        case CK_F32: *(float *)result = (float)total; break;
        case CK_F64: *(double *)result = total; break;
        /* A sum wraps as the additions would have; nothing is the greatest of none. */
        default: *(int32_t *)result = total < INT64_MIN ? INT32_MIN : (int32_t)(uint32_t)(int64_t)total; break;
      }
    }
  }
}

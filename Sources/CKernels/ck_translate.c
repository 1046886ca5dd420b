/* Translates the program of a group into machine code: one loop in which every value that is needed again stays in a register.

   Groups of f32 or f64 arithmetic without transcendental functions and numbers for each row, on contiguous memory, bytes among it, and on
   rows that are gathered, lie apart or are the same each time: what updates of optimizers are, bringing in a batch, a bias and many an
   activation behind it. Of a reduction the code writes down the elements, and the interpreter's own loop combines those of a block.
   Everything else, and every group where the machine or its rules do not allow it, is interpreted; the results are the same to the last
   bit, for each instruction is done with the operations that the C compiler chooses for ck_elementwise.h. */
#include "ck_internal.h"

#if defined(__x86_64__) && defined(__unix__)

#include "ck_translated.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Rows shorter than that are read faster without a call for each. One that is the same each time is written down until it is long. */
enum { BLOCK_BYTES = 16384, LEAST_ROW = 64, LONG_ROW = 512 };

/* A block ends with what is known of the operands. */
enum { CODE_BYTES = BLOCK_BYTES - (int)((sizeof(ck_code_operands) + 63) & ~(size_t)63) };

/* Addresses are kept here; rax counts elements up or down to zero, rsi is the step, rdx points to the splats, rdi to the addresses until
   they are loaded. */
static const uint8_t address_registers[] = {RCX, 8, 9, 10, 11, RBX, RBP, 12, 13, 14, 15, RDI};
enum { ADDRESSES = sizeof address_registers };

static void translate_instr(translation *t) {
  const ck_instr *instr = &t->group->instrs[t->instr];
  int *const held = t->held[t->vector];
  argument arguments[4] = {0};
  find_arguments(t, arguments);
  const bool reduces = ck_is_reduction(instr->op), stores = instr->op == CK_STORE;
  const int result = reduces || stores ? NOWHERE : compute(t, instr->op, arguments);
  if (stores) store_truths(t, arguments[0].at.number, in_stream(t, instr->dst));
  if (reduces) put(&t->code, V_STORE, arguments[0].at.number, 0, at_index(t->address[ck_reduced(t->group, instr->dst)], t->vector, (int32_t)ck_dtype_bytes(t->group->dtype)));
  for (int k = 0; k < argument_count(instr->op); k++) {
    const int operand = instr->args[k];
    if (held[operand] == NOWHERE || !arguments[k].is_spent) continue;
    if (held[operand] != result) give_back(t, held[operand]);
    held[operand] = NOWHERE;
  }
  if (reduces || stores) return;
  if (held[instr->dst] != NOWHERE) give_back(t, held[instr->dst]);
  held[instr->dst] = result;
  if (t->group->operands[instr->dst].kind == CK_STREAM) put(&t->code, V_STORE, result, 0, in_stream(t, instr->dst));
  if (!is_needed_later(t, instr->dst)) {
    give_back(t, result);
    held[instr->dst] = NOWHERE;
  }
}

/* Whether all that an operand does is to choose between others. */
static bool only_chooses(const ck_group *g, int operand) {
  for (int i = 0; i < g->instr_count; i++) {
    const ck_instr *instr = &g->instrs[i];
    if (uses(instr, operand) > (instr->op == CK_SELECT && instr->args[0] == operand)) return false;
  }
  return true;
}

/* Splats in the order of their operands, into as many registers as the loop leaves. Says how many are left then. */
static int keep_splats(translation *t, int spare_registers) {
  for (int i = 0; i < t->group->operand_count && spare_registers > 0; i++) {
    if (t->group->operands[i].kind != CK_SPLAT) continue;
    const int number = value_of(t, i);
    if (only_chooses(t->group, i) && PASSING_MASK + t->masks < LAST_MASK) {
      t->mask[i] = t->code.wide ? PASSING_MASK + ++t->masks : number;
      put_masked(&t->code, V_COMPARE, t->mask[i], number, constant(t, ZERO), 0, false, NOT_EQUAL);
    }
    for (int k = 0; k < MOST_VECTORS; k++) t->held[k][i] = number;
    t->stays[i] = true;
    spare_registers--;
  }
  return spare_registers;
}

/* The reciprocals of what bytes are divided by; a division needs one register more then. Says how many are left. */
static int keep_reciprocals(translation *t, int spare_registers) {
  for (int i = 0; i < t->group->instr_count && spare_registers >= 2; i++) {
    const int divisor = t->group->instrs[i].args[1];
    if (!divides_bytes(t->group, i) || t->reciprocal[divisor] != NOWHERE) continue;
    const int number = t->reciprocal[divisor] = take(t);
    move(t, number, constant(t, ONE));
    put(&t->code, V_DIV, number, number, place_of(t, divisor));
    t->divisors |= (uint64_t)1 << divisor;
    spare_registers--;
  }
  return t->divisors ? spare_registers - 1 : spare_registers;
}

/* Constants that the loop asked for when it was written before. */
static void keep_constants(translation *t, uint32_t wanted, int spare_registers) {
  for (int c = 0; c < CONSTANTS && spare_registers > 0; c++) {
    if (!(wanted >> c & 1)) continue;
    const int number = take(t);
    move(t, number, constant(t, c));
    t->constant[c] = number;
    spare_registers--;
  }
}

/* Whether an operand is first read after something was written to memory. */
static bool is_read_after_store(const ck_group *g, int operand) {
  bool is_stored = false;
  for (int i = 0; i < g->instr_count; i++) {
    if (uses(&g->instrs[i], operand)) return is_stored;
    is_stored |= !ck_is_reduction(g->instrs[i].op) && ck_is_in_memory(&g->operands[g->instrs[i].dst]);
  }
  return false;
}

/* Loads what is first read after something was written. Arrays begin at the same place of a page, and a processor that compares no more
   than that takes what is read for what was just written to another. */
static void read_first(translation *t, int first_vector, int end) {
  for (int i = 0; i < t->group->operand_count && t->reads_first; i++) {
    const ck_operand *operand = &t->group->operands[i];
    if (operand->kind != CK_STREAM || operand->output || !is_read_after_store(t->group, i)) continue;
    for (t->vector = first_vector; t->vector < end; t->vector++) value_of(t, i);
  }
}

/* One turn of a loop over `vectors`: side by side, so that they need not wait for one another, or one after another. */
static void write_turn(translation *t, int vectors, bool side_by_side) {
  const int instrs = t->group->instr_count, together = side_by_side ? vectors : 1;
  for (int k = 0; k < vectors * instrs && !t->failed; k++) {
    if (k % (instrs * together) == 0) read_first(t, k / instrs, k / instrs + together);
    t->instr = side_by_side ? k / vectors : k % instrs;
    t->vector = side_by_side ? k % vectors : k / instrs;
    translate_instr(t);
  }
}

/* A ck_translated: a loop over several vectors at a time, and one over what is left. Says how many registers splats and constants keep. */
static int write_code(translation *t, int vectors, bool side_by_side, int registers_to_keep) {
  /* endbr64, for processors that check where calls go; push rbx, rbp, r12 ... r15 */
  static const char save[] = "\xF3\x0F\x1E\xFA\x53\x55\x41\x54\x41\x55\x41\x56\x41\x57";
  /* pop r15 ... r12, rbp, rbx */
  static const char restore[] = "\x41\x5F\x41\x5E\x41\x5D\x41\x5C\x5D\x5B";
  const ck_group *g = t->group;
  assembler *const a = &t->code;
  a->size = CONSTANTS * CONSTANT_BYTES;
  a->is_full = t->failed = false;
  t->free = a->wide ? 0xFFFFFFFF : 0xFFFF;
  const int registers = __builtin_popcount(t->free);
  t->least_free = registers;
  t->vector = t->masks = 0;
  t->divisors = 0;
  for (int c = 0; c < CONSTANTS; c++) t->constant[c] = NOWHERE;
  int addresses = 0;
  for (int i = 0; i < g->operand_count; i++) {
    for (int k = 0; k < MOST_VECTORS; k++) t->held[k][i] = NOWHERE;
    t->address[i] = NOWHERE;
    t->stays[i] = false;
    t->mask[i] = t->reciprocal[i] = NOWHERE;
  }
  put_bytes(a, save, sizeof save - 1);
  put_bytes(a, "\x41\x50\x48\x89\xF0\x48\x89\xCE", 8); /* push r8: the vectors that are left; mov rax, rsi; mov rsi, rcx */
  for (int i = 0; i < ck_reduced(g, g->reduction_count); i++) {
    if (!ck_has_address(g, i)) continue;
    if (addresses == ADDRESSES) {
      t->failed = true;
      return 0;
    }
    t->address[i] = address_registers[addresses++];
    put_load_address(a, t->address[i], RDI, i * (int32_t)sizeof(char *));
  }
  const uint32_t wanted = t->constants;
  keep_constants(t, wanted, keep_reciprocals(t, keep_splats(t, registers_to_keep)));
  t->constants = 0; /* from here on, those of the loop */
  const int kept = registers - __builtin_popcount(t->free);
  put_bytes(a, "\x48\x85\xC0", 3); /* test rax, rax */
  const size_t skip = put_jump(a, JUMP_IF_ZERO);
  align_code(a, 64);
  const size_t top = a->size;
  write_turn(t, vectors, side_by_side);
  put_bytes(a, "\x48\x01\xF0", 3); /* add rax, rsi */
  aim_jump(a, put_jump(a, JUMP_IF_NOT_ZERO), top);
  aim_jump(a, skip, a->size);
  put_bytes(a, "\x48\x8B\x34\x24\x48\x85\xF6", 7); /* mov rsi, [rsp]; test rsi, rsi */
  const size_t end = put_jump(a, JUMP_IF_ZERO), rest = a->size;
  write_turn(t, 1, false);
  put_bytes(a, "\x48\x05", 2); /* add rax, the elements of a vector */
  put_int32(a, lanes(t));
  put_bytes(a, "\x48\xFF\xCE", 3); /* dec rsi */
  aim_jump(a, put_jump(a, JUMP_IF_NOT_ZERO), rest);
  aim_jump(a, end, a->size);
  put_bytes(a, "\x48\x83\xC4\x08", 4); /* add rsp, 8 */
  put_bytes(a, restore, sizeof restore - 1);
  put_bytes(a, "\xC5\xF8\x77\xC3", 4); /* vzeroupper, ret */
  return kept;
}

/* First with splats and constants that come and go, to see how many registers the loop needs, and then with as many of them kept as it leaves;
   those that do not come and go any more may leave it more. */
static void write_code_in_registers(translation *t, int vectors, bool side_by_side) {
  int wanted = 0, kept = write_code(t, vectors, side_by_side, 0);
  while (!t->failed && t->least_free > 0 && kept == wanted) {
    wanted += t->least_free;
    kept = write_code(t, vectors, side_by_side, wanted);
  }
}

/* Whether an operand's elements can be read and written by the loop as they lie in memory, or its rows' can. */
static bool is_accessible(const ck_group *g, const ck_operand *operand) {
  if (operand->row || (operand->dtype == CK_F64 && g->dtype != CK_F64)) return false;
  return !operand->output || operand->dtype == g->dtype || operand->dtype == CK_BOOL;
}

static int64_t greatest_common_divisor(int64_t a, int64_t b) { return b == 0 ? a : greatest_common_divisor(b, a % b); }

/* After how many elements the code is called anew: those of a row, all operands that have rows having them alike; 0 where none has. Where
   each row is the same, as many of them as make a long one, whole vectors if these are not too many. -1: the code is of no use. */
static int64_t row_of_code(const ck_group *g) {
  int64_t row = 0;
  bool repeats = true;
  for (int32_t i = 0; i < g->operand_count; i++) {
    if (g->operands[i].kind != CK_VIEW) continue;
    const ck_view *view = &g->views[g->operands[i].view];
    if (view->rank != 2 || view->strides[1] != 1 || view->strides[0] < 0 || (row && row != view->dims[1])) return -1;
    row = view->dims[1];
    repeats &= view->gather < 0 && view->strides[0] == 0;
  }
  if (!row || !repeats || row >= LONG_ROW) return !row || row >= LEAST_ROW ? row : -1;
  const int64_t step = CK_SPLAT_BYTES / 4 / greatest_common_divisor(row, CK_SPLAT_BYTES / 4);
  const int64_t times = (LONG_ROW + row - 1) / row, whole = (times + step - 1) / step * step;
  return row * (whole * row <= 4 * LONG_ROW ? whole : times);
}

static bool is_translatable(const ck_group *g) {
  if (g->dtype == CK_I32 || g->of_numbers || g->inner || ck_reduced(g, g->reduction_count) > CK_TRANSLATED_OPERANDS) return false;
  if (row_of_code(g) < 0) return false;
  for (int i = 0; i < g->operand_count; i++)
    if (ck_is_in_memory(&g->operands[i]) && !is_accessible(g, &g->operands[i])) return false;
  for (int i = 0; i < g->instr_count; i++)
    if (!has_code(g->instrs[i].op) || g->instrs[i].row) return false;
  /* A reduction of what lies in memory is a loop already. */
  return g->instr_count > g->reduction_count;
}

static void describe_operands(const ck_group *g, int64_t vector_bytes, ck_code_operands *all) {
  *all = (ck_code_operands){.computed_bytes = ck_dtype_bytes(g->dtype), .vector = vector_bytes / ck_dtype_bytes(g->dtype), .row = row_of_code(g)};
  for (int32_t i = 0; i < ck_reduced(g, g->reduction_count); i++) {
    const bool is_operand = i < g->operand_count;
    all->element_bytes[i] = is_operand ? ck_dtype_bytes(g->operands[i].dtype) : all->computed_bytes;
    if (ck_has_address(g, i)) all->in_memory[all->in_memory_count++] = i;
    if (is_operand && g->operands[i].kind == CK_SPLAT) all->scalars[all->scalar_count++] = i;
  }
}

bool ck_group_translate(ck_group *g, int64_t vector_bytes) {
  const int64_t widest = ck_isa_in_use()->vector_bytes;
  const char *setting = getenv("DESCENT_INTERPRET");
  ck_group_discard_code(g);
  if (!vector_bytes) vector_bytes = widest;
  if (vector_bytes < 32 || vector_bytes > widest || (setting && strcmp(setting, "1") == 0) || !is_translatable(g)) return false;
  uint8_t *block = mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return false;
  const bool doubles = g->dtype == CK_F64;
  for (int c = 0; c < CONSTANTS; c++) {
    const uint64_t words = doubles ? double_constants[c] : (uint64_t)float_constants[c] << 32 | float_constants[c];
    for (int at = 0; at < CONSTANT_BYTES; at += sizeof words) memcpy(block + c * CONSTANT_BYTES + at, &words, sizeof words);
  }
  translation t = {.code = {.code = block, .capacity = CODE_BYTES, .wide = vector_bytes == 64, .doubles = doubles}, .group = g};
  /* Short programs take more vectors a turn: where another process has half of a core, each instruction counts, those of the loop
     itself too. */
  static const struct { int vectors; bool side_by_side, reads_first; } ways[] = {
    {MOST_VECTORS, true, true}, {2, true, true}, {2, false, true}, {2, false, false},
  };
  int way = g->instr_count < 4 ? 0 : 1;
  for (; way < 4; way++) {
    t.reads_first = ways[way].reads_first;
    write_code_in_registers(&t, ways[way].vectors, ways[way].side_by_side);
    if (!t.failed) break;
  }
  describe_operands(g, vector_bytes, (ck_code_operands *)(block + CODE_BYTES));
  if (t.failed || t.code.is_full || mprotect(block, BLOCK_BYTES, PROT_READ | PROT_EXEC) != 0) {
    munmap(block, BLOCK_BYTES);
    return false;
  }
  g->code = block;
  g->code_vector_bytes = vector_bytes;
  g->code_turn = ways[way].vectors * lanes(&t);
  g->divisors = t.divisors;
  g->bounds = 0;
  for (int i = 0; i < g->instr_count; i++)
    if (is_bound(g, &g->instrs[i])) g->bounds |= (uint64_t)1 << g->instrs[i].args[0];
  return true;
}

void ck_group_discard_code(ck_group *g) {
  if (g->code) munmap(g->code, BLOCK_BYTES);
  g->code = NULL;
}

ck_translated ck_translated_code(const ck_group *g) {
  return (ck_translated)(uintptr_t)((uint8_t *)g->code + CONSTANTS * CONSTANT_BYTES);
}

const ck_code_operands *ck_operands_of_code(const ck_group *g) { return (const ck_code_operands *)((const uint8_t *)g->code + CODE_BYTES); }

#else

bool ck_group_translate(ck_group *g, int64_t vector_bytes) {
  (void)g, (void)vector_bytes;
  return false;
}

void ck_group_discard_code(ck_group *g) { (void)g; }

ck_translated ck_translated_code(const ck_group *g) {
  (void)g;
  return NULL;
}

const ck_code_operands *ck_operands_of_code(const ck_group *g) {
  (void)g;
  return NULL;
}

#endif

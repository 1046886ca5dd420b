/* Translates the program of a group into machine code: one loop in which every value that is needed again stays in a register.

   Groups without rows, reductions, views and conversions, of f32 arithmetic without transcendental functions: what updates of
   optimizers are. Everything else, and every group where the machine or its rules do not allow it, is interpreted; the results
   are the same to the last bit, for each instruction is done with the operations that the C compiler chooses for ck_elementwise.h. */
#include "ck_internal.h"

#if defined(__x86_64__) && defined(__unix__)

#include "ck_assembler.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Vectors of equal words at the start of a code block. */
enum { ONE, MINUS_ONE, SIGN_BIT, ALL_BUT_SIGN, INFINITE, CONSTANTS };
static const uint32_t constant_words[CONSTANTS] = {0x3F800000, 0xBF800000, 0x80000000, 0x7FFFFFFF, 0x7F800000};
enum { CONSTANT_BYTES = 64, BLOCK_BYTES = 16384 };

/* Predicates of comparisons. */
enum { EQUAL = 0, LESS = 1, LESS_OR_EQUAL = 2, UNORDERED = 3, NOT_EQUAL = 4, ORDERED = 7, GREATER = 0x1E };

/* Addresses are kept here; rax counts bytes, rsi says how many there are, rdx points to the splats, rdi to the addresses until
   they are loaded. */
static const uint8_t address_registers[] = {RCX, 8, 9, 10, 11, RBX, RBP, 12, 13, 14, 15, RDI};
enum { ADDRESSES = sizeof address_registers, NOWHERE = -1 };

typedef struct {
  assembler code;
  const ck_group *group;
  int instr;                                /* the one being translated */
  uint32_t free;                            /* vector registers */
  int least_free;                           /* the fewest that were free at any time */
  int address[CK_TRANSLATED_OPERANDS];      /* general register of a stream, or NOWHERE */
  int held[CK_TRANSLATED_OPERANDS];         /* vector register of the operand's value, or NOWHERE */
  bool stays[CK_TRANSLATED_OPERANDS];       /* a splat loaded before the loop */
  bool failed;
} translation;

static int argument_count(int op) {
  switch (op) {
    case CK_COPY: case CK_NEG: case CK_ABS: case CK_SIGN: case CK_SQRT: case CK_RECIP: case CK_FLOOR: case CK_CEIL:
    case CK_ROUND: case CK_NOT: case CK_ISFINITE:
      return 1;
    case CK_ADD: case CK_SUB: case CK_MUL: case CK_DIV: case CK_MAX: case CK_MIN: case CK_EQ: case CK_NE: case CK_LT:
    case CK_LE: case CK_AND: case CK_OR:
      return 2;
    case CK_SELECT: case CK_FMA: case CK_FMS: case CK_FNMA: case CK_LERP: case CK_SQLERP:
      return 3;
    case CK_AXPBY: case CK_AXMBY:
      return 4;
    default:
      return 0;
  }
}

/* ---- registers */

static int take(translation *t) {
  if (!t->free) {
    t->failed = true;
    return 0;
  }
  const int number = __builtin_ctz(t->free);
  t->free &= t->free - 1;
  const int left = __builtin_popcount(t->free);
  if (left < t->least_free) t->least_free = left;
  return number;
}

static void give_back(translation *t, int number) { t->free |= 1u << number; }

static bool reads(const ck_instr *instr, int operand) {
  for (int k = 0; k < argument_count(instr->op); k++)
    if (instr->args[k] == operand) return true;
  return false;
}

static bool is_needed_later(const translation *t, int operand) {
  for (int i = t->instr + 1; i < t->group->instr_count; i++) {
    if (reads(&t->group->instrs[i], operand)) return true;
    if (t->group->instrs[i].dst == operand) return false;
  }
  return false;
}

static location constant(int which) { return in_block(which * CONSTANT_BYTES); }

/* The register that holds an argument, loaded if it was not. */
static int value_of(translation *t, int operand) {
  if (t->held[operand] != NOWHERE) return t->held[operand];
  const int kind = t->group->operands[operand].kind;
  if (kind == CK_TEMP) {
    t->failed = true;
    return 0;
  }
  const int number = t->held[operand] = take(t);
  put(&t->code, V_LOAD, number, 0, kind == CK_SPLAT ? at_distance(RDX, operand * CK_SPLAT_BYTES) : at_index(t->address[operand]));
  return number;
}

/* ---- what instructions are made of; r, x, y, z are registers, r none of the others */

static void two(translation *t, operation op, int r, int x, int y) { put(&t->code, op, r, x, in_register(y)); }
static void move(translation *t, int r, int x) { put(&t->code, V_LOAD, r, 0, in_register(x)); }

/* r <- V_FMADD: x y + z, V_FMSUB: x y - z, V_FNMADD: z - x y */
static void fused(translation *t, operation op, int r, int x, int y, int z) {
  move(t, r, z);
  two(t, op, r, x, y);
}

/* A comparison's result: mask register 1 of AVX-512, or the vector register returned. */
static int compare(translation *t, int predicate, int x, location y) {
  const int mask = t->code.wide ? 1 : take(t);
  put_masked(&t->code, V_COMPARE, mask, x, y, 0, false, predicate);
  return mask;
}

/* mask ? x : y, and no mask any more */
static void choose(translation *t, int mask, int r, location x, int y) {
  if (t->code.wide) {
    put_masked(&t->code, V_BLEND_MASKED, r, y, x, mask, false, -1);
  } else {
    put_masked(&t->code, V_BLEND_VECTOR, r, y, x, 0, false, mask << 4);
    give_back(t, mask);
  }
}

/* mask ? 1 : 0, and no mask any more */
static void truth(translation *t, int mask, int r) {
  if (t->code.wide) {
    put_masked(&t->code, V_LOAD, r, 0, constant(ONE), mask, true, -1);
  } else {
    put(&t->code, V_AND, r, mask, constant(ONE));
    give_back(t, mask);
  }
}

static int zero(translation *t) {
  const int number = take(t);
  two(t, V_XOR, number, number, number);
  return number;
}

static void is_nonzero(translation *t, int r, int x) {
  const int nothing = zero(t);
  truth(t, compare(t, NOT_EQUAL, x, in_register(nothing)), r);
  give_back(t, nothing);
}

static void sign(translation *t, int r, int x) {
  const int nothing = zero(t), below = take(t);
  choose(t, compare(t, LESS, x, in_register(nothing)), below, constant(MINUS_ONE), x);
  choose(t, compare(t, GREATER, x, in_register(nothing)), r, constant(ONE), below);
  give_back(t, nothing), give_back(t, below);
}

/* The greater or smaller one; NaN if either is. */
static void extreme(translation *t, operation op, int r, int x, int y) {
  if (t->code.wide) {
    move(t, r, x);
    put_masked(&t->code, op, r, x, in_register(y), compare(t, ORDERED, x, in_register(x)), false, -1);
    return;
  }
  const int ordered = take(t);
  two(t, op, ordered, x, y);
  choose(t, compare(t, UNORDERED, x, in_register(x)), r, in_register(x), ordered);
  give_back(t, ordered);
}

static void compute(translation *t, int op, int r, const int *v) {
  assembler *const a = &t->code;
  const int spare = take(t);
  switch (op) {
    case CK_COPY: move(t, r, v[0]); break;
    case CK_NEG: put(a, V_XOR, r, v[0], constant(SIGN_BIT)); break;
    case CK_ABS: put(a, V_AND, r, v[0], constant(ALL_BUT_SIGN)); break;
    case CK_SIGN: sign(t, r, v[0]); break;
    case CK_SQRT: put(a, V_SQRT, r, 0, in_register(v[0])); break;
    case CK_RECIP:
      put(a, V_LOAD, spare, 0, constant(ONE));
      two(t, V_DIV, r, spare, v[0]);
      break;
    /* Rounding modes: to even, down, up; none of them reports inexactness. */
    case CK_ROUND: put_masked(a, V_ROUND, r, 0, in_register(v[0]), 0, false, 8); break;
    case CK_FLOOR: put_masked(a, V_ROUND, r, 0, in_register(v[0]), 0, false, 9); break;
    case CK_CEIL: put_masked(a, V_ROUND, r, 0, in_register(v[0]), 0, false, 10); break;
    case CK_NOT:
      two(t, V_XOR, spare, spare, spare);
      truth(t, compare(t, EQUAL, v[0], in_register(spare)), r);
      break;
    case CK_ISFINITE:
      put(a, V_AND, spare, v[0], constant(ALL_BUT_SIGN));
      truth(t, compare(t, LESS, spare, constant(INFINITE)), r);
      break;
    case CK_ADD: two(t, V_ADD, r, v[0], v[1]); break;
    case CK_SUB: two(t, V_SUB, r, v[0], v[1]); break;
    case CK_MUL: two(t, V_MUL, r, v[0], v[1]); break;
    case CK_DIV: two(t, V_DIV, r, v[0], v[1]); break;
    case CK_MAX: extreme(t, V_MAX, r, v[0], v[1]); break;
    case CK_MIN: extreme(t, V_MIN, r, v[0], v[1]); break;
    case CK_EQ: truth(t, compare(t, EQUAL, v[0], in_register(v[1])), r); break;
    case CK_NE: truth(t, compare(t, NOT_EQUAL, v[0], in_register(v[1])), r); break;
    case CK_LT: truth(t, compare(t, LESS, v[0], in_register(v[1])), r); break;
    case CK_LE: truth(t, compare(t, LESS_OR_EQUAL, v[0], in_register(v[1])), r); break;
    case CK_AND:
    case CK_OR:
      is_nonzero(t, spare, v[0]);
      is_nonzero(t, r, v[1]);
      two(t, op == CK_AND ? V_AND : V_OR, r, r, spare);
      break;
    case CK_SELECT:
      two(t, V_XOR, spare, spare, spare);
      choose(t, compare(t, NOT_EQUAL, v[0], in_register(spare)), r, in_register(v[1]), v[2]);
      break;
    case CK_FMA: fused(t, V_FMADD, r, v[0], v[1], v[2]); break;
    case CK_FMS: fused(t, V_FMSUB, r, v[0], v[1], v[2]); break;
    case CK_FNMA: fused(t, V_FNMADD, r, v[0], v[1], v[2]); break;
    case CK_LERP:
      two(t, V_SUB, r, v[1], v[0]);
      two(t, V_FMADD_IN_PLACE, r, v[2], v[0]);
      break;
    case CK_SQLERP:
      fused(t, V_FMSUB, r, v[1], v[1], v[0]);
      two(t, V_FMADD_IN_PLACE, r, v[2], v[0]);
      break;
    case CK_AXPBY:
      two(t, V_MUL, r, v[2], v[3]);
      two(t, V_FMADD, r, v[0], v[1]);
      break;
    case CK_AXMBY:
      two(t, V_MUL, r, v[2], v[3]);
      two(t, V_FMSUB, r, v[0], v[1]);
      break;
    default: t->failed = true; break;
  }
  give_back(t, spare);
}

/* ---- the loop */

static void translate_instr(translation *t) {
  const ck_instr *instr = &t->group->instrs[t->instr];
  const int count = argument_count(instr->op);
  int values[4];
  for (int k = 0; k < count; k++) values[k] = value_of(t, instr->args[k]);
  const int result = take(t);
  compute(t, instr->op, result, values);
  for (int k = 0; k < count; k++) {
    const int operand = instr->args[k];
    if (t->held[operand] == NOWHERE || t->stays[operand]) continue;
    const bool is_splat = t->group->operands[operand].kind == CK_SPLAT;
    if (!is_splat && operand != instr->dst && is_needed_later(t, operand)) continue;
    give_back(t, t->held[operand]);
    t->held[operand] = NOWHERE;
  }
  if (t->held[instr->dst] != NOWHERE) give_back(t, t->held[instr->dst]);
  t->held[instr->dst] = result;
  if (t->group->operands[instr->dst].kind == CK_STREAM) put(&t->code, V_STORE, result, 0, at_index(t->address[instr->dst]));
  if (!is_needed_later(t, instr->dst)) {
    give_back(t, result);
    t->held[instr->dst] = NOWHERE;
  }
}

/* Splats in the order of their operands, into as many registers as the loop leaves. */
static void keep_splats(translation *t, int spare_registers) {
  for (int i = 0; i < t->group->operand_count && spare_registers > 0; i++) {
    if (t->group->operands[i].kind != CK_SPLAT) continue;
    value_of(t, i);
    t->stays[i] = true;
    spare_registers--;
  }
}

/* void code(char *const *addresses, int64_t bytes, const char *splats), bytes a positive multiple of a vector's. */
static void write_code(translation *t, int registers_for_splats) {
  /* endbr64, for processors that check where calls go; push rbx, rbp, r12 ... r15 */
  static const char save[] = "\xF3\x0F\x1E\xFA\x53\x55\x41\x54\x41\x55\x41\x56\x41\x57";
  /* pop r15 ... r12, rbp, rbx */
  static const char restore[] = "\x41\x5F\x41\x5E\x41\x5D\x41\x5C\x5D\x5B";
  const ck_group *g = t->group;
  assembler *const a = &t->code;
  a->size = CONSTANTS * CONSTANT_BYTES;
  t->free = a->wide ? 0xFFFFFFFF : 0xFFFF;
  t->least_free = __builtin_popcount(t->free);
  int addresses = 0;
  for (int i = 0; i < g->operand_count; i++) {
    t->held[i] = t->address[i] = NOWHERE;
    t->stays[i] = false;
  }
  put_bytes(a, save, sizeof save - 1);
  for (int i = 0; i < g->operand_count; i++) {
    if (g->operands[i].kind != CK_STREAM) continue;
    if (addresses == ADDRESSES) {
      t->failed = true;
      return;
    }
    t->address[i] = address_registers[addresses++];
    put_load_address(a, t->address[i], RDI, i * (int32_t)sizeof(char *));
  }
  put_bytes(a, "\x31\xC0", 2); /* xor eax, eax */
  keep_splats(t, registers_for_splats);
  const size_t top = a->size;
  for (t->instr = 0; t->instr < g->instr_count && !t->failed; t->instr++) translate_instr(t);
  put_bytes(a, "\x48\x05", 2); /* add rax, the bytes of a vector */
  put_int32(a, a->wide ? 64 : 32);
  put_bytes(a, "\x48\x39\xF0", 3); /* cmp rax, rsi */
  put_bytes(a, "\x0F\x82", 2);     /* jb top */
  put_int32(a, (int32_t)(top - (a->size + 4)));
  put_bytes(a, restore, sizeof restore - 1);
  put_bytes(a, "\xC5\xF8\x77\xC3", 4); /* vzeroupper, ret */
}

static bool is_translatable(const ck_group *g) {
  if (g->dtype != CK_F32 || g->inner || g->reduction_count || g->operand_count > CK_TRANSLATED_OPERANDS) return false;
  for (int i = 0; i < g->operand_count; i++) {
    const ck_operand *operand = &g->operands[i];
    const bool is_memory = operand->kind == CK_STREAM && operand->dtype == CK_F32 && !operand->row;
    if (!is_memory && operand->kind != CK_TEMP && operand->kind != CK_SPLAT) return false;
  }
  for (int i = 0; i < g->instr_count; i++)
    if (argument_count(g->instrs[i].op) == 0 || g->instrs[i].row) return false;
  return g->instr_count > 0;
}

bool ck_group_translate(ck_group *g, int64_t vector_bytes) {
  const int64_t widest = ck_isa_in_use()->vector_bytes;
  const char *setting = getenv("DESCENT_INTERPRET");
  ck_group_discard_code(g);
  if (!vector_bytes) vector_bytes = widest;
  if (vector_bytes < 32 || vector_bytes > widest || (setting && strcmp(setting, "1") == 0) || !is_translatable(g)) return false;
  uint8_t *block = mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return false;
  for (int c = 0; c < CONSTANTS; c++)
    for (int lane = 0; lane < CONSTANT_BYTES / 4; lane++) memcpy(block + c * CONSTANT_BYTES + 4 * lane, &constant_words[c], 4);
  translation t = {.code = {.code = block, .capacity = BLOCK_BYTES, .wide = vector_bytes == 64}, .group = g};
  /* Once to see how many registers the loop needs when splats come and go, and once with what is left given to splats. */
  write_code(&t, 0);
  const int spare = t.least_free;
  if (!t.failed && spare > 0) write_code(&t, spare);
  if (t.failed || t.code.is_full || mprotect(block, BLOCK_BYTES, PROT_READ | PROT_EXEC) != 0) {
    munmap(block, BLOCK_BYTES);
    return false;
  }
  g->code = block;
  g->code_vector_bytes = vector_bytes;
  return true;
}

void ck_group_discard_code(ck_group *g) {
  if (g->code) munmap(g->code, BLOCK_BYTES);
  g->code = NULL;
}

ck_translated ck_translated_code(const ck_group *g) {
  return (ck_translated)(uintptr_t)((uint8_t *)g->code + CONSTANTS * CONSTANT_BYTES);
}

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

#endif

/* The instructions of a group as machine code. Included by ck_translate.c alone. */
#ifndef CK_TRANSLATED_H
#define CK_TRANSLATED_H

#include "ck_assembler.h"
#include "ck_instructions.h"

/* Vectors of equal elements at the start of a code block. */
enum { ZERO, ONE, SIGN_BIT, ALL_BUT_SIGN, INFINITE, SIGNS, WHOLE_ONE, CONSTANTS };
/* SIGNS is a table of AVX-512's "fix up": what becomes of each kind of number, four bits a kind. NaNs and zeros stay; the rest is 1 or -1. */
static const uint32_t float_constants[CONSTANTS] = {0, 0x3F800000, 0x80000000, 0x7FFFFFFF, 0x7F800000, 0xA9A9A111, 1};
static const uint64_t double_constants[CONSTANTS] = {0, 0x3FF0000000000000, 0x8000000000000000, 0x7FFFFFFFFFFFFFFF, 0x7FF0000000000000, 0xA9A9A111, 1};
enum { CONSTANT_BYTES = 64 };

/* Predicates of comparisons. */
enum { EQUAL = 0, LESS = 1, LESS_OR_EQUAL = 2, UNORDERED = 3, NOT_EQUAL = 4, ORDERED = 7, LESS_OR_GREATER = 0xC };

/* A turn of the loop computes a few vectors, side by side where there are registers enough. */
enum { NOWHERE = -1, MOST_VECTORS = 4 };

/* AVX-512's mask registers: one for a comparison's result that is used at once, and those behind it for masks that stay. */
enum { PASSING_MASK = 1, LAST_MASK = 7 };

typedef struct {
  assembler code;
  const ck_group *group;
  int instr;                                /* the one being translated */
  int vector;                               /* the one of a turn that is being translated */
  uint32_t free;                            /* vector registers */
  int least_free;                           /* the fewest that were free at any time */
  int address[CK_TRANSLATED_OPERANDS];      /* general register of a stream or of a reduction's elements, or NOWHERE */
  int held[MOST_VECTORS][CK_TRANSLATED_OPERANDS]; /* vector register of the operand's value, or NOWHERE */
  bool stays[CK_TRANSLATED_OPERANDS];       /* a splat loaded before the loop */
  int mask[CK_TRANSLATED_OPERANDS];         /* where a splat that only chooses stays as a mask, or NOWHERE */
  int masks;                                /* mask registers of AVX-512 that stay */
  int reciprocal[CK_TRANSLATED_OPERANDS];   /* vector register with that of a splat which bytes are divided by, or NOWHERE */
  uint64_t divisors;                        /* those splats, a bit each */
  int constant[CONSTANTS];                  /* vector register of a constant that stays in one, or NOWHERE */
  uint32_t constants;                       /* those that were asked for, a bit each */
  bool reads_first; /* what is first read after something was written is loaded at the beginning of a turn */
  bool failed;
} translation;

/* An argument of an instruction: in a register, or in memory where the instruction can read it there. */
typedef struct {
  location at;
  bool is_spent; /* nobody needs the value after this instruction, which may overwrite its register */
} argument;

/* MARK: registers */

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

/* How many of its arguments an operand is. */
static int uses(const ck_instr *instr, int operand) {
  int count = 0;
  for (int k = 0; k < argument_count(instr->op); k++) count += instr->args[k] == operand;
  return count;
}

static bool is_needed_later(const translation *t, int operand) {
  for (int i = t->instr + 1; i < t->group->instr_count; i++) {
    if (uses(&t->group->instrs[i], operand)) return true;
    if (writes(&t->group->instrs[i], operand)) return false;
  }
  return false;
}

/* Whether the instruction being translated is the last that needs its argument where it is now. */
static bool is_spent(const translation *t, int operand) {
  if (t->stays[operand]) return false;
  return t->group->operands[operand].kind == CK_SPLAT || writes(&t->group->instrs[t->instr], operand) || !is_needed_later(t, operand);
}

static location constant(translation *t, int which) {
  t->constants |= 1u << which;
  return t->constant[which] != NOWHERE ? in_register(t->constant[which]) : in_block(which * CONSTANT_BYTES);
}

static int lanes(const translation *t) { return (t->code.wide ? 64 : 32) / (int)ck_dtype_bytes(t->group->dtype); }
static location in_stream(const translation *t, int operand) {
  return at_index(t->address[operand], t->vector, (int32_t)ck_dtype_bytes(t->group->operands[operand].dtype));
}

static location place_of(translation *t, int operand) {
  if (t->held[t->vector][operand] != NOWHERE) return in_register(t->held[t->vector][operand]);
  switch (t->group->operands[operand].kind) {
    case CK_SPLAT: return at_distance(RDX, operand * CK_SPLAT_BYTES);
    case CK_STREAM: case CK_BYTES: case CK_VIEW: return in_stream(t, operand);
    default: t->failed = true; return in_register(0);
  }
}

/* The register that holds an operand, loaded if it was not. */
static int value_of(translation *t, int operand) {
  const location place = place_of(t, operand);
  if (place.place == IN_REGISTER) return place.number;
  put(&t->code, V_LOAD, t->held[t->vector][operand] = take(t), 0, place);
  return t->held[t->vector][operand];
}

/* What is read once is read by the instruction itself where that can be. */
static void find_arguments(translation *t, argument *arguments) {
  const ck_instr *instr = &t->group->instrs[t->instr];
  for (int k = 0; k < argument_count(instr->op); k++) {
    const int operand = instr->args[k];
    if (t->mask[operand] != NOWHERE) continue;
    arguments[k].is_spent = is_spent(t, operand);
    const bool is_read_once = uses(instr, operand) == 1 && arguments[k].is_spent;
    const bool from_memory = instr->op == CK_LOAD || (memory_arguments(instr->op) >> k & 1 && is_read_once);
    arguments[k].at = from_memory ? place_of(t, operand) : in_register(value_of(t, operand));
  }
}

/* MARK: what instructions are made of; r, x, y, z are registers, r none of the others */

static bool is_in_memory(const argument *a) { return a->at.place != IN_REGISTER; }
static void two(translation *t, operation op, int r, int x, int y) { put(&t->code, op, r, x, in_register(y)); }
static void move(translation *t, int r, location from) { put(&t->code, V_LOAD, r, 0, from); }

/* x y + z, x y - z, z - x y */
typedef enum { ADDED = 0, SUBTRACTED = 2, FROM_ADDEND = 4 } fused_kind;

/* Codes of what becomes of the register written, d: d last + source, source d + last, source last + d. */
typedef enum { TIMES_LAST = 0x98, PLUS_LAST = 0xA8, PLUS_SELF = 0xB8 } fused_form;

static void fuse(translation *t, fused_form form, fused_kind kind, int d, int source, location last) {
  put(&t->code, (operation){2, 1, (uint8_t)(form + kind), WIDE_ELEMENTS}, d, source, last);
}

/* v[0] v[1] + v[2] and its like, in the register of an argument that is spent, or else of a copy. */
static int multiply_add(translation *t, fused_kind kind, const argument *v) {
  static const int preference[] = {2, 0, 1};
  int d = NOWHERE;
  for (int in_memory = 0; in_memory < 2 && d == NOWHERE; in_memory++) {
    for (int k = 0; k < 3 && d == NOWHERE; k++) {
      const argument *a = &v[preference[k]];
      if (a->is_spent && is_in_memory(a) == in_memory) d = preference[k];
    }
  }
  const bool is_copied = d == NOWHERE;
  if (is_copied) d = 2;
  int r = v[d].at.number, other = NOWHERE;
  if (is_copied || is_in_memory(&v[d])) move(t, r = take(t), v[d].at);
  const argument *factor = &v[d == 0 ? 1 : 0], *last = &v[d == 2 ? 1 : 2];
  if (is_in_memory(factor) && is_in_memory(last)) move(t, other = take(t), factor->at);
  const location first = other == NOWHERE ? factor->at : in_register(other);
  if (first.place == IN_REGISTER) {
    fuse(t, d == 2 ? PLUS_SELF : PLUS_LAST, kind, r, first.number, last->at);
  } else {
    fuse(t, d == 2 ? PLUS_SELF : TIMES_LAST, kind, r, last->at.number, first);
  }
  if (other != NOWHERE) give_back(t, other);
  return r;
}

/* r <- r v + x */
static void scale_and_add(translation *t, int r, const argument *v, int x) {
  if (is_in_memory(v)) {
    fuse(t, TIMES_LAST, ADDED, r, x, v->at);
  } else {
    fuse(t, PLUS_LAST, ADDED, r, v->at.number, in_register(x));
  }
}

/* A comparison's result: mask register 1 of AVX-512, or the vector register returned. */
static int compare(translation *t, int predicate, int x, location y) {
  const int mask = t->code.wide ? PASSING_MASK : take(t);
  put_masked(&t->code, V_COMPARE, mask, x, y, 0, false, predicate);
  return mask;
}

/* mask ? x : y */
static void blend(translation *t, int mask, int r, location x, int y) {
  if (t->code.wide) {
    put_masked(&t->code, V_BLEND_MASKED, r, y, x, mask, false, -1);
  } else {
    put_masked(&t->code, V_BLEND_VECTOR, r, y, x, 0, false, mask << 4);
  }
}

/* mask ? x : y, and no mask any more */
static void choose(translation *t, int mask, int r, location x, int y) {
  blend(t, mask, r, x, y);
  if (!t->code.wide) give_back(t, mask);
}

/* mask ? 1 : 0, and no mask any more */
static void truth(translation *t, int mask, int r) {
  if (t->code.wide) {
    put_masked(&t->code, V_LOAD, r, 0, constant(t, ONE), mask, true, -1);
  } else {
    put(&t->code, V_AND, r, mask, constant(t, ONE));
    give_back(t, mask);
  }
}

/* A byte for each lane: 1 where x is neither 0 nor -0. */
static void store_truths(translation *t, int x, location to) {
  const int mask = compare(t, NOT_EQUAL, x, constant(t, ZERO)), other = take(t);
  if (t->code.wide) {
    put_masked(&t->code, V_LOAD, other, 0, constant(t, WHOLE_ONE), mask, true, -1);
    put(&t->code, V_STORE_LAST_BYTES, other, 0, to);
  } else {
    put_masked(&t->code, V_UPPER_HALF, mask, 0, in_register(other), 0, false, 1);
    two(t, V_NARROW_TO_16, mask, mask, other);
    if (t->code.doubles) two(t, V_NARROW_TO_16, mask, mask, mask);
    two(t, V_NARROW_TO_8, mask, mask, mask);
    put(&t->code, V_ABS_BYTES, mask, 0, in_register(mask));
    put(&t->code, t->code.doubles ? V_STORE_4_BYTES : V_STORE_8_BYTES, mask, 0, to);
    give_back(t, mask);
  }
  give_back(t, other);
}

/* One with the sign of what is less or greater than zero; the rest, zeros and NaNs, as it is. */
static void sign(translation *t, int r, int x) {
  if (t->code.wide) {
    put_masked(&t->code, V_FIX_UP, r, x, constant(t, SIGNS), 0, false, 0);
    return;
  }
  put(&t->code, V_AND, r, x, constant(t, SIGN_BIT));
  put(&t->code, V_OR, r, r, constant(t, ONE));
  choose(t, compare(t, LESS_OR_GREATER, x, constant(t, ZERO)), r, in_register(r), x);
}

/* The greater or smaller one; NaN if either is. The processor's own gives y where one is NaN, which is right if x is not. */
static void extreme(translation *t, operation op, int r, int x, location y) {
  if (is_bound(t->group, &t->group->instrs[t->instr])) {
    put(&t->code, op, r, x, y);
    return;
  }
  if (t->code.wide) {
    move(t, r, in_register(x));
    put_masked(&t->code, op, r, x, y, compare(t, ORDERED, x, in_register(x)), false, -1);
    return;
  }
  const int ordered = take(t);
  put(&t->code, op, ordered, x, y);
  choose(t, compare(t, UNORDERED, x, in_register(x)), r, in_register(x), ordered);
  give_back(t, ordered);
}

/* What lies in memory as it is computed with, as an f32 that becomes an f64, as an i32 or as a byte. */
static void load(translation *t, int r, location from) {
  const ck_operand *operand = &t->group->operands[t->group->instrs[t->instr].args[0]];
  const operation from_whole = t->code.doubles ? V_DOUBLE_FROM_WHOLE : V_FLOAT_FROM_WHOLE;
  if (operand->dtype == t->group->dtype) {
    move(t, r, from);
  } else if (operand->dtype == CK_F32) {
    put(&t->code, V_DOUBLE_FROM_FLOAT, r, 0, from);
  } else if (is_byte(operand)) {
    put(&t->code, V_WIDEN_BYTES, r, 0, from);
    put(&t->code, from_whole, r, 0, in_register(r));
  } else {
    put(&t->code, from_whole, r, 0, from);
  }
}

/* r <- x / y by y's reciprocal: q = x (1 / y), then q + (x - q y) (1 / y). Of all whole x from 0 to 255 and all y of usual size that
   is the quotient to the last bit (by trial of all of them). */
static void divide_bytes(translation *t, int r, int x, location y, int reciprocal) {
  const int rest = take(t);
  two(t, V_MUL, r, x, reciprocal);
  move(t, rest, in_register(x));
  fuse(t, PLUS_SELF, FROM_ADDEND, rest, r, y);
  fuse(t, PLUS_SELF, ADDED, r, rest, in_register(reciprocal));
  give_back(t, rest);
}

/* The register of the result: a new one, or that of an argument which is spent. */
static int compute(translation *t, int op, const argument *v) {
  assembler *const a = &t->code;
  /* Where the argument must be in a register. */
  const int x = v[0].at.number, y = v[1].at.number;
  switch (op) {
    case CK_FMA: return multiply_add(t, ADDED, v);
    case CK_FMS: return multiply_add(t, SUBTRACTED, v);
    case CK_FNMA: return multiply_add(t, FROM_ADDEND, v);
    case CK_COPY:
      if (v[0].is_spent && !is_in_memory(&v[0])) return x;
      break;
    default: break;
  }
  int r = take(t);
  switch (op) {
    case CK_COPY: move(t, r, v[0].at); break;
    case CK_NEG: put(a, V_XOR, r, x, constant(t, SIGN_BIT)); break;
    case CK_ABS: put(a, V_AND, r, x, constant(t, ALL_BUT_SIGN)); break;
    case CK_SIGN: sign(t, r, x); break;
    case CK_SQRT: put(a, V_SQRT, r, 0, v[0].at); break;
    case CK_RECIP:
      move(t, r, constant(t, ONE));
      put(a, V_DIV, r, r, v[0].at);
      break;
    /* Rounding modes: to even, down, up; none of them reports inexactness. */
    case CK_ROUND: put_masked(a, V_ROUND, r, 0, v[0].at, 0, false, 8); break;
    case CK_FLOOR: put_masked(a, V_ROUND, r, 0, v[0].at, 0, false, 9); break;
    case CK_CEIL: put_masked(a, V_ROUND, r, 0, v[0].at, 0, false, 10); break;
    case CK_NOT: truth(t, compare(t, EQUAL, x, constant(t, ZERO)), r); break;
    case CK_ISFINITE:
      put(a, V_AND, r, x, constant(t, ALL_BUT_SIGN));
      truth(t, compare(t, LESS, r, constant(t, INFINITE)), r);
      break;
    case CK_ADD:
    case CK_MUL: {
      /* One of the two in a register. */
      const int other = is_in_memory(&v[0]) ? 1 : 0;
      if (is_in_memory(&v[other])) move(t, r, v[other].at);
      put(a, op == CK_ADD ? V_ADD : V_MUL, r, is_in_memory(&v[other]) ? r : v[other].at.number, v[1 - other].at);
      break;
    }
    case CK_SUB: put(a, V_SUB, r, x, v[1].at); break;
    case CK_DIV: {
      const int reciprocal = t->reciprocal[t->group->instrs[t->instr].args[1]];
      if (reciprocal != NOWHERE && divides_bytes(t->group, t->instr)) {
        divide_bytes(t, r, x, v[1].at, reciprocal);
      } else {
        put(a, V_DIV, r, x, v[1].at);
      }
      break;
    }
    case CK_LOAD: load(t, r, v[0].at); break;
    case CK_MAX: extreme(t, V_MAX, r, x, v[1].at); break;
    case CK_MIN: extreme(t, V_MIN, r, x, v[1].at); break;
    case CK_EQ: truth(t, compare(t, EQUAL, x, v[1].at), r); break;
    case CK_NE: truth(t, compare(t, NOT_EQUAL, x, v[1].at), r); break;
    case CK_LT: truth(t, compare(t, LESS, x, v[1].at), r); break;
    case CK_LE: truth(t, compare(t, LESS_OR_EQUAL, x, v[1].at), r); break;
    case CK_AND:
    case CK_OR: {
      const int first = take(t);
      truth(t, compare(t, NOT_EQUAL, x, constant(t, ZERO)), first);
      truth(t, compare(t, NOT_EQUAL, y, constant(t, ZERO)), r);
      two(t, op == CK_AND ? V_AND : V_OR, r, r, first);
      give_back(t, first);
      break;
    }
    case CK_SELECT: {
      const int mask = t->mask[t->group->instrs[t->instr].args[0]];
      if (mask != NOWHERE) {
        blend(t, mask, r, v[1].at, v[2].at.number);
      } else {
        choose(t, compare(t, NOT_EQUAL, x, constant(t, ZERO)), r, v[1].at, v[2].at.number);
      }
      break;
    }
    case CK_LERP:
      two(t, V_SUB, r, y, x);
      scale_and_add(t, r, &v[2], x);
      break;
    case CK_SQLERP:
      if (v[1].is_spent && y != x && !(v[2].at.place == IN_REGISTER && v[2].at.number == y)) {
        give_back(t, r);
        r = y;
        fuse(t, PLUS_LAST, SUBTRACTED, r, y, in_register(x));
      } else {
        move(t, r, in_register(x));
        fuse(t, PLUS_SELF, SUBTRACTED, r, y, in_register(y));
      }
      scale_and_add(t, r, &v[2], x);
      break;
    case CK_AXPBY:
    case CK_AXMBY:
      put(a, V_MUL, r, v[2].at.number, v[3].at);
      fuse(t, PLUS_SELF, op == CK_AXPBY ? ADDED : SUBTRACTED, r, x, v[1].at);
      break;
    default: t->failed = true; break;
  }
  return r;
}

#endif

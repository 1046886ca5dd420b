/* What is known of a group's instructions before they become machine code. Included by ck_translated.h alone. */
#ifndef CK_INSTRUCTIONS_H
#define CK_INSTRUCTIONS_H

#include "ck_internal.h"

/* Whether it gives the operand a new value: what a reduction writes is none. */
static bool writes(const ck_instr *instr, int operand) { return instr->dst == operand && !ck_is_reduction(instr->op); }

static int argument_count(int op) {
  switch (op) {
    case CK_COPY: case CK_NEG: case CK_ABS: case CK_SIGN: case CK_SQRT: case CK_RECIP: case CK_FLOOR: case CK_CEIL:
    case CK_ROUND: case CK_NOT: case CK_ISFINITE: case CK_LOAD: case CK_STORE:
    case CK_SUMALL: case CK_MAXALL: case CK_SUMCOLUMNS:
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

/* Which arguments may be in memory, a bit each. */
static int memory_arguments(int op) {
  switch (op) {
    case CK_COPY: case CK_SQRT: case CK_RECIP: case CK_FLOOR: case CK_CEIL: case CK_ROUND:
      return 1;
    case CK_ADD: case CK_MUL:
      return 1 | 2;
    case CK_SUB: case CK_DIV: case CK_EQ: case CK_NE: case CK_LT: case CK_LE: case CK_SELECT: case CK_MAX: case CK_MIN:
      return 2;
    case CK_FMA: case CK_FMS: case CK_FNMA:
      return 1 | 2 | 4;
    case CK_LERP: case CK_SQLERP:
      return 4;
    case CK_AXPBY: case CK_AXMBY:
      return 2 | 8;
    default:
      return 0;
  }
}

/* Whether it is the greater or smaller one of a number that is the same everywhere, and not NaN where the code runs, and another. */
static bool is_bound(const ck_group *g, const ck_instr *instr) {
  return (instr->op == CK_MAX || instr->op == CK_MIN) && g->operands[instr->args[0]].kind == CK_SPLAT;
}

static bool is_byte(const ck_operand *operand) { return operand->dtype == CK_U8 || operand->dtype == CK_BOOL; }

/* Whether it divides bytes, as f32, by a number that is the same everywhere. */
static bool divides_bytes(const ck_group *g, int position) {
  const ck_instr *instr = &g->instrs[position];
  if (g->dtype != CK_F32 || instr->op != CK_DIV || g->operands[instr->args[1]].kind != CK_SPLAT) return false;
  while (position-- > 0) {
    const ck_instr *before = &g->instrs[position];
    if (writes(before, instr->args[0])) return before->op == CK_LOAD && is_byte(&g->operands[before->args[0]]);
  }
  return false;
}

#endif

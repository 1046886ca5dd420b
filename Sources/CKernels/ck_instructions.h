/* What is known of a group's instructions before they become machine code. Included by ck_translated.h alone. */
#ifndef CK_INSTRUCTIONS_H
#define CK_INSTRUCTIONS_H

#include "ck_internal.h"

/* Whether it gives the operand a new value: what a reduction writes is none. */
static bool writes(const ck_instr *instr, int operand) { return instr->dst == operand && !ck_is_reduction(instr->op); }

static bool has_code(int op) {
#define HAS_CODE(name, floating, integer, arguments, memory, ...) [CK_##name] = (memory) != CK_NO_CODE,
  static const bool known[CK_OPCODES] = {CK_INSTRUCTIONS(HAS_CODE)};
#undef HAS_CODE
  return known[op];
}

static int argument_count(int op) {
#define ARGUMENT_COUNT(name, floating, integer, arguments, ...) [CK_##name] = arguments,
  static const uint8_t known[CK_OPCODES] = {CK_INSTRUCTIONS(ARGUMENT_COUNT)};
#undef ARGUMENT_COUNT
  return known[op];
}

/* Which arguments of an instruction that has code may be in memory, a bit each. */
static int memory_arguments(int op) {
#define MEMORY_ARGUMENTS(name, floating, integer, arguments, memory, ...) [CK_##name] = memory,
  static const int8_t known[CK_OPCODES] = {CK_INSTRUCTIONS(MEMORY_ARGUMENTS)};
#undef MEMORY_ARGUMENTS
  return known[op];
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

/* CK_LOAD and CK_STORE of one compute type, for all types in memory. */

#define OF_MEMORY(f, memory) CK_PASTE(NAME(f), memory)

#define MEM float
#define MEM_NAME(f) OF_MEMORY(f, _f32)
#define MEM_IS_BOOL 0
#include "ck_load.h"

#define MEM double
#define MEM_NAME(f) OF_MEMORY(f, _f64)
#define MEM_IS_BOOL 0
#include "ck_load.h"

#define MEM int32_t
#define MEM_NAME(f) OF_MEMORY(f, _i32)
#define MEM_IS_BOOL 0
#include "ck_load.h"

#define MEM uint8_t
#define MEM_NAME(f) OF_MEMORY(f, _u8)
#define MEM_IS_BOOL 0
#include "ck_load.h"

#define MEM uint8_t
#define MEM_NAME(f) OF_MEMORY(f, _bool)
#define MEM_IS_BOOL 1
#include "ck_load.h"

static void NAME(load)(const ck_instr *instr, const ck_block *block) {
  const int32_t source = instr->args[0];
  const ck_operand *operand = &block->group->operands[source];
  T *out = (T *)block->at[instr->dst];
  const void *in = block->at[source];
  const int64_t start = instr->row ? block->start_row : block->start;
  const int64_t count = instr->row ? block->rows : block->count;
  if (operand->kind == CK_VIEW) {
    const ck_view *view = &block->group->views[operand->view];
    const int32_t *index = view->gather >= 0 ? block->bases[view->gather] : NULL;
    switch (operand->dtype) {
      case CK_F32: OF_MEMORY(load_view, _f32)(out, in, view, index, start, count); break;
      case CK_F64: OF_MEMORY(load_view, _f64)(out, in, view, index, start, count); break;
      case CK_I32: OF_MEMORY(load_view, _i32)(out, in, view, index, start, count); break;
      default: OF_MEMORY(load_view, _u8)(out, in, view, index, start, count); break;
    }
  } else {
    switch (operand->dtype) {
      case CK_F32: OF_MEMORY(run, _f32)(out, in, count); break;
      case CK_F64: OF_MEMORY(run, _f64)(out, in, count); break;
      case CK_I32: OF_MEMORY(run, _i32)(out, in, count); break;
      default: OF_MEMORY(run, _u8)(out, in, count); break;
    }
  }
}

static void NAME(store)(const ck_instr *instr, const ck_block *block) {
  void *out = block->at[instr->dst];
  const T *in = (const T *)block->at[instr->args[0]];
  const int64_t step = block->step[instr->args[0]];
  const int64_t count = instr->row ? block->rows : block->count;
  switch (block->group->operands[instr->dst].dtype) {
    case CK_F32: OF_MEMORY(store, _f32)(out, in, step, count); break;
    case CK_F64: OF_MEMORY(store, _f64)(out, in, step, count); break;
    case CK_I32: OF_MEMORY(store, _i32)(out, in, step, count); break;
    case CK_U8: OF_MEMORY(store, _u8)(out, in, step, count); break;
    default: OF_MEMORY(store, _bool)(out, in, step, count); break;
  }
}

#undef OF_MEMORY

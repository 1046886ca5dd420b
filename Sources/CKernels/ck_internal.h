/* What the kernel sources share with each other. */
#ifndef CK_INTERNAL_H
#define CK_INTERNAL_H

#include "CKernels.h"

#define CK_HIDDEN __attribute__((visibility("hidden")))

/* How much of a row is asked for ahead, at the most. */
enum { CK_ASKED_BYTES = 2048 };

/* One block of a group while it is being interpreted. */
typedef struct {
  int64_t count;     /* elements */
  int64_t rows;      /* rows, 0 without row structure */
  int64_t inner;     /* length of a row */
  int64_t start;     /* first element and first row within the segment */
  int64_t start_row;
  int64_t number;    /* among the blocks of all segments */
  int64_t share;
  char **at;         /* for each operand, where this block's elements are */
  const int64_t *step; /* for each operand, bytes from one vector to the next: 0 for a splat */
  void *const *bases;  /* the segment's memory */
  const ck_group *group;
} ck_block;

typedef void (*ck_kernel)(const ck_instr *instr, const ck_block *block);

/* Everything that is compiled once for each instruction set. */
typedef struct {
  const char *name;
  int32_t vector_bytes;
  ck_kernel kernels[3][CK_OPCODES]; /* by compute type */
  /* Units are tiles of CK_REDUCTION_TILE columns, counted over outer x column tiles. */
  void (*reduction[3])(const ck_reduction *reduction, int64_t first_unit, int64_t last_unit);
  void (*reduction_end[3])(const ck_reduction *reduction);
  void (*scatter_add[2])(const ck_scatter_add *scatter, int64_t first_row, int64_t last_row, int64_t first_column, int64_t last_column);
  void (*symmetric_eigen)(double *matrix, double *values, double *vectors, int64_t n);
  void (*gemm[2])(const ck_gemm *gemm, const void *panels, int64_t first_row, int64_t last_row);
  void (*gemm_pack[2])(const ck_gemm *gemm, void *panels);
  int64_t (*first_nonfinite[2])(const void *data, int64_t count);
  void (*pooling[2])(const ck_pooling *pooling, int64_t first_unit, int64_t last_unit);
  void (*fourier[2])(const ck_fourier *fourier, int64_t first_row, int64_t last_row);
  void (*fourier_chirp[2])(ck_fourier *fourier);
} ck_isa;

extern const ck_isa ck_isa_baseline CK_HIDDEN;
#if defined(__x86_64__)
extern const ck_isa ck_isa_avx2 CK_HIDDEN;
extern const ck_isa ck_isa_avx512 CK_HIDDEN;
#endif

const ck_isa *ck_isa_in_use(void) CK_HIDDEN;

/* A group's splats as loops read them: one vector of the widest kind for each operand. */
enum { CK_SPLAT_BYTES = 64, CK_TRANSLATED_OPERANDS = 48 };

/* The loop of a translated group. addresses: one for each operand, of those in memory only, and one for each reduction; splats: CK_SPLAT_BYTES for each operand.
   Turns from the element `first` on, each `step` elements behind the last, up to but not with element 0 of the addresses; and then so many
   single vectors from element 0 on. */
typedef void (*ck_translated)(char *const *addresses, int64_t first, const char *splats, int64_t step, int64_t vectors);
ck_translated ck_translated_code(const ck_group *group) CK_HIDDEN;
/* What runs of a group's code need to know of its operands; made with the code, for each share needs it. */
typedef struct {
  int64_t computed_bytes, vector; /* bytes of an element that is computed with, and how many of these a vector has */
  int64_t row;                    /* the code runs so many elements at a time: of a row, or of some that are the same; or 0 */
  int32_t in_memory[CK_TRANSLATED_OPERANDS], in_memory_count; /* numbers that have an address */
  int32_t scalars[CK_TRANSLATED_OPERANDS], scalar_count;      /* those of splats */
  int64_t element_bytes[CK_TRANSLATED_OPERANDS];
} ck_code_operands;
const ck_code_operands *ck_operands_of_code(const ck_group *group) CK_HIDDEN;
/* Runs it for blocks of a share. Returns the first block that is left to be interpreted. */
int64_t ck_run_translated_blocks(const ck_group *group, int64_t share, int64_t first, int64_t last) CK_HIDDEN;
/* The segment of a block; empty segments have the first block of their successor. */
int32_t ck_segment_of(const ck_group *group, int64_t block) CK_HIDDEN;
/* The value of one element in memory, in the compute type, repeated over a vector. */
void ck_fill_splat(char *to, const void *from, int32_t memory_type, int32_t compute_type) CK_HIDDEN;

/* This thread's scratch memory, at least `bytes` long and 64-byte aligned; its contents do not
   survive the kernel that asked for it. */
char *ck_scratch(size_t bytes) CK_HIDDEN;
/* A second one, for kernels that call others while they use it. */
char *ck_outer_scratch(size_t bytes) CK_HIDDEN;

static inline int64_t ck_min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t ck_max64(int64_t a, int64_t b) { return a > b ? a : b; }

static inline int64_t ck_dtype_bytes(int32_t dtype) {
  return dtype == CK_F64 ? 8 : dtype == CK_U8 || dtype == CK_BOOL ? 1 : 4;
}

/* Memory is handed out in units of a cache line. */
static inline size_t ck_padded(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

/* Bytes of a scratch slot for a block of such elements. Behind them: room for a vector too much, and an odd number of cache lines, so
   that slots of 4 KiB do not all compete for the same place in the cache. */
static inline int64_t ck_slot_bytes(const ck_group *g) { return (int64_t)ck_padded((size_t)(g->block * ck_dtype_bytes(g->dtype))) + 192; }

/* Whether it has elements of its own. */
static inline bool ck_is_in_memory(const ck_operand *operand) {
  return operand->kind == CK_STREAM || operand->kind == CK_BYTES || operand->kind == CK_VIEW;
}

/* Whether an instruction combines elements of a block: its dst is the number of a reduction, not of an operand. */
static inline bool ck_is_reduction(int op) { return op == CK_SUMALL || op == CK_MAXALL || op == CK_SUMCOLUMNS; }

/* Behind the addresses of a group's operands: the number of that at which its code writes down what a reduction is to combine. */
static inline int32_t ck_reduced(const ck_group *g, int32_t reduction) { return g->operand_count + reduction; }

/* Whether a group's code is given an address for the number: of an operand with elements of its own, or of a reduction. */
static inline bool ck_has_address(const ck_group *g, int32_t number) {
  return number >= g->operand_count || ck_is_in_memory(&g->operands[number]);
}

/* How many rows ahead a gathered one is asked for. Those of the next run, if they are known and leave much of the second-level cache
   to what comes between. */
static inline int64_t ck_rows_ahead(const ck_view *view, int64_t element_bytes) {
  enum { FEW = 6, MOST_BYTES = 131072 };
  const int64_t rows = view->dims[0];
  return view->index_count > rows && rows * view->strides[0] * element_bytes <= MOST_BYTES ? rows : FEW;
}

/* Asks for the row of an index, or for much of it; there need not be so many indices. */
static inline void ck_ask_for_row(const void *memory, const ck_view *view, int64_t element_bytes, const int32_t *index, int64_t number) {
  if (number >= view->index_count) return;
  const int64_t row = index[number];
  if (row < 0 || row >= view->limit) return;
  /* Of a row that is not read as it lies, all. */
  const int64_t elements = view->rank == 2 && view->strides[1] == 1 ? view->dims[1] : view->strides[0];
  const char *const at = (const char *)memory + row * view->strides[0] * element_bytes;
  for (int64_t i = 0; i < ck_min64(elements * element_bytes, CK_ASKED_BYTES); i += 64) __builtin_prefetch(at + i, 0, 3);
}

/* Before the first row of some is read: asks for the few behind it, unless all of this run have been asked for. */
static inline void ck_ask_for_few(const void *memory, const ck_view *view, int64_t element_bytes, const int32_t *index, int64_t number) {
  const int64_t ahead = ck_rows_ahead(view, element_bytes);
  for (int64_t k = 1; k < ahead && ahead != view->dims[0]; k++) ck_ask_for_row(memory, view, element_bytes, index, number + k);
}

#endif

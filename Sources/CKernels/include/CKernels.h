/* The vector loops behind TensorCore's plans.

   A plan is a list of kernel calls. Each kernel here is a function
       void kernel(void *context, long share)
   over a context prepared once by the plan; share is 0 ..< the number of shares the plan split the
   kernel into. Shares may run in any order on any thread and never write the same memory. How many
   there are may depend on the number of threads; which partial results there are and in which order
   they are combined depends on sizes alone, so results do not depend on the number of threads.

   Every memory area handed to a kernel starts at a 64-byte boundary or is a view into one that does,
   and may be *read* up to 64 bytes past its last element (never written past it). */
#ifndef DESCENT_CKERNELS_H
#define DESCENT_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ck_instruction_table.h"
#include "ck_platform.h"

typedef enum {
  CK_F32 = 0,
  CK_F64 = 1,
  CK_I32 = 2,
  CK_U8 = 3,
  CK_BOOL = 4, /* one byte, 0 or 1 */
} ck_dtype;

/* MARK: fused groups

   A group runs a short list of vector instructions over blocks of its iteration space: `count`
   elements, flat, in row-major order. It computes in one type (f32, f64 or i32); logical values are
   0 and 1 of that type.

   A group may be row-structured (inner > 0): the space is rows x inner, blocks hold whole rows, and
   row-level instructions and operands have one element a row.

   A group has one or more segments: the same program over different memory (the parameters of a
   model, say). Operand i of segment s lives at segments[s].bases[i]. */

typedef enum {
  CK_TEMP = 0,   /* scratch, `slot` says which */
  CK_STREAM = 1, /* contiguous memory of the compute type, element i of the space at base[i] */
  CK_SPLAT = 2,  /* one element in memory, read once a run, the same for all elements */
  CK_VIEW = 3,   /* memory reached through a ck_view; only CK_LOAD reads it */
  CK_BYTES = 4,  /* contiguous memory of another type than the compute type; only CK_LOAD and CK_STORE use it */
  CK_RAW = 5,    /* memory an instruction interprets itself (a random key) */
} ck_operand_kind;

enum { CK_MAX_RANK = 8 };

/* How element i of the space finds its place: i is split into indices by `dims` (row-major; their
   product is the space's count, or its rows for a row-level operand), and the element is
   base[sum(index[k] * strides[k])]. There is at least one dimension. Strides count elements and may be zero or negative.
   With gather >= 0, the index of dimension 0 is first replaced by element index[0] of operand
   `gather` (contiguous i32); an index outside 0 ..< limit reads NaN (0 in i32).
   Rows that are gathered lie anywhere, so memory is asked for them ahead: those of the indices that follow in `gather` too, which
   are likely to be gathered in the next run. */
typedef struct {
  int32_t rank;
  int32_t gather;
  int64_t limit;
  int64_t index_count; /* gather >= 0: how many indices lie there, dims[0] at the least */
  int64_t dims[CK_MAX_RANK];
  int64_t strides[CK_MAX_RANK];
} ck_view;

typedef struct {
  uint8_t kind;  /* ck_operand_kind */
  uint8_t dtype; /* type in memory (ck_dtype) */
  uint8_t row;   /* 1: one element a row */
  uint8_t output; /* 1: the group writes it */
  int32_t slot;  /* CK_TEMP: index of the scratch slot */
  int32_t view;  /* CK_VIEW: index into group->views */
} ck_operand;

/* CK_COPY and so on, as listed in the table. */
typedef enum {
#define CK_OPCODE(name, ...) CK_##name,
  CK_INSTRUCTIONS(CK_OPCODE)
#undef CK_OPCODE
  CK_OPCODES
} ck_op;

typedef struct {
  uint8_t op;
  uint8_t row; /* 1: works on one element a row (for CK_ROW...: the result is row-level, 0 here) */
  uint16_t dst;
  uint16_t args[4]; /* operand indices */
} ck_instr;

typedef struct {
  int64_t count;       /* elements */
  int64_t first_block; /* blocks of all segments are numbered in order */
  void **bases;        /* one per operand; unused for CK_TEMP */
  bool padded;         /* nothing else lies behind what it writes up to the next multiple of 64 bytes */
} ck_segment;

/* A reduction over the space of a group. */
typedef struct {
  int32_t op;       /* CK_SUMALL, CK_MAXALL or CK_SUMCOLUMNS */
  int64_t columns;  /* CK_SUMCOLUMNS: element i is in column i % columns; such a group has one segment. Else 1 */
  double *partials; /* one a block; CK_SUMCOLUMNS: ck_partial_columns a share */
} ck_group_reduction;

/* Numbers that a share keeps for so many columns: whole cache lines. */
static inline int64_t ck_partial_columns(int64_t columns) { return (columns + 7) & ~(int64_t)7; }

typedef struct {
  int32_t dtype; /* compute type */
  int32_t instr_count, operand_count, slot_count, segment_count, reduction_count;
  int32_t invariant_count; /* the first instructions give the same in every block and run once a share and segment */
  const ck_instr *instrs;
  const ck_operand *operands;
  const ck_view *views;
  const ck_segment *segments;
  int64_t inner;      /* 0, or the length of a row */
  bool of_numbers;    /* every segment is one element, and there are no rows: such a group is interpreted, by a way of its own */
  int64_t block;      /* elements in a full block; a multiple of inner if that is not 0. At most CK_MAX_BLOCK */
  int64_t block_count;
  int32_t shares;
  int32_t shares_of_thread; /* after each so many, those of another thread begin */
  const int64_t *share_starts; /* the first block of each share, and the end of the last */
  const ck_group_reduction *reductions;
  /* results[r * segment_count + segment]: where ck_group_finish puts the result (compute type), or one for each column */
  void **results;
  void *code; /* from ck_group_translate, or NULL */
  int64_t code_vector_bytes, code_turn; /* code_turn: elements of a turn of its loop */
  /* Splats, a bit each, that must not be NaN where the code runs, and those that must be neither tiny nor huge: segments in which
     one is are interpreted. */
  uint64_t bounds, divisors;
} ck_group;

enum { CK_MAX_BLOCK = 4096 };

void ck_group_run(void *group, long share);
/* After all shares: combines the partial results in the order of blocks or shares. Serial; share is ignored. */
void ck_group_finish(void *group, long share);

/* About how long an instruction takes, in picoseconds an element. */
int32_t ck_instruction_time(ck_op op);

/* Makes machine code of the group's program, where it can: x86-64 with AVX2 or AVX-512, f32 or f64, plain arithmetic on contiguous
   memory and on rows that are gathered, lie apart or are the same each time (of bytes and of i32 too), reductions of what it computes
   and truths written as bytes among it, and memory may be made executable. It gives the same bits as the interpreter, which does all other groups, and all of
   them with DESCENT_INTERPRET=1 in the environment. vector_bytes: 32 or 64, or 0 for the widest that the processor has.
   Says whether there is code now. Not while the group runs. */
bool ck_group_translate(ck_group *group, int64_t vector_bytes);
void ck_group_discard_code(ck_group *group);

/* MARK: other kernels */

/* Reduces the middle axis of a contiguous [outer, reduced, inner] array: out is [outer, inner].
   op: CK_SUMALL, CK_MAXALL, or CK_ROWARGMAX (out is i32). dtype f32, f64, i32.
   Split over outer x parts x column blocks. Where there is more than one part, each writes its totals, and ck_reduction_end puts them
   together in order; how many there are depends on sizes alone. */
typedef struct {
  const void *in;
  void *out;
  int64_t outer, reduced, inner;
  int32_t dtype, op;
  int64_t shares;
  int64_t parts, part_rows; /* of the reduced axis */
  void *partials;           /* [outer, parts, inner] of 8 bytes or less each; for more than one part */
} ck_reduction;
/* Fills in shares, parts and part_rows. Without parts there may be other shares: they are of tiles of so many results. */
void ck_reduction_prepare(ck_reduction *r);
enum { CK_REDUCTION_TILE = 64 };
static inline int64_t ck_reduction_tiles(const ck_reduction *r) { return (r->inner + CK_REDUCTION_TILE - 1) / CK_REDUCTION_TILE; }
void ck_reduction_run(void *reduction, long share);
void ck_reduction_end(void *reduction, long share);

/* Copies elements of element_size bytes between two strided views (no conversion), in shares of the first dimension. */
typedef struct {
  const void *in;
  void *out;
  int64_t shares;
  int32_t element_size, rank;
  int64_t dims[CK_MAX_RANK], in_strides[CK_MAX_RANK], out_strides[CK_MAX_RANK];
} ck_strided_copy;
void ck_strided_copy_run(void *copy, long share);

/* out[table_rows, width] = 0, then out[index[i]] += values[i] for i in order; an index out of range is left out.
   Each share owns a range of the table's columns or rows, so the order of additions is fixed. dtype f32, f64. */
typedef struct {
  const int32_t *index;
  const void *values;
  void *out;
  int64_t index_count, table_rows, width;
  int32_t dtype;
  int64_t shares;
} ck_scatter_add;
int64_t ck_scatter_add_shares(const ck_scatter_add *s);
void ck_scatter_add_run(void *scatter, long share);

/* rows[index_count]: the distinct values of index that are in 0 ..< table_rows, ascending, then -1s; places[i]: where in that
   list index[i] is, or -1. Serial. */
typedef struct {
  const int32_t *index;
  int32_t *rows, *places;
  int64_t index_count, table_rows;
} ck_distinct_rows;
void ck_distinct_rows_run(void *distinct, long share);

/* table[index[i]] = values[i], whole rows; an index out of range is left out. Those in range must differ from one another. */
typedef struct {
  const int32_t *index;
  const void *values;
  void *table;
  int64_t index_count, table_rows, row_bytes;
  int64_t shares;
} ck_write_rows;
int64_t ck_write_rows_shares(const ck_write_rows *w);
void ck_write_rows_run(void *write, long share);

/* Discrete Fourier transforms along the rows of arrays, without a factor: the sum over t of x[t] e^(-2 pi i k t / length), or with + if
   is_inverse. Split over rows.
   CK_FOURIER_COMPLEX: real and imaginary [rows, length] to out [2, rows, length].
   CK_FOURIER_FROM_REAL: real [rows, length] to out [2, rows, length / 2 + 1], the others being their conjugates; not inverse.
   CK_FOURIER_TO_REAL: real and imaginary [rows, length / 2 + 1] to out [rows, length]; inverse. The imaginary parts of elements that are
   their own conjugates count for nothing. dtype f32, f64. */
enum { CK_FOURIER_COMPLEX, CK_FOURIER_FROM_REAL, CK_FOURIER_TO_REAL };
enum { CK_FOURIER_MOST_PASSES = 64 };
typedef struct {
  const void *real, *imaginary;
  void *out;
  int64_t rows, length;
  int32_t form, is_inverse, dtype, is_halved; /* is_halved: real numbers two by two as complex ones */
  int64_t shares;
  /* The complex transform that is done: of so many points by passes of these radices, for `points` numbers, which are fewer where it is
     done as a convolution with a chirp (Bluestein). */
  int64_t points, size;
  int32_t pass_count, radices[CK_FOURIER_MOST_PASSES];
  int64_t table_size; /* numbers of the dtype that the tables take */
  void *tables;
} ck_fourier;
/* Fills in all but the addresses, from rows, length, form, is_inverse and dtype. */
void ck_fourier_prepare(ck_fourier *f);
/* Fills the tables, for which there is room. */
void ck_fourier_fill_tables(ck_fourier *f);
void ck_fourier_run(void *fourier, long share);

/* Row-major C[m, n] = op(A) op(B), f32 or f64; rows_per_share rows of C a share. With panels, room for ck_gemm_panels_size elements,
   B is only read by ck_gemm_pack_run, which has to come first; products may then follow one another for as long as B stays. */
typedef struct {
  const void *a, *b;
  void *c;
  int64_t m, n, k, lda, ldb, ldc;
  int32_t transpose_a, transpose_b;
  int32_t dtype;
  /* By ck_gemm_run alone. adds: C += instead. terms_backwards: an element's terms are added up from the last to the first. rows_backwards:
     the rows of C are computed from the last to the first where they are many, which changes no bit. A processor reads on where a loop over
     memory ends; backwards, it ends within what is this thread's. */
  bool adds, terms_backwards, rows_backwards;
  int64_t rows_per_share;
  void *panels;
} ck_gemm;
void ck_gemm_run(void *gemm, long share);
int64_t ck_gemm_panels_size(const ck_gemm *gemm);
void ck_gemm_pack_run(void *gemm, long share);
/* An f32 product by oneDNN, all of it. Returns 0 where oneDNN refuses, as it does where memory may not be made executable; C is then
   of no use. */
int ck_library_product(const ck_gemm *gemm);

/* The eigenvalues of a symmetric n x n matrix of finite elements, in no order, and row by row their vectors. The matrix is used up. */
void ck_symmetric_eigen(double *matrix, double *values, double *vectors, int64_t n);

/* Sets or copies bytes, in shares. */
typedef struct {
  const void *in; /* NULL: fill with zero bytes */
  void *out;
  int64_t bytes, shares;
} ck_move;
void ck_move_run(void *move, long share);

/* MARK: convolution and pooling

   Windows over one to three spatial axes of channels-last arrays; missing leading axes have size 1.
   Output position o sees input positions o * stride - low + k * dilation, k in 0 ..< window. */
typedef struct {
  int64_t batch, in_channels, out_channels, groups;
  int64_t in[3], out[3], window[3], stride[3], dilation[3], low[3];
} ck_windows;

/* Every window is one position, and all positions have one: the input is the matrix of windows. */
bool ck_is_pointwise(const ck_windows *windows);

/* Which of the three arrays of a convolution is computed from the other two. */
enum {
  CK_CONV_OUTPUT = 0, /* c = output; a = input, b = kernel */
  CK_CONV_INPUT = 1,  /* c = input; a = output, b = kernel */
  CK_CONV_KERNEL = 2, /* c = kernel; a = input, b = output */
};

/* Windows side by side as rows of a matrix, multiplied by the kernel [window, in_channels / groups, out_channels]. f32, f64. */
typedef struct {
  ck_windows windows;
  int32_t dtype, part;
  const void *a, *b;
  void *c;
  int64_t tile;   /* output positions whose windows are side by side at a time */
  int64_t shares;
  void *partials; /* CK_CONV_KERNEL with more than one share: shares * kernel elements */
} ck_convolution;
/* Fills in tile and shares. */
void ck_convolution_prepare(ck_convolution *conv);
void ck_convolution_run(void *conv, long share);
/* For CK_CONV_KERNEL with more than one share, after all of them: adds up the partials in order. As many shares. */
void ck_convolution_finish(void *conv, long share);
/* Instead: c = the windows of all output positions of the input a, a row each. Of one group; in as many shares. */
void ck_convolution_gather(void *conv, long share);

/* The same by oneDNN, f32 only: activations as they are, the kernel in the layout that oneDNN asks for. A step is `begin`
   (begin_shares, if any), `run` (shares), `finish` (finish_shares, if any) and `end` (end_shares, if any). */
typedef struct {
  const void *a, *b;
  void *c;
  int64_t begin_shares, shares, finish_shares, end_shares;
  void *library; /* what oneDNN made */
} ck_fast_convolution;
/* False if oneDNN is not there or has nothing fast for such a convolution. */
bool ck_fast_convolution_make(ck_fast_convolution *conv, const ck_windows *windows, int32_t part);
void ck_fast_convolution_free(ck_fast_convolution *conv);
void ck_fast_convolution_begin(void *conv, long share);
void ck_fast_convolution_run(void *conv, long share);
void ck_fast_convolution_finish(void *conv, long share);
void ck_fast_convolution_end(void *conv, long share);

enum {
  CK_POOL_CHOSEN = 0, /* out[window] = values[first greatest place of `in` in the window] */
  CK_POOL_PLACED = 1, /* out[that place] += values[window], from zeros */
  CK_POOL_MEAN = 2,   /* out[window] = mean of `in` in the window */
  CK_POOL_SPREAD = 3, /* out[place] += in[window] / elements in the window, from zeros */
};

/* Pooling of f32 or f64: in_channels channels, in groups of lines of windows (or of images, where windows of different lines reach the
   same places). */
typedef struct {
  ck_windows windows;
  int32_t dtype, part;
  const void *in, *values; /* values: CHOSEN and PLACED only */
  void *out;
  int64_t shares;
  int64_t units;    /* of an image that can be worked on side by side */
  int32_t is_tiled; /* every place is in exactly one window */
} ck_pooling;
/* Fills in shares, units and is_tiled. */
void ck_pooling_prepare(ck_pooling *pooling);
void ck_pooling_run(void *pooling, long share);

/* Index of the first element that is not finite, or -1 (dtype f32 or f64). */
int64_t ck_first_nonfinite(const void *data, int64_t count, int32_t dtype);

#endif

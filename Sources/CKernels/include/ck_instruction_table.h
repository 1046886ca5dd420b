/* The instructions of groups, a row each. Everything that is known of an instruction by its number is made from this table: the enum, the
   kernels of each instruction set and type, what machine code may do with its arguments, and how long it takes.

   f32 functions are within about 2 ulp, square roots exact; f64 is the C library's. In i32 arithmetic wraps,
   division truncates and x / 0 is 0, and instructions that only make sense for fractions (roots, exponentials,
   CK_RECIP, CK_POW, random numbers, ...) give 0.

   I(name, kernel for f32 and f64, kernel for i32, arguments, arguments that machine code may read in memory (a bit each) or
     CK_NO_CODE, about how long an element takes in picoseconds)

   Those before LOAD are elementwise: their result may take the place of an argument. Others stand behind it. */
#ifndef CK_INSTRUCTION_TABLE_H
#define CK_INSTRUCTION_TABLE_H

enum { CK_NO_CODE = -1 };

#define CK_INSTRUCTIONS(I) \
  I(COPY, copy, copy, 1, 1, 40) \
  I(NEG, neg, neg, 1, 0, 40) \
  I(ABS, abs, abs, 1, 0, 40) \
  I(SIGN, sign, sign, 1, 0, 40)                               /* zeros and NaN stay what they are */ \
  I(SQRT, sqrt, zero, 1, 1, 100) \
  I(RECIP, recip, zero, 1, 1, 100) \
  I(EXP, exp_kernel, zero, 1, CK_NO_CODE, 500) \
  I(EXPM1, expm1_kernel, zero, 1, CK_NO_CODE, 500) \
  I(LOG, log_kernel, zero, 1, CK_NO_CODE, 500) \
  I(LOG1P, log1p_kernel, zero, 1, CK_NO_CODE, 500) \
  I(SIN, sine_kernel, zero, 1, CK_NO_CODE, 500) \
  I(COS, cosine_kernel, zero, 1, CK_NO_CODE, 500) \
  I(TANH, tanh_kernel, zero, 1, CK_NO_CODE, 500) \
  I(ERF, erf_kernel, zero, 1, CK_NO_CODE, 500) \
  I(SIGMOID, sigmoid_kernel, zero, 1, CK_NO_CODE, 500) \
  I(SOFTPLUS, softplus_kernel, zero, 1, CK_NO_CODE, 500) \
  I(FLOOR, floor, copy, 1, 1, 40) \
  I(CEIL, ceil, copy, 1, 1, 40) \
  I(ROUND, round, copy, 1, 1, 40) \
  I(NOT, not, not, 1, 0, 40) \
  I(ISFINITE, isfinite, isfinite, 1, 0, 40) \
  I(ADD, add, add, 2, 1 | 2, 40) \
  I(SUB, sub, sub, 2, 2, 40) \
  I(MUL, mul, mul, 2, 1 | 2, 40) \
  I(DIV, div, div, 2, 2, 100) \
  I(MAX, max, max, 2, 2, 40) \
  I(MIN, min, min, 2, 2, 40) \
  I(POW, pow_kernel, zero, 2, CK_NO_CODE, 2000) \
  I(EQ, eq, eq, 2, 2, 40) \
  I(NE, ne, ne, 2, 2, 40) \
  I(LT, lt, lt, 2, 2, 40) \
  I(LE, le, le, 2, 2, 40) \
  I(AND, and, and, 2, 0, 40) \
  I(OR, or, or, 2, 0, 40) \
  I(SELECT, select, select, 3, 2, 40)                         /* a != 0 ? b : c */ \
  I(FMA, fma, fma, 3, 1 | 2 | 4, 40)                          /* a * b + c */ \
  I(FMS, fms, fms, 3, 1 | 2 | 4, 40)                          /* a * b - c */ \
  I(FNMA, fnma, fnma, 3, 1 | 2 | 4, 40)                       /* c - a * b */ \
  I(LERP, lerp, lerp, 3, 4, 40)                               /* a + c * (b - a) */ \
  I(SQLERP, sqlerp, sqlerp, 3, 4, 40)                         /* a + c * (b * b - a) */ \
  I(AXPBY, axpby, axpby, 4, 2 | 8, 40)                        /* a * b + c * d */ \
  I(AXMBY, axmby, axmby, 4, 2 | 8, 40)                        /* a * b - c * d */ \
  I(LOAD, load, load, 1, 0, 150)                              /* dst (temp) <- a (CK_VIEW, CK_BYTES), converted to the compute type */ \
  I(STORE, store, store, 1, 0, 150)                           /* dst (CK_BYTES) <- a, converted from the compute type */ \
  I(EXPAND, expand, expand, 1, CK_NO_CODE, 150)               /* dst (full) <- a (row), each row's value over the row */ \
  I(ROWSUM, rowsum, rowsum, 1, CK_NO_CODE, 40)                /* dst (row) <- a (full) */ \
  I(ROWMAX, rowmax, rowmax, 1, CK_NO_CODE, 40) \
  I(ROWARGMAX, rowargmax, rowargmax, 1, CK_NO_CODE, 40)       /* the first maximum, NaN counts as the greatest */ \
  I(SUMALL, sumall, sumall, 1, 0, 40)                         /* of this block, see ck_group_reduction; dst: number of the reduction */ \
  I(MAXALL, maxall, maxall, 1, 0, 40) \
  I(SUMCOLUMNS, sumcolumns, zero, 1, 0, 40)                   /* added to the partial results of this share; f32 and f64 */ \
  I(UNIFORM, uniform, zero, 1, CK_NO_CODE, 2000)              /* in [0, 1); a: CK_RAW key (two uint32), counter: number of the element */ \
  I(NORMAL, normal, zero, 1, CK_NO_CODE, 2000)                /* standard normal, same argument */

#endif

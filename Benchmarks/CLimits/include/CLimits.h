/* What the machine can do: loops written by hand for one purpose each, to print beside Descent's. */
#ifndef DESCENT_LIMITS_H
#define DESCENT_LIMITS_H

/* The loops, by what they read and write for each element. a is written in all of them. */
typedef enum {
  LIMIT_TRIAD,      /* a = b + 3 c */
  LIMIT_SGD,        /* parameter and gradient */
  LIMIT_MOMENTUM,   /* and one slot */
  LIMIT_LION,       /* one slot, with a sign */
  LIMIT_RMSPROP,    /* one slot, with a root and a division */
  LIMIT_ADAM,       /* two slots, with a root and a division */
  LIMIT_ADAMW,      /* and weight decay */
  LIMIT_NADAM,      /* as Adam, and the gradient a second time */
  LIMIT_NADAMW,     /* and weight decay */
  LIMIT_ADABELIEF,  /* as Adam, of what surprises */
  LIMIT_YOGI,       /* as Adam, with a sign */
  LIMIT_ADOPT,      /* as Adam, with three bounds */
  LIMIT_SCHEDULE_FREE, /* as Adam, with an average to undo and to take */
  LIMIT_ADADELTA,   /* two slots, with two roots and a division */
  LIMIT_AMSGRAD,    /* three slots, with a root and a division */
} limit_kind;

/* Bytes read or written for each element. */
int limit_bytes(limit_kind kind);

/* Starts the helper thread; loops then run on `threads` (1 or more) threads that spin between calls. */
void limits_start(int threads);
void limits_stop(void);

/* One pass over n elements of five arrays, split evenly over the threads. */
void limit_run(limit_kind kind, long n, float *a, float *b, float *c, float *d, float *e);

/* Rows of so many bytes, in any order, as floats of 0 to 1 one behind the other. */
void limit_rows(long count, long width, const int *order, const unsigned char *bytes, float *to);

/* oneDNN's product of row-major [m, k] and [k, n], either transposed if asked; split along the longer side of the result. */
void limit_any_product(int transpose_a, int transpose_b, long m, long n, long k, const float *a, const float *b, float *c);

/* Which of the three arrays of a convolution is computed from the other two. */
typedef enum { LIMIT_OUTPUT, LIMIT_INPUT, LIMIT_KERNEL } limit_part;

/* oneDNN's convolution of images size x size with a window at every stride-th position, padded where one reaches over the edge (Keras's
   "same"), the images split over the threads.
   Activations are channels-last arrays, or, if not `plain`, what oneDNN likes best; nothing is reordered. Null where there is no such
   convolution. */
typedef struct limit_convolution limit_convolution;
limit_convolution *limit_convolution_make(limit_part part, int plain, long images, long size, long channels, long filters, long window,
                                          long stride);
void limit_convolution_run(limit_convolution *convolution);
void limit_convolution_free(limit_convolution *convolution);

#endif

#include "CLimits.h"

#include <dlfcn.h>
#include <dnnl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef float vector __attribute__((vector_size(64), aligned(4), may_alias));
typedef void (*loop)(long n, float *a, float *b, float *c, float *d, float *e);
typedef void scaling(long n, const unsigned char *from, float *to);

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"), min_vector_width(512))), apply_to = function)
#define NAME(x) x##_avx512
#include "loops.h"
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME(x) x##_avx2
#include "loops.h"
#pragma clang attribute pop
#endif
#define NAME(x) x##_baseline
#include "loops.h"

/* Descent's kernels look at it, too: what they are measured against has no wider vectors than they. */
static int is_allowed(const char *set) {
  const char *wanted = getenv("DESCENT_ISA");
  return !wanted || (strcmp(wanted, "baseline") != 0 && (strcmp(wanted, "avx2") != 0 || strcmp(set, "avx2") == 0));
}

static const loop *chosen_loops(void) {
#if defined(__x86_64__)
  if (is_allowed("avx512") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return loops_avx512;
  if (is_allowed("avx2") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return loops_avx2;
#endif
  return loops_baseline;
}

static const loop *loops(void) {
  static const loop *_Atomic chosen;
  if (!chosen) chosen = chosen_loops();
  return chosen;
}

static scaling *scale_bytes(void) {
#if defined(__x86_64__)
  if (loops() == loops_avx512) return scale_bytes_avx512;
  if (loops() == loops_avx2) return scale_bytes_avx2;
#endif
  return scale_bytes_baseline;
}

int limit_bytes(limit_kind kind) {
  static const int bytes[] = {
    [LIMIT_TRIAD] = 12, [LIMIT_SGD] = 12, [LIMIT_MOMENTUM] = 20, [LIMIT_LION] = 20, [LIMIT_RMSPROP] = 20, [LIMIT_ADAM] = 28,
    [LIMIT_ADAMW] = 28, [LIMIT_NADAM] = 28, [LIMIT_NADAMW] = 28, [LIMIT_ADABELIEF] = 28, [LIMIT_YOGI] = 28, [LIMIT_ADOPT] = 28,
    [LIMIT_SCHEDULE_FREE] = 28, [LIMIT_ADADELTA] = 28, [LIMIT_AMSGRAD] = 36,
  };
  return bytes[kind];
}

/* MARK: threads that spin */

enum { MOST_THREADS = 64 };
static struct {
  int threads;
  pthread_t ids[MOST_THREADS];
  atomic_long round, done;
  atomic_int stop;
  void (*work)(int thread);
} team = {.threads = 1};

static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static void one_library_thread(void) {
  void (*set)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (set) set(1);
}

static void *serve(void *argument) {
  int self = (int)(ptrdiff_t)argument;
  one_library_thread();
  for (long seen = 0;;) {
    while (atomic_load_explicit(&team.round, memory_order_acquire) == seen) {
      if (atomic_load_explicit(&team.stop, memory_order_relaxed)) return NULL;
      pause_briefly();
    }
    seen++;
    team.work(self);
    atomic_fetch_add_explicit(&team.done, 1, memory_order_release);
  }
}

void limits_start(int threads) {
  one_library_thread();
  team.threads = threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : threads;
  atomic_store(&team.stop, 0);
  atomic_store(&team.round, 0);
  for (int i = 1; i < team.threads; i++) pthread_create(&team.ids[i], NULL, serve, (void *)(ptrdiff_t)i);
}

void limits_stop(void) {
  atomic_store(&team.stop, 1);
  for (int i = 1; i < team.threads; i++) pthread_join(team.ids[i], NULL);
  team.threads = 1;
}

static void together(void (*work)(int)) {
  team.work = work;
  atomic_store_explicit(&team.done, 0, memory_order_relaxed);
  atomic_fetch_add_explicit(&team.round, 1, memory_order_release);
  work(0);
  while (atomic_load_explicit(&team.done, memory_order_acquire) < team.threads - 1) pause_briefly();
}

/* MARK: loops and products */

static struct {
  loop body;
  long n;
  float *a, *b, *c, *d, *e;
} pass;

static void pass_part(int thread) {
  long share = (pass.n / team.threads + 15) / 16 * 16;
  long from = share * thread, to = from + share > pass.n ? (pass.n + 15) / 16 * 16 : from + share;
  if (from < to) pass.body(to - from, pass.a + from, pass.b + from, pass.c + from, pass.d + from, pass.e + from);
}

void limit_run(limit_kind kind, long n, float *a, float *b, float *c, float *d, float *e) {
  pass.body = loops()[kind];
  pass.n = n, pass.a = a, pass.b = b, pass.c = c, pass.d = d, pass.e = e;
  together(pass_part);
}

static struct {
  long count, width;
  const int *order;
  const unsigned char *bytes;
  float *to;
} rows;

static void rows_part(int thread) {
  const long share = (rows.count + team.threads - 1) / team.threads, from = share * thread;
  for (long r = from; r < rows.count && r < from + share; r++) scale_bytes()(rows.width, rows.bytes + rows.order[r] * rows.width, rows.to + r * rows.width);
}

void limit_rows(long count, long width, const int *order, const unsigned char *bytes, float *to) {
  rows.count = count, rows.width = width, rows.order = order, rows.bytes = bytes, rows.to = to;
  together(rows_part);
}

static struct {
  int transpose_a, transpose_b;
  long m, n, k;
  const float *a, *b;
  float *c;
} any;

static void any_product_part(int thread) {
  const long side = any.m > any.n ? any.m : any.n, share = (side + team.threads - 1) / team.threads;
  const long from = share * thread, count = from + share > side ? side - from : share;
  if (count <= 0) return;
  const long lda = any.transpose_a ? any.m : any.k, ldb = any.transpose_b ? any.k : any.n;
  const char left = any.transpose_a ? 'T' : 'N', right = any.transpose_b ? 'T' : 'N';
  if (any.m > any.n) {
    dnnl_sgemm(left, right, count, any.n, any.k, 1, any.a + (any.transpose_a ? from : from * any.k), lda, any.b, ldb, 0,
               any.c + from * any.n, any.n);
  } else {
    dnnl_sgemm(left, right, any.m, count, any.k, 1, any.a, lda, any.b + (any.transpose_b ? from * any.k : from), ldb, 0, any.c + from, any.n);
  }
}

void limit_any_product(int transpose_a, int transpose_b, long m, long n, long k, const float *a, const float *b, float *c) {
  any.transpose_a = transpose_a, any.transpose_b = transpose_b, any.m = m, any.n = n, any.k = k;
  any.a = a, any.b = b, any.c = c;
  together(any_product_part);
}

/* MARK: convolutions */

typedef struct {
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_memory_t memory[3];
  float *arrays[3];
  dnnl_exec_arg_t arguments[3];
} convolution_part;

struct limit_convolution {
  dnnl_engine_t engine;
  int parts;
  convolution_part part[MOST_THREADS];
};

static dnnl_status_t describe(dnnl_primitive_desc_t *result, dnnl_engine_t engine, limit_part part, int plain, const long *sizes,
                              dnnl_primitive_desc_t hint) {
  const long images = sizes[0], size = sizes[1], channels = sizes[2], filters = sizes[3], window = sizes[4], stride = sizes[5];
  const long places = (size + stride - 1) / stride, reach = (places - 1) * stride + window;
  const long missing = reach > size ? reach - size : 0, low = missing / 2, high = missing - low;
  const dnnl_dims_t in = {images, channels, size, size}, out = {images, filters, places, places}, kernel = {filters, channels, window, window};
  const dnnl_dims_t strides = {stride, stride}, before = {low, low}, after = {high, high};
  const dnnl_format_tag_t tag = plain ? dnnl_nhwc : dnnl_format_tag_any;
  dnnl_memory_desc_t x, y, w;
  dnnl_memory_desc_init_by_tag(&x, 4, in, dnnl_f32, tag);
  dnnl_memory_desc_init_by_tag(&y, 4, out, dnnl_f32, tag);
  dnnl_memory_desc_init_by_tag(&w, 4, kernel, dnnl_f32, dnnl_format_tag_any);
  dnnl_convolution_desc_t d;
  dnnl_status_t status;
  if (!hint || part == LIMIT_OUTPUT) {
    status = dnnl_convolution_forward_desc_init(&d, dnnl_forward_training, dnnl_convolution_direct, &x, &w, NULL, &y, strides, before, after);
  } else if (part == LIMIT_INPUT) {
    status = dnnl_convolution_backward_data_desc_init(&d, dnnl_convolution_direct, &x, &w, &y, strides, before, after);
  } else {
    status = dnnl_convolution_backward_weights_desc_init(&d, dnnl_convolution_direct, &x, &w, NULL, &y, strides, before, after);
  }
  return status == dnnl_success ? dnnl_primitive_desc_create(result, &d, NULL, engine, hint) : status;
}

static int make_part(convolution_part *p, dnnl_engine_t engine, limit_part part, int plain, const long *sizes) {
  static const int names[3][3] = {
    {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
    {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC},
    {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST},
  };
  dnnl_primitive_desc_t forward, d;
  if (describe(&forward, engine, part, plain, sizes, NULL) != dnnl_success) return 0;
  const dnnl_status_t status = describe(&d, engine, part, plain, sizes, forward);
  dnnl_primitive_desc_destroy(forward);
  if (status != dnnl_success) return 0;
  int made = dnnl_primitive_create(&p->primitive, d) == dnnl_success && dnnl_stream_create(&p->stream, engine, 0) == dnnl_success;
  for (int k = 0; made && k < 3; k++) {
    const dnnl_memory_desc_t *m = dnnl_primitive_desc_query_md(d, dnnl_query_exec_arg_md, names[part][k]);
    const size_t bytes = (dnnl_memory_desc_get_size(m) + 63) / 64 * 64;
    p->arrays[k] = aligned_alloc(64, bytes);
    for (size_t i = 0; p->arrays[k] && i < bytes / sizeof(float); i++) p->arrays[k][i] = 0.01f * (float)(i % 17);
    made = p->arrays[k] && dnnl_memory_create(&p->memory[k], m, engine, p->arrays[k]) == dnnl_success;
    p->arguments[k] = (dnnl_exec_arg_t){names[part][k], p->memory[k]};
  }
  dnnl_primitive_desc_destroy(d);
  return made;
}

limit_convolution *limit_convolution_make(limit_part part, int plain, long images, long size, long channels, long filters, long window,
                                          long stride) {
  limit_convolution *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  int made = dnnl_engine_create(&c->engine, dnnl_cpu, 0) == dnnl_success;
  c->parts = team.threads;
  for (int k = 0; made && k < c->parts; k++) {
    const long sizes[] = {images * (k + 1) / c->parts - images * k / c->parts, size, channels, filters, window, stride};
    made = make_part(&c->part[k], c->engine, part, plain, sizes);
  }
  if (made) return c;
  limit_convolution_free(c);
  return NULL;
}

void limit_convolution_free(limit_convolution *c) {
  for (int i = 0; i < c->parts; i++) {
    convolution_part *p = &c->part[i];
    for (int k = 0; k < 3; k++) {
      if (p->memory[k]) dnnl_memory_destroy(p->memory[k]);
      free(p->arrays[k]);
    }
    if (p->stream) dnnl_stream_destroy(p->stream);
    if (p->primitive) dnnl_primitive_destroy(p->primitive);
  }
  if (c->engine) dnnl_engine_destroy(c->engine);
  free(c);
}

static limit_convolution *running;

static void convolution_thread(int thread) {
  if (thread >= running->parts) return;
  const convolution_part *p = &running->part[thread];
  dnnl_primitive_execute(p->primitive, p->stream, 3, p->arguments);
  dnnl_stream_wait(p->stream);
}

void limit_convolution_run(limit_convolution *c) {
  running = c;
  together(convolution_thread);
}

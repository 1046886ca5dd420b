#include "CLimits.h"

#include <dlfcn.h>
#include <dnnl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

typedef float vector __attribute__((vector_size(64), aligned(4), may_alias));
typedef void (*loop)(long n, float *a, float *b, float *c, float *d, float *e);

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

static const loop *loops(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return loops_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return loops_avx2;
#endif
  return loops_baseline;
}

int limit_bytes(limit_kind kind) {
  static const int bytes[] = {12, 12, 20, 20, 28, 28, 36};
  return bytes[kind];
}

/* ---------------------------------------------------------------- threads that spin */

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

/* ---------------------------------------------------------------- loops and products */

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
  int transpose;
  long m, n, k;
  const float *a, *b;
  float *c;
} product;

static void product_part(int thread) {
  long share = (product.m + team.threads - 1) / team.threads;
  long from = share * thread, rows = from + share > product.m ? product.m - from : share;
  if (rows <= 0) return;
  const float *a = product.a + (product.transpose ? from : from * product.k);
  dnnl_sgemm(product.transpose ? 'T' : 'N', 'N', rows, product.n, product.k, 1, a, product.transpose ? product.m : product.k,
             product.b, product.n, 0, product.c + from * product.n, product.n);
}

void limit_product(int transpose_a, long m, long n, long k, const float *a, const float *b, float *c) {
  product.transpose = transpose_a, product.m = m, product.n = n, product.k = k;
  product.a = a, product.b = b, product.c = c;
  together(product_part);
}

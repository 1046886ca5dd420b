/* What depends on the processor and the operating system. */
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "ck_internal.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* MARK: instruction set */

#if defined(__x86_64__)
static uint64_t enabled_register_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

/* 0 baseline, 1 AVX2 with FMA, 2 AVX-512 F/DQ/BW/VL. The operating system must save the registers too. */
static int processor_level(void) {
  uint32_t a, b, c, d;
  const uint32_t fma = 1u << 12, f16c = 1u << 29, osxsave = 1u << 27, avx = 1u << 28;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  if ((c & (fma | f16c | osxsave | avx)) != (fma | f16c | osxsave | avx)) return 0;
  const uint64_t state = enabled_register_state();
  if ((state & 0x6) != 0x6) return 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  const uint32_t bmi1 = 1u << 3, avx2 = 1u << 5, bmi2 = 1u << 8;
  if ((b & (bmi1 | avx2 | bmi2)) != (bmi1 | avx2 | bmi2)) return 0;
  const uint32_t f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31;
  if ((b & (f | dq | bw | vl)) != (f | dq | bw | vl) || (state & 0xe6) != 0xe6) return 1;
  return 2;
}
#endif

static const ck_isa *choose_isa(void) {
#if defined(__x86_64__)
  int level = processor_level();
  const char *wanted = getenv("DESCENT_ISA");
  if (wanted && strcmp(wanted, "baseline") == 0) level = 0;
  if (wanted && strcmp(wanted, "avx2") == 0 && level > 1) level = 1;
  if (level == 2) return &ck_isa_avx512;
  if (level == 1) return &ck_isa_avx2;
#endif
  return &ck_isa_baseline;
}

const ck_isa *ck_isa_in_use(void) {
  static _Atomic(const ck_isa *) chosen;
  const ck_isa *isa = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (!isa) {
    isa = choose_isa();
    atomic_store_explicit(&chosen, isa, memory_order_relaxed);
  }
  return isa;
}

const char *ck_instruction_set(void) { return ck_isa_in_use()->name; }

/* MARK: scratch memory */

typedef struct {
  char *memory;
  size_t bytes;
} scratch;

enum { SCRATCHES = 2 };
static _Thread_local scratch scratches[SCRATCHES];
static pthread_key_t scratch_keys[SCRATCHES];
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

/* The keys only free the memory when its thread ends. */
static void make_scratch_keys(void) {
  for (int k = 0; k < SCRATCHES; k++)
    if (pthread_key_create(&scratch_keys[k], free)) abort();
}

static char *grow_scratch(int which, size_t bytes) {
  pthread_once(&scratch_once, make_scratch_keys);
  const size_t page = 4096;
  bytes = (bytes + bytes / 2 + page - 1) / page * page;
  free(scratches[which].memory);
  void *memory = NULL;
  if (posix_memalign(&memory, page, bytes)) abort();
  /* Vectors are read whole, so memory that nobody wrote is read too (and its lanes thrown away). */
  memset(memory, 0, bytes);
  pthread_setspecific(scratch_keys[which], memory);
  scratches[which] = (scratch){.memory = memory, .bytes = bytes};
  return memory;
}

static char *scratch_of(int which, size_t bytes) {
  return bytes <= scratches[which].bytes ? scratches[which].memory : grow_scratch(which, bytes);
}

char *ck_scratch(size_t bytes) { return scratch_of(0, bytes); }
char *ck_outer_scratch(size_t bytes) { return scratch_of(1, bytes); }

/* MARK: sleeping */

#if defined(__linux__)

void ck_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns) {
  struct timespec limit = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? NULL : &limit, NULL, 0);
}

void ck_wake(const uint32_t *word, int32_t waiters) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, waiters, NULL, NULL, 0);
}

#else

void ck_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns) {
  if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != expected) return;
  const int64_t nap = 50000;
  struct timespec limit = {.tv_sec = 0, .tv_nsec = timeout_ns < 0 || timeout_ns > nap ? nap : timeout_ns};
  nanosleep(&limit, NULL);
}

void ck_wake(const uint32_t *word, int32_t waiters) {
  (void)word;
  (void)waiters;
}

#endif

/* MARK: threads */

#if defined(__linux__)

/* The processors that the calling thread may be on, to be given back with CPU_FREE; null where the system does not say. */
static cpu_set_t *allowed_processors(size_t *size) {
  /* Large enough for any machine, or the call says that it is not. */
  for (size_t most = 1024; most <= (size_t)1 << 20; most *= 4) {
    cpu_set_t *set = CPU_ALLOC(most);
    if (!set) return NULL;
    *size = CPU_ALLOC_SIZE(most);
    if (sched_getaffinity(0, *size, set) == 0) return set;
    CPU_FREE(set);
  }
  return NULL;
}

int32_t ck_processor_count(void) {
  size_t size;
  cpu_set_t *set = allowed_processors(&size);
  if (!set) return 0;
  const int count = CPU_COUNT_S(size, set);
  CPU_FREE(set);
  return count;
}

int32_t ck_processor(void) { return sched_getcpu(); }

void ck_leave_processor(int32_t processor) {
  if (processor < 0 || sched_getcpu() != processor) return;
  size_t size;
  cpu_set_t *set = allowed_processors(&size);
  if (!set) return;
  if (CPU_COUNT_S(size, set) > 1) {
    /* Who may not stay is moved at once. */
    CPU_CLR_S((size_t)processor, size, set);
    const int moved = sched_setaffinity(0, size, set) == 0;
    CPU_SET_S((size_t)processor, size, set);
    if (moved) sched_setaffinity(0, size, set);
  }
  CPU_FREE(set);
}

#else

int32_t ck_processor_count(void) { return 0; }
int32_t ck_processor(void) { return -1; }
void ck_leave_processor(int32_t processor) { (void)processor; }

#endif

void ck_single_threaded_libraries(void) {
  static _Thread_local bool is_done;
  if (is_done) return;
  void (*set_threads)(int);
  *(void **)&set_threads = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (set_threads) set_threads(1);
  is_done = set_threads != NULL;
}

static _Thread_local void *thread_slot;
void *ck_thread_slot_get(void) { return thread_slot; }
void ck_thread_slot_set(void *value) { thread_slot = value; }

static _Thread_local void *held_locks;
void *ck_held_locks_get(void) { return held_locks; }
void ck_held_locks_set(void *value) { held_locks = value; }

/* What depends on the processor and the operating system. Part of CKernels.h. */
#ifndef DESCENT_CK_PLATFORM_H
#define DESCENT_CK_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

/* The instruction set in use: "avx512", "avx2" or "baseline". */
const char *ck_instruction_set(void);

/* On how many processors this process may run; 0 where that is not known. */
int32_t ck_processor_count(void);

/* Hint to the processor that the caller spins. */
static inline void ck_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Asks for a cache line that is about to be written, without waiting for it. Processors that do not know how take it for nothing. */
static inline void ck_ask_to_write(const void *line) {
#if defined(__x86_64__)
  __asm__ volatile("prefetchw (%0)" : : "r"(line));
#else
  __builtin_prefetch(line, 1);
#endif
}

/* Time in units of the processor's, for comparing spans of it. */
static inline uint64_t ck_ticks(void) {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return 0;
#endif
}

/* How the calling thread computes with floating-point numbers. */
static inline uint64_t ck_float_mode(void) {
#if defined(__x86_64__)
  return __builtin_ia32_stmxcsr();
#elif defined(__aarch64__)
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
#else
  return 0;
#endif
}

static inline void ck_set_float_mode(uint64_t mode) {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr((uint32_t)mode);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
  (void)mode;
#endif
}

/* Which bit of the mode makes zeros of results that would be subnormal: FTZ; FZ takes those that are read for zeros as well. */
#if defined(__x86_64__)
#define CK_FLUSHES_SUBNORMALS (1 << 15)
#elif defined(__aarch64__)
#define CK_FLUSHES_SUBNORMALS (1 << 24)
#else
#define CK_FLUSHES_SUBNORMALS 0
#endif

/* Lets subnormal results be zeros for the calling thread, or not. Returns the mode before. */
static inline uint64_t ck_flush_subnormals(bool flushes) {
  const uint64_t before = ck_float_mode(), bit = CK_FLUSHES_SUBNORMALS;
  ck_set_float_mode(flushes ? before | bit : before & ~bit);
  return before;
}

/* Sleeping and waking on a 32-bit word (Linux futex; elsewhere a timed sleep). */
void ck_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns);
void ck_wake(const uint32_t *word, int32_t waiters);

/* The processor that the calling thread is on, or -1 where the system does not say. */
int32_t ck_processor(void);
/* Takes the calling thread off this processor if it is on it and may be on another; it may come back later. */
void ck_leave_processor(int32_t processor);

/* Keeps a library's own OpenMP at one thread for the calling thread, if OpenMP is loaded at all. Cheap after the first time. */
void ck_single_threaded_libraries(void);

/* One pointer a thread, for the trace in progress. */
void *ck_thread_slot_get(void);
void ck_thread_slot_set(void *value);

/* Another: the innermost of the locks on variables that the thread holds. */
void *ck_held_locks_get(void);
void ck_held_locks_set(void *value);

#endif

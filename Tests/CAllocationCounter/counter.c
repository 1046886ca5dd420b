#include "CAllocationCounter.h"

#include <errno.h>
#include <stddef.h>

static _Thread_local long count;

/* oneDNN's matrix product packs a transposed operand into memory it asks for by the page, which no call of ours can prevent. */
enum { PAGE = 4096 };

long allocation_count(void) { return count; }

/* A sanitizer has an allocator of its own, which must be there before anything else asks for memory. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define HAS_ALLOCATOR
#endif
#endif

#if defined(__GLIBC__) && !defined(HAS_ALLOCATOR)
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  count++;
  return __libc_malloc(size);
}

void *calloc(size_t members, size_t size) {
  count++;
  return __libc_calloc(members, size);
}

void *realloc(void *old, size_t size) {
  count++;
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  if (alignment < PAGE) count++;
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  void *memory = memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *result = memory;
  return 0;
}
#endif

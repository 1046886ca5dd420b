#ifndef DESCENT_ALLOCATION_COUNTER_H
#define DESCENT_ALLOCATION_COUNTER_H

/* How often the calling thread has asked for heap memory since it began, page-aligned memory left out (see counter.c).
   Counts on Linux with glibc only. */
long allocation_count(void);

#endif

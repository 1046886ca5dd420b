/* MPI, found when a program starts: the library is loaded by name, so that nothing is needed to build, and one binary serves Open MPI, whose
   handles are addresses, and MPICH and its relatives, whose handles are integers. The declarations here are our own, after the MPI 3.1
   standard and the two projects' headers.

   One thread calls at a time. A transfer ends when it is done, when MPI says that it failed, or when another process has told that it
   failed or ended; it never waits for a process of which that is known. */
#ifndef CMPI_H
#define CMPI_H

#include <stddef.h>

enum {
  CMPI_DONE = 0,
  /* Another process told that it failed; cmpi_told says what. */
  CMPI_TOLD = 1,
  /* MPI failed; cmpi_told says how. */
  CMPI_FAILED = 2
};

/* The most bytes that one process tells the others, with a 0 at the end. */
enum { CMPI_TEXT = 1000 };

/* Loads a library by one of its names, ended by NULL, and begins. 0, or -1 with what was wrong in `error`. */
int cmpi_start(const char *const *names, char *error, size_t error_size);

/* What the library calls itself. */
const char *cmpi_library(void);
int cmpi_rank(void);
int cmpi_size(void);

/* All counts and places are bytes; each of these gives CMPI_DONE, CMPI_TOLD or CMPI_FAILED. */
int cmpi_broadcast(void *bytes, int count, int root);
int cmpi_all_gather(void *bytes, const int *counts, const int *places);
int cmpi_all_to_all(
    const void *sent, const int *counts, const int *places, void *received, const int *received_counts, const int *received_places);
int cmpi_barrier(void);

/* After CMPI_TOLD the rank that failed, else -1. */
int cmpi_told_by(void);
const char *cmpi_told(void);

/* Tells all others that this process failed. */
void cmpi_tell(const char *text);

#endif

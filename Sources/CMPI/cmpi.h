/* What both kinds of handles are used through. */
#ifndef CMPI_INTERNAL_H
#define CMPI_INTERNAL_H

#include "CMPI.h"

enum { TAG = 3707 };
enum { SERIALIZED = 2 };

typedef struct {
  char text[CMPI_TEXT];
  int rank;
  /* 1: failed, 2: ended. */
  int kind;
} cmpi_message;

typedef struct {
  int (*begin)(void *library, char *error, size_t error_size);
  int (*broadcast)(void *, int, int);
  int (*all_gather)(void *, const int *, const int *);
  int (*all_to_all)(const void *, const int *, const int *, void *, const int *, const int *);
  int (*barrier)(void);
  /* Whether the transfer begun last is done. */
  int (*test)(int *);
  int (*probe)(int *);
  int (*receive)(cmpi_message *);
  void (*send)(const cmpi_message *, int rank);
  void (*describe)(int, char *);
  void (*abort)(int);
  void (*finalize)(void);
} cmpi_calls;

extern int cmpi_rank_number, cmpi_rank_count;
extern const cmpi_calls cmpi_openmpi, cmpi_mpich;

#endif

/* MPICH, and the libraries that keep to its binary interface (Intel MPI, MVAPICH, Cray's): handles are integers with fixed values. */
#include "cmpi.h"

#include <dlfcn.h>
#include <stdio.h>

#define HANDLE int
#define NAME(name) mpich_##name
#define IN_PLACE ((void *)-1)
#define STATUS_IGNORE ((void *)1)
#define ANY_SOURCE (-2)

static int mpich_constants(void *library);

#include "cmpi_body.h"

static int mpich_constants(void *library) {
  (void)library;
  mpich_world = 0x44000000;
  mpich_byte = 0x4c00010d;
  mpich_errors_return = 0x54000001;
  return 0;
}

const cmpi_calls cmpi_mpich = TABLE;

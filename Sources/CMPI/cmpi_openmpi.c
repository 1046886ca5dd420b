/* Open MPI: handles are the addresses of objects that the library exports. */
#include "cmpi.h"

#include <dlfcn.h>
#include <stdio.h>

typedef void *openmpi_handle;
#define HANDLE openmpi_handle
#define NAME(name) openmpi_##name
#define IN_PLACE ((void *)1)
#define STATUS_IGNORE NULL
#define ANY_SOURCE (-1)

static int openmpi_constants(void *library);

#include "cmpi_body.h"

static int openmpi_constants(void *library) {
  openmpi_world = dlsym(library, "ompi_mpi_comm_world");
  openmpi_byte = dlsym(library, "ompi_mpi_byte");
  openmpi_errors_return = dlsym(library, "ompi_mpi_errors_return");
  return !openmpi_world || !openmpi_byte || !openmpi_errors_return;
}

const cmpi_calls cmpi_openmpi = TABLE;

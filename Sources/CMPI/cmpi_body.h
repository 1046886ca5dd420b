/* The calls for one kind of handles: HANDLE is their type, NAME gives the functions their names, and the including file says what the
   constants are. */

static struct {
  int (*Init_thread)(int *, char ***, int, int *);
  int (*Comm_set_errhandler)(HANDLE, HANDLE);
  int (*Comm_rank)(HANDLE, int *);
  int (*Comm_size)(HANDLE, int *);
  int (*Ibcast)(void *, int, HANDLE, int, HANDLE, HANDLE *);
  int (*Iallgatherv)(const void *, int, HANDLE, void *, const int *, const int *, HANDLE, HANDLE, HANDLE *);
  int (*Ialltoallv)(
      const void *, const int *, const int *, HANDLE, void *, const int *, const int *, HANDLE, HANDLE, HANDLE *);
  int (*Ibarrier)(HANDLE, HANDLE *);
  int (*Test)(HANDLE *, int *, void *);
  int (*Iprobe)(int, int, HANDLE, int *, void *);
  int (*Recv)(void *, int, HANDLE, int, int, HANDLE, void *);
  int (*Isend)(const void *, int, HANDLE, int, int, HANDLE, HANDLE *);
  int (*Error_string)(int, char *, int *);
  int (*Abort)(HANDLE, int);
  int (*Finalize)(void);
} NAME(mpi);

static HANDLE NAME(world), NAME(byte), NAME(errors_return), NAME(request);

static int NAME(begin)(void *library, char *error, size_t error_size) {
#define LOAD(function)                                                                   \
  do {                                                                                   \
    *(void **)&NAME(mpi).function = dlsym(library, "MPI_" #function);                    \
    if (!NAME(mpi).function) {                                                           \
      snprintf(error, error_size, "the library has no function MPI_" #function);         \
      return -1;                                                                         \
    }                                                                                    \
  } while (0)
  LOAD(Init_thread);
  LOAD(Comm_set_errhandler);
  LOAD(Comm_rank);
  LOAD(Comm_size);
  LOAD(Ibcast);
  LOAD(Iallgatherv);
  LOAD(Ialltoallv);
  LOAD(Ibarrier);
  LOAD(Test);
  LOAD(Iprobe);
  LOAD(Recv);
  LOAD(Isend);
  LOAD(Error_string);
  LOAD(Abort);
  LOAD(Finalize);
#undef LOAD
  if (NAME(constants)(library)) {
    snprintf(error, error_size, "the library has no names for MPI_COMM_WORLD, MPI_BYTE and MPI_ERRORS_RETURN that are known");
    return -1;
  }
  int provided = 0;
  if (NAME(mpi).Init_thread(NULL, NULL, SERIALIZED, &provided)) {
    snprintf(error, error_size, "MPI_Init_thread failed");
    return -1;
  }
  if (provided < SERIALIZED) {
    snprintf(error, error_size, "the library gives thread level %d, and MPI_THREAD_SERIALIZED is needed", provided);
    return -1;
  }
  NAME(mpi).Comm_set_errhandler(NAME(world), NAME(errors_return));
  NAME(mpi).Comm_rank(NAME(world), &cmpi_rank_number);
  NAME(mpi).Comm_size(NAME(world), &cmpi_rank_count);
  return 0;
}

static int NAME(broadcast)(void *bytes, int count, int root) {
  return NAME(mpi).Ibcast(bytes, count, NAME(byte), root, NAME(world), &NAME(request));
}

static int NAME(all_gather)(void *bytes, const int *counts, const int *places) {
  return NAME(mpi).Iallgatherv(IN_PLACE, 0, NAME(byte), bytes, counts, places, NAME(byte), NAME(world), &NAME(request));
}

static int NAME(all_to_all)(
    const void *sent, const int *counts, const int *places, void *received, const int *received_counts, const int *received_places) {
  return NAME(mpi).Ialltoallv(
      sent, counts, places, NAME(byte), received, received_counts, received_places, NAME(byte), NAME(world), &NAME(request));
}

static int NAME(barrier)(void) { return NAME(mpi).Ibarrier(NAME(world), &NAME(request)); }

static int NAME(test)(int *done) { return NAME(mpi).Test(&NAME(request), done, STATUS_IGNORE); }

static int NAME(probe)(int *found) { return NAME(mpi).Iprobe(ANY_SOURCE, TAG, NAME(world), found, STATUS_IGNORE); }

static int NAME(receive)(cmpi_message *message) {
  return NAME(mpi).Recv(message, sizeof *message, NAME(byte), ANY_SOURCE, TAG, NAME(world), STATUS_IGNORE);
}

/* Nobody waits for it to arrive. */
static void NAME(send)(const cmpi_message *message, int rank) {
  HANDLE request;
  NAME(mpi).Isend(message, sizeof *message, NAME(byte), rank, TAG, NAME(world), &request);
}

/* The standard's longest error text is MPI_MAX_ERROR_STRING, 256 or 512 with these libraries. */
static void NAME(describe)(int code, char *text) {
  int length = 0;
  NAME(mpi).Error_string(code, text, &length);
}

static void NAME(abort)(int status) { NAME(mpi).Abort(NAME(world), status); }

static void NAME(finalize)(void) { NAME(mpi).Finalize(); }

#define TABLE                                                                                                                    \
  {                                                                                                                              \
    NAME(begin), NAME(broadcast), NAME(all_gather), NAME(all_to_all), NAME(barrier), NAME(test), NAME(probe), NAME(receive),     \
        NAME(send), NAME(describe), NAME(abort), NAME(finalize)                                                                  \
  }

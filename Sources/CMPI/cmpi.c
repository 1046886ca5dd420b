#define _GNU_SOURCE
#include "cmpi.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int cmpi_rank_number, cmpi_rank_count = 1;

static const cmpi_calls *calls;
static char library_name[128];
/* What was told last, here and to others: those have to last until they have arrived. */
static cmpi_message heard, said;
static char text[CMPI_TEXT];
static int told_by = -1;
/* The group goes on no more. */
static int is_broken;
/* A process that has ended, or -1, how many have, and when that was first heard. */
static int ended = -1, ended_count;
static struct timespec heard_at;

/* How often a transfer is tested before the processor is given to others that may need it, before the thread sleeps between tests, and before
   messages are looked for. A thread that only yields still gets its share of the processor, which the one that computes beside it would miss. */
enum { SPINS = 200, YIELDS = 1000, TESTS_TO_A_PROBE = 32 };
/* How long it sleeps. */
enum { NANOSECONDS_TO_A_TEST = 50000 };
/* How long after the end of another process what it sent before may be on its way. */
enum { SECONDS_AFTER_AN_END = 5 };

static void say(int kind, const char *what) {
  said.rank = cmpi_rank_number;
  said.kind = kind;
  snprintf(said.text, sizeof said.text, "%s", what);
  for (int rank = 0; rank < cmpi_rank_count; rank++) {
    if (rank != cmpi_rank_number) calls->send(&said, rank);
  }
}

/* Looks for a message; it is in `heard` then. */
static int hear(int *found) {
  *found = 0;
  int code = calls->probe(found);
  if (code || !*found) return code;
  code = calls->receive(&heard);
  if (!code && heard.kind == 2) {
    if (ended < 0) {
      ended = heard.rank;
      clock_gettime(CLOCK_MONOTONIC, &heard_at);
    }
    ended_count++;
  }
  return code;
}

/* A process that ends well waits for the others to do so, without taking their processors; one that does not ends them all. */
static void leave(int status) {
  if (!calls) return;
  fflush(NULL);
  if (status == 0 && !is_broken) {
    const struct timespec pause = {0, 1000000};
    say(2, "it has ended");
    while (ended_count < cmpi_rank_count - 1) {
      int found = 0;
      if (hear(&found)) break;
      if (found && heard.kind == 1) break;
      if (!found) nanosleep(&pause, NULL);
    }
    if (ended_count == cmpi_rank_count - 1) {
      calls->finalize();
      return;
    }
    status = 1;
  } else if (!is_broken) {
    char what[64];
    snprintf(what, sizeof what, "it ended with the status %d", status);
    say(1, what);
  }
  /* What the others were told is theirs to say first. */
  const struct timespec moment = {0, 300000000};
  nanosleep(&moment, NULL);
  calls->abort(status ? status : 1);
}

#ifdef __linux__
static void at_exit(int status, void *unused) {
  (void)unused;
  leave(status);
}
#else
static void at_exit(void) { leave(0); }
#endif

int cmpi_start(const char *const *names, char *error, size_t error_size) {
  if (calls) return 0;
  void *library = NULL;
  char first[256] = "";
  for (; *names && !library; names++) {
    library = dlopen(*names, RTLD_NOW | RTLD_GLOBAL);
    if (!library && !first[0]) {
      const char *reason = dlerror();
      snprintf(first, sizeof first, "%s", reason ? reason : *names);
    }
  }
  if (!library) {
    snprintf(error, error_size, "%s", first);
    return -1;
  }
  const cmpi_calls *found = dlsym(library, "ompi_mpi_comm_world") ? &cmpi_openmpi : &cmpi_mpich;
  int (*version)(char *, int *) = NULL;
  *(void **)&version = dlsym(library, "MPI_Get_library_version");
  if (version) {
    static char whole[8192];
    int length = 0;
    version(whole, &length);
    whole[strcspn(whole, ",\n")] = 0;
    for (char *at = whole; *at; at++) {
      if (*at == '\t') *at = ' ';
    }
    snprintf(library_name, sizeof library_name, "%s", whole);
  }
  if (found->begin(library, error, error_size)) return -1;
  calls = found;
#ifdef __linux__
  on_exit(at_exit, NULL);
#else
  atexit(at_exit);
#endif
  return 0;
}

const char *cmpi_library(void) { return library_name; }
int cmpi_rank(void) { return cmpi_rank_number; }
int cmpi_size(void) { return cmpi_rank_count; }
int cmpi_told_by(void) { return told_by; }
const char *cmpi_told(void) { return text; }

static int failed(int code) {
  is_broken = 1;
  told_by = -1;
  char reason[1024] = "";
  calls->describe(code, reason);
  snprintf(text, sizeof text, "%s", reason);
  return CMPI_FAILED;
}

static int told(int rank, const char *what) {
  is_broken = 1;
  told_by = rank;
  snprintf(text, sizeof text, "%s", what);
  return CMPI_TOLD;
}

/* Waits for the transfer that was begun with the given result. */
static int finish(int code) {
  if (code) return failed(code);
  for (unsigned long tests = 0;; tests++) {
    int done = 0;
    code = calls->test(&done);
    if (code) return failed(code);
    if (done) return CMPI_DONE;
    if (tests >= SPINS + YIELDS) nanosleep(&(struct timespec){.tv_nsec = NANOSECONDS_TO_A_TEST}, NULL);
    else if (tests >= SPINS) sched_yield();
    if (tests % TESTS_TO_A_PROBE != TESTS_TO_A_PROBE - 1) continue;
    int found = 0;
    code = hear(&found);
    if (code) return failed(code);
    if (found && heard.kind == 1) return told(heard.rank, heard.text);
    if (ended >= 0) {
      struct timespec now;
      clock_gettime(CLOCK_MONOTONIC, &now);
      if (now.tv_sec - heard_at.tv_sec > SECONDS_AFTER_AN_END) return told(ended, "it has ended");
    }
  }
}

/* A group that is broken stays so. */
#define RUN(transfer) (is_broken ? (told_by >= 0 ? CMPI_TOLD : CMPI_FAILED) : finish(transfer))

int cmpi_broadcast(void *bytes, int count, int root) { return RUN(calls->broadcast(bytes, count, root)); }

int cmpi_all_gather(void *bytes, const int *counts, const int *places) { return RUN(calls->all_gather(bytes, counts, places)); }

int cmpi_all_to_all(
    const void *sent, const int *counts, const int *places, void *received, const int *received_counts, const int *received_places) {
  return RUN(calls->all_to_all(sent, counts, places, received, received_counts, received_places));
}

int cmpi_barrier(void) { return RUN(calls->barrier()); }

void cmpi_tell(const char *what) {
  if (!calls || is_broken) return;
  is_broken = 1;
  told_by = cmpi_rank_number;
  snprintf(text, sizeof text, "%s", what);
  say(1, what);
}

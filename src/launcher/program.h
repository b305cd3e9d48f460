// program.h - the program's process between the init's clone and execve.
#ifndef THUBAN_PROGRAM_H
#define THUBAN_PROGRAM_H
#include "sys.h"
#include "wire.h"
struct program {
  struct reader steps;
  uint32_t count;
  int first_step, joins, version2, handed, user;
  int step;                      // the one being done
  int entered, member, terminal; // after STEP_ENTER: the container's own program, the terminal; -1 without
  const char *path;
  char **argv, **envp;
  gid_t *groups;
  uint32_t group_count;                             // of STEP_IDS
  uint32_t filter_flags, filter_admin, filter_size; // of STEP_SECCOMP
  const void *filter;
  int filter_step;
  volatile int failed_step, failed_op, failed_errno; // read by the init: the memory is shared
};
int program_prepare(struct program *p); // allocates what the steps need, before the clone
_Noreturn void program_main(struct program *p);
#endif

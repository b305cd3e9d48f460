// floor_init.c - the least pid 1: makes the program, confines it, reaps, tells how it ended. Like Thuban's own it is
// linked without a libc (src/launcher/bare.c).
//
//   UID GID JOINS INTO PROGRAM    JOINS: how many files the program writes itself into; INTO: 1 with a v2 group
#include "../../src/launcher/sys.h"
#include "floor.h"
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *program;
static unsigned uid, gid;
static int join_count;
static volatile int failed;

static unsigned number(const char *text) {
  unsigned value = 0;
  for (; *text; text++) value = value * 10 + (unsigned)(*text - '0');
  return value;
}

#define DO(call)                                                                                                       \
  do {                                                                                                                 \
    if ((call) < 0) {                                                                                                  \
      failed = 1;                                                                                                      \
      _exit(127);                                                                                                      \
    }                                                                                                                  \
  } while (0)

static _Noreturn void confined(void) {
  char *const argv[] = { (char *)(uintptr_t)program, 0 }, *const envp[] = { 0 };
  const struct { uint64_t soft, hard; } files = { 1024, 20000 };
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
  uint64_t signals = 0;
  int score = openat(AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  DO(score);
  DO(write(score, "0", 1));
  close(score);
  DO(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &files, 0));
  DO(setsid());
  umask(022);
  for (int i = 0; i < join_count; i++) DO(write(FLOOR_FD_JOINS + i, "0", 1));
  DO(unshare(NEWCGROUP));
  for (int c = 0; !prctl(PR_CAPBSET_DROP, c, 0, 0, 0); c++) {}
  DO(syscall(SYS_setgroups, 0, 0));
  DO(syscall(SYS_setresgid, gid, gid, gid));
  DO(syscall(SYS_setresuid, uid, uid, uid));
  DO(syscall(SYS_capset, &header, none));
  DO(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  DO(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &signals, 0, sizeof signals));
  execve(program, argv, envp);
  DO(-1);
  _exit(127);
}

static __attribute__((noinline)) long clone_program(int group) {
  struct clone_args3 args = { .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD };
  if (group >= 0) {
    args.flags |= INTO_CGROUP;
    args.cgroup = (uint64_t)group;
  }
  long pid = clone3_here(&args);
  if (pid == 0) confined();
  return pid;
}

int main(int argc, char **argv) {
  int status = -1;
  if (argc < 5) return 2;
  uid = number(argv[0]);
  gid = number(argv[1]);
  join_count = (int)number(argv[2]);
  int group = number(argv[3]) ? FLOOR_FD_JOINS + join_count : -1;
  program = argv[4];
  for (int fd = FLOOR_FD_STATUS; fd <= FLOOR_FD_JOINS + join_count; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
  long pid = clone_program(group);
  sys_close_range(0, 2);
  sys_close_range(FLOOR_FD_JOINS, ~0U);
  if (pid < 0 || failed) return 1;
  for (pid_t ended; (ended = waitpid(-1, &status, 0)) != pid;)
    if (ended < 0) return 1;
  return write(FLOOR_FD_STATUS, &status, sizeof status) != sizeof status;
}

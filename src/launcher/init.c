// init.c - pid 1 of a container: makes the program, reaps orphans, forwards signals, and says how the program ended.
//
// Executed from a sealed memfd with the descriptors of wire.h (INIT_FD_*) and nothing else. It stays outside of the
// container's groups; only the program joins them. All signals were blocked by the launcher before the first clone, so
// none is lost.
//
// After STEP_ENTER it is no pid 1: see entered.c.
#include "entered.h"
#include "program.h"
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

void say(int type, int a, int b, pid_t child) {
  struct init_record record = { type, a, b };
  struct iovec part = { &record, sizeof record };
  union {
    char raw[CMSG_SPACE(sizeof(struct ucred))];
    struct cmsghdr align;
  } control = { { 0 } };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  if (child >
      0) { // the kernel turns the pid into the receiver's; it lets CAP_SYS_ADMIN name another process than itself
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(struct ucred)),
                              .cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_CREDENTIALS };
    struct ucred child_id = { .pid = child, .uid = getuid(), .gid = getgid() };
    memcpy(CMSG_DATA(head), &child_id, sizeof child_id);
  }
  if (sendmsg(INIT_FD_STATUS, &message, MSG_NOSIGNAL) != sizeof record)
    _exit(1); // nobody listens: the launcher has gone
}

// PF_FORKNOEXEC set on a zombie: it ended without an exec. On a living task it only means "not yet", and neither the
// end of file of a close-on-exec pipe nor the return of a vfork-like clone proves an exec (both can come first on a
// busy kernel).
static int never_executed(pid_t pid) {
  char path[24], text[512];
  snprintf(path, sizeof path, "%d/stat", (int)pid);
  for (;; usleep(20)) {
    int fd = openat(INIT_FD_PROC, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) close(fd);
    if (n <= 0) return 0;
    text[n] = 0;
    // "PID (NAME) STATE" and six numbers, the last of which are the flags (proc(5)); a name may hold anything.
    char *at = strrchr(text, ')'), state = at && at[1] ? at[2] : 0;
    for (int field = 0; at && field < 7; field++) at = strchr(at + 1, ' ');
    unsigned flags = 0;
    while (at && *++at >= '0' && *at <= '9') flags = flags * 10 + (unsigned)(*at - '0');
    if (!(flags & 0x40)) return 0;
    if (state == 'Z' || state == 'X') return 1;
  }
}

static void keep_only_cap_kill(void) { // signals to a program of another uid
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct data[2] = { { 1u << CAP_KILL, 1u << CAP_KILL, 0 } };
  syscall(SYS_capset, &header, data);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static __attribute__((noinline)) long clone_program(struct program *p, int version2) {
  struct clone_args3 args = { .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD };
  if (version2 && p->joins) {
    args.flags |= INTO_CGROUP;
    args.cgroup = INIT_FD_JOINS;
  }
  long pid = clone3_here(&args);
  if (pid == 0) program_main(p);
  return pid;
}

static _Noreturn void reap_and_forward(pid_t program) {
  sigset_t all;
  sigfillset(&all);
  for (;;) {
    siginfo_t info;
    int signal = sigwaitinfo(&all, &info), status;
    if (signal < 0) continue;
    if (signal != SIGCHLD) {
      kill(program, signal);
      continue;
    }
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
      if (pid == program) {
        say(INIT_STATUS, status, 0, 0);
        _exit(0);
      }
  }
}

int main(void) {
  struct file_status st;
  struct program program = { .step = -1, .member = -1, .terminal = -1 };
  struct terminal terminal = { .master = -1, .slave = -1 };
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NAME, "init");
  if (sys_statx(INIT_FD_FRAME, &st)) return 1;
  const struct init_header *header = mmap(0, (size_t)st.size, PROT_READ, MAP_PRIVATE, INIT_FD_FRAME, 0);
  if (header == MAP_FAILED || (size_t)st.size < sizeof *header || header->magic != INIT_MAGIC) return 1;
  program.steps = (struct reader){ (const uint8_t *)(header + 1), (const uint8_t *)header + st.size, 0 };
  program.first_step = (int)header->first_step;
  program.count = header->steps;
  program.joins = (int)header->joins;
  program.version2 = (int)header->version2;
  program.handed = (int)header->handed;
  program.user = (int)header->user;
  const int behind = INIT_FD_JOINS + program.joins + program.handed + program.user,
            end = behind + (header->enter ? 2 : 0);
  for (int fd = INIT_FD_STATUS; fd < end; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (program_prepare(&program)) {
    say(INIT_FAILED, program.first_step, STEP_EXEC | EPROTO << 16, 0);
    return 1;
  }
  if (header->enter) {
    program.entered = 1;
    program.member = behind;
    if (header->terminal && terminal_open(&terminal, behind + 1, header)) {
      say(INIT_FAILED, 0, STEP_ENTER | errno << 16, 0);
      return 1;
    }
    program.terminal = terminal.slave;
  }
  long pid = clone_program(&program, (int)header->version2);
  int failed = program.failed_step, op = program.failed_op, error = program.failed_errno;
  if (pid < 0) {
    failed = program.first_step;
    op = STEP_JOIN;
    error = (int)-pid;
  }
  if (program.terminal < 0) sys_close_range(0, 2);
  sys_close_range(terminal_keep(&terminal), ~0U);
  close(INIT_FD_FRAME);
  if (pid > 0 && !op && never_executed((pid_t)pid)) {
    failed = program.first_step;
    op = STEP_EXEC;
    error = EINTR;
  } // killed before it ran
  if (op)
    say(INIT_FAILED, failed, op | error << 16, 0);
  else if (program.entered) // its pid is that which the launcher knows, in whose pid namespace it is
    say(INIT_EXECUTED, (int)pid, 0, 0);
  else
    say(INIT_EXECUTED, 0, 0, (pid_t)pid);
  keep_only_cap_kill();
  close(INIT_FD_PROC);
  if (op) return 1;
  if (program.entered) wait_and_relay((pid_t)pid, program.terminal < 0 ? 0 : &terminal);
  reap_and_forward((pid_t)pid);
}

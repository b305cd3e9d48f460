// program.c - the steps that the program's own process does, the last of which is execve. Before the join: what needs
// no group. The process is still single-threaded and shares its parent's memory, so nothing is allocated here.
#include "program.h"
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { FIRST_HANDED = 3 };

static char **read_list(struct reader *r) {
  uint32_t n = read_u32(r);
  if (r->bad || n > (uint32_t)(r->end - r->at)) {
    r->bad = 1;
    return 0;
  }
  char **list = calloc((size_t)n + 1, sizeof *list);
  for (uint32_t i = 0; list && i < n; i++) list[i] = (char *)(uintptr_t)read_str(r);
  return list;
}

int program_prepare(struct program *p) {
  struct reader r = p->steps;
  for (uint32_t i = 0; i < p->count; i++) {
    uint32_t op = read_u32(&r), size = read_u32(&r);
    struct reader body = { read_bytes(&r, size), 0, r.bad };
    body.end = body.at + (r.bad ? 0 : size);
    if (op == STEP_EXEC) {
      p->path = read_str(&body);
      p->argv = read_list(&body);
      p->envp = read_list(&body);
    }
    if (op == STEP_IDS) {
      read_u32(&body);
      read_u32(&body);
      p->group_count = read_u32(&body);
      if (body.bad || p->group_count > 65536 || !(p->groups = calloc(p->group_count + 1, sizeof *p->groups))) return -1;
      for (uint32_t g = 0; g < p->group_count; g++) p->groups[g] = read_u32(&body);
    }
    if (op == STEP_SECCOMP) {
      p->filter_step = p->first_step + (int)i;
      p->filter_flags = read_u32(&body);
      p->filter_admin = read_u32(&body);
      p->filter_size = read_u32(&body);
      p->filter = read_bytes(&body, p->filter_size);
      if (p->filter_size % sizeof(struct sock_filter) || p->filter_size / sizeof(struct sock_filter) > BPF_MAXINSNS)
        return -1;
    }
    if (body.bad) return -1;
  }
  return r.bad || !p->path || !p->argv || !p->argv[0] || !p->envp ? -1 : 0;
}

// A single-threaded task that writes "0" moves itself without the lock that a write of its pid would wait for (cgroup
// v1 `tasks`). Into the v2 group, the first of the joins if there is one, clone3 has put it.
static int join(const struct program *p) {
  for (int i = p->version2 ? 1 : 0; i < p->joins; i++)
    if (write(INIT_FD_JOINS + i, "0", 1) != 1) return -1;
  return 0;
}

// Of this process; /proc belongs to root here, whatever the container mounts.
static int write_own(const char *file, const char *text) {
  char path[64];
  size_t n = strlen(text);
  if (snprintf(path, sizeof path, "self/%s", file) >= (int)sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int fd = openat(INIT_FD_PROC, path, O_WRONLY | O_CLOEXEC);
  int result = fd >= 0 && write(fd, text, n) == (ssize_t)n ? 0 : -1, error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return result;
}

static int set_oom_score(int32_t value) {
  char text[16];
  snprintf(text, sizeof text, "%d", value);
  return write_own("oom_score_adj", text);
}

static int drop_bounding(uint64_t keep) {
  for (int c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
    if (!(keep >> c & 1) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0)) return -1;
  return 0;
}

// The plain system calls: a libc would tell the other threads, of which there are none.
#ifdef SYS_setgroups32
enum { SET_GROUPS = SYS_setgroups32, SET_GID = SYS_setresgid32, SET_UID = SYS_setresuid32 };
#else
enum { SET_GROUPS = SYS_setgroups, SET_GID = SYS_setresgid, SET_UID = SYS_setresuid };
#endif

static int set_ids(const struct program *p, uint32_t uid, uint32_t gid, uint32_t keep) {
  if (keep & KEEP_CAPABILITIES && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)) return -1;
  if (!(keep & KEEP_GROUPS) && syscall(SET_GROUPS, p->group_count, p->groups)) return -1;
  if (syscall(SET_GID, gid, gid, gid) || syscall(SET_UID, uid, uid, uid)) return -1;
  return prctl(PR_SET_DUMPABLE, 0, 0, 0,
               0); // the id change set it for the memory shared with the init; execve sets it again
}

// Takes effect at execve (Documentation/filesystems/proc.rst).
static int set_label(const char *file, const char *text) {
  char path[32];
  if (strchr(file, '.') || snprintf(path, sizeof path, "attr/%s", file) >= (int)sizeof path) {
    errno = EINVAL;
    return -1;
  }
  return write_own(path, text);
}

// The set becomes permitted, effective, inheritable and ambient, so that a program without file capabilities has it.
// `until_exec` does not come into what execve passes on (capabilities(7)).
static int set_capabilities(uint64_t set, uint64_t until_exec) {
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  uint32_t low = (uint32_t)set, high = (uint32_t)(set >> 32), held = low | (uint32_t)until_exec;
  struct __user_cap_data_struct data[2] = { { held, held, low }, { high, high, high } };
  if (syscall(SYS_capset, &header, data)) return -1;
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)) return -1;
  for (int c = 0; c < 64; c++)
    if (set >> c & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0)) return -1;
  return 0;
}

// struct sched_attr as of 3.14 (sched_setattr(2)), which no libc here knows.
static int schedule(struct reader *r) {
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } how = { .size = sizeof how, .policy = read_u32(r) };
  how.flags = read_u32(r);
  how.nice = (int32_t)read_u32(r);
  how.priority = read_u32(r);
  how.runtime = read_u64(r);
  how.deadline = read_u64(r);
  how.period = read_u64(r);
  return (int)syscall(SYS_sched_setattr, 0, &how, 0);
}

// Not by chdir: a link in the root to /proc/self/fd/N would lead into a group of the host, which is still open here.
static int enter(const char *folder) {
  int fd = sys_openat2(AT_FDCWD, folder, O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_NO_MAGICLINKS);
  if (fd < 0) return -1;
  int result = fchdir(fd), error = errno;
  close(fd);
  errno = error;
  return result;
}

static _Noreturn void give_up(struct program *p, int step, int op, int error) {
  p->failed_errno = error;
  p->failed_step = step;
  p->failed_op = op;
  _exit(127); // a filter may turn this into SIGSYS; what failed has been noted by then
}

// Last of all, so that a filter has to allow nothing but execve.
static int install_filter(const struct program *p) {
  struct sock_fprog filter = { (unsigned short)(p->filter_size / sizeof(struct sock_filter)),
                               (struct sock_filter *)(uintptr_t)p->filter };
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, p->filter_flags, &filter);
}

// Each place is behind the one that it gets, and those before it have gone: none is overwritten that is still wanted.
static int hand_over(const struct program *p) {
  for (int i = 0; i < p->handed; i++)
    if (dup3(INIT_FD_JOINS + p->joins + i, FIRST_HANDED + i, 0) < 0) return -1;
  return 0;
}

// The peer of whoever connects is the process that listened (unix(7), SO_PEERCRED): the program itself, with its ids.
static int listen_on(const struct program *p, uint32_t which, uint32_t backlog) {
  if (which >= (uint32_t)p->handed) {
    errno = EBADF;
    return -1;
  }
  return listen(INIT_FD_JOINS + p->joins + (int)which, (int)backlog);
}

// The terminal is that of a session, which this process has just made (STEP_SESSION).
static int take_terminal(const struct program *p) {
  if (ioctl(p->terminal, TIOCSCTTY, 0)) return -1;
  for (int fd = 0; fd < 3; fd++)
    if (dup3(p->terminal, fd, 0) < 0) return -1;
  return 0;
}

// As a shell finds it, in the container and with its user's rights. What cannot be entered or executed is told when
// nothing else is found.
static void execute_by_name(const struct program *p) {
  char path[4096];
  const char *folders = "";
  int error = ENOENT;
  for (char **variable = p->envp; *variable; variable++)
    if (!strncmp(*variable, "PATH=", 5)) folders = *variable + 5;
  while (*folders) {
    size_t n = strcspn(folders, ":");
    if (snprintf(path, sizeof path, "%.*s%s%s", (int)n, folders, n ? "/" : "", p->path) < (int)sizeof path) {
      execve(path, p->argv, p->envp);
      if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return;
      if (errno == EACCES) error = EACCES;
    }
    folders += n + (folders[n] == ':');
  }
  errno = error;
}

static _Noreturn void execute(struct program *p) {
  // Its init is not that of its pid namespace, whose end would be its own. A change of ids has undone this before.
  if (p->entered && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)) give_up(p, p->step, STEP_EXEC, errno);
  if (p->terminal >= 0 && take_terminal(p)) give_up(p, 0, STEP_ENTER, errno);
  sigset_t none; // nothing is ignored: the launcher saw to that when it began
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, 0);
  if (hand_over(p)) give_up(p, p->step, STEP_EXEC, errno);
  if (p->filter && install_filter(p)) give_up(p, p->filter_step, STEP_SECCOMP, errno);
  if (strchr(p->path, '/'))
    execve(p->path, p->argv, p->envp);
  else
    execute_by_name(p);
  give_up(p, p->step, STEP_EXEC, errno);
}

// Behind all that is handed on. Entering it gives every capability in it and takes every one outside of it.
static int enter_user_namespace(const struct program *p) {
  if (p->user) return setns(INIT_FD_JOINS + p->joins + p->handed, CLONE_NEWUSER);
  errno = EBADF;
  return -1;
}

static int enter_namespaces(const struct program *p, uint64_t flags) {
  if (p->entered) return setns(p->member, (int)flags);
  errno = EBADF;
  return -1;
}

static int step(struct program *p, uint32_t op, struct reader *r) {
  uint32_t a, b;
  uint64_t n;
  const char *text;
  switch (op) {
    case STEP_JOIN: return join(p);
    case STEP_CGROUP_NAMESPACE: return unshare(NEWCGROUP);
    case STEP_ENTER_USER_NAMESPACE: return enter_user_namespace(p);
    case STEP_MOUNT_NAMESPACE: return unshare(CLONE_NEWNS);
    case STEP_OOM_SCORE_ADJ: return set_oom_score((int32_t)read_u32(r));
    case STEP_RLIMIT: {
      a = read_u32(r);
      struct rlimit64 limit = { read_u64(r), read_u64(r) };
      return (int)syscall(SYS_prlimit64, 0, a, &limit, 0);
    }
    case STEP_SESSION: return setsid() < 0 ? -1 : 0;
    case STEP_UMASK: umask((mode_t)read_u32(r)); return 0;
    case STEP_BOUNDING: return drop_bounding(read_u64(r));
    case STEP_IDS:
      a = read_u32(r);
      b = read_u32(r);
      n = read_u32(r);
      read_bytes(r, 4 * n);
      return set_ids(p, a, b, read_u32(r));
    case STEP_CAPABILITIES: return set_capabilities(read_u64(r), p->filter_admin ? 1u << CAP_SYS_ADMIN : 0);
    case STEP_NO_NEW_PRIVS: return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    case STEP_WORKING_DIRECTORY: return enter(read_str(r));
    case STEP_LISTEN: a = read_u32(r); return listen_on(p, a, read_u32(r));
    case STEP_SETNS: return enter_namespaces(p, read_u64(r));
    case STEP_SECURITY_LABEL: text = read_str(r); return set_label(text, read_str(r));
    case STEP_SCHED: return schedule(r);
    case STEP_SECCOMP: read_bytes(r, (size_t)(r->end - r->at)); return 0; // by execute
    case STEP_EXEC: execute(p);
    default: errno = EPROTO; return -1;
  }
}

_Noreturn void program_main(struct program *p) {
  struct reader *r = &p->steps;
  // Before the ids change: it counts as one of root's keys, of which there may be many.
  if (own_keyring()) give_up(p, p->first_step, STEP_EXEC, errno);
  for (p->step = p->first_step; p->count; p->step++, p->count--) {
    uint32_t op = read_u32(r), size = read_u32(r);
    struct reader body = { read_bytes(r, size), 0, 0 };
    body.end = body.at + size;
    if (r->bad || step(p, op, &body) || body.bad) give_up(p, p->step, (int)op, r->bad || body.bad ? EPROTO : errno);
  }
  give_up(p, p->step, STEP_EXEC, EPROTO); // a list without EXEC
}

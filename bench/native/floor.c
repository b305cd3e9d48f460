// floor.c - the least that this kernel takes to start one confined program and to remove it again, with no runtime
// around it: the same namespaces, mounts, groups and limits, no init, no supervision, no step that could be left out.
//
//   floor --root DIR --program PATH [--plain] [--host-network] [--uid N] [--gid N]
//         [--group DIR]... [--write FILE VALUE]... [--join FILE]... [--into DIR]
//
// --plain makes nothing at all: one vfork and one exec. --join files get "0" from the program's own process, --into is
// a v2 group that clone3 starts it in. Groups are made for each turn and removed after it.
#include "turn.h"
#include "../../src/launcher/sys.h"
#include <grp.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

enum { MOST = 16, BUSY_ROUNDS = 2000, BUSY_PAUSE_US = 50 };

static const char *root, *program, *into, *groups[MOST], *joins[MOST], *files[MOST], *values[MOST];
static int plain, host_network, group_count, join_count, write_count;
static unsigned uid, gid;

// The child shares this memory (CLONE_VM): what it notes is read after it has executed something or ended.
static const char *volatile failed;
static volatile int failed_errno;

#define DO(what, call)                                                                                                 \
  do {                                                                                                                 \
    if ((call) < 0) {                                                                                                  \
      failed = what;                                                                                                   \
      failed_errno = errno;                                                                                            \
      _exit(127);                                                                                                      \
    }                                                                                                                  \
  } while (0)

static void devices(void) {
  static const struct {
    const char *path;
    unsigned major, minor;
  } nodes[] = { { "dev/null", 1, 3 },   { "dev/zero", 1, 5 },    { "dev/full", 1, 7 },
                { "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 } };
  DO("mount dev", mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k"));
  for (unsigned i = 0; i < sizeof nodes / sizeof *nodes; i++)
    DO(nodes[i].path, mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)));
}

static void own_root(void) {
  DO("propagation", mount(0, "/", 0, MS_REC | MS_SLAVE, 0));
  DO("bind root", mount(root, root, 0, MS_BIND, 0));
  DO("read-only root", mount(0, root, 0, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, 0));
  DO("enter root", chdir(root));
  DO("mount proc", mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0));
  devices();
  DO("pivot_root", syscall(SYS_pivot_root, ".", "."));
  DO("detach the old root", umount2(".", MNT_DETACH));
  DO("chdir", chdir("/"));
}

static void loopback_up(void) {
  struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  DO("socket", fd);
  DO("loopback", ioctl(fd, SIOCSIFFLAGS, &request));
  close(fd);
}

static _Noreturn void child(int out, const int *tasks) {
  char *const argv[] = { (char *)(uintptr_t)program, 0 }, *const envp[] = { 0 };
  if (!plain) {
    own_root();
    DO("hostname", sethostname("floor", 5));
    if (!host_network) loopback_up();
    for (int i = 0; i < join_count; i++) DO(joins[i], write(tasks[i], "0", 1));
    // The plain system calls: the libc's would also tell other threads, of which there are none.
    DO("groups", syscall(SYS_setgroups, 0, 0));
    DO("gid", syscall(SYS_setresgid, gid, gid, gid));
    DO("uid", syscall(SYS_setresuid, uid, uid, uid));
    DO("no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  }
  DO("stdout", dup2(out, 1));
  execve(program, argv, envp);
  DO("exec", -1);
  _exit(127);
}

static int put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = write(fd, text, strlen(text));
  int error = errno;
  close(fd);
  errno = error;
  return n < 0 ? -1 : 0;
}

static void remove_groups(struct turn *t, int count) {
  for (int i = count - 1; i >= 0; i--)
    for (int round = 0; rmdir(groups[i]); round++) {
      if (errno != EBUSY || round == BUSY_ROUNDS) {
        problem(t, groups[i], strerror(errno));
        break;
      }
      usleep(BUSY_PAUSE_US);
    }
}

static int make_groups(struct turn *t) {
  for (int i = 0; i < group_count; i++)
    if (mkdir(groups[i], 0755)) {
      problem(t, groups[i], strerror(errno));
      return i;
    }
  for (int i = 0; i < write_count; i++)
    if (put(files[i], values[i])) problem(t, files[i], strerror(errno));
  return group_count;
}

static void run(struct turn *t, int out) {
  int tasks[MOST], group = -1;
  for (int i = 0; i < join_count; i++)
    if ((tasks[i] = open(joins[i], O_WRONLY | O_CLOEXEC)) < 0) problem(t, joins[i], strerror(errno));
  if (into && (group = open(into, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) problem(t, into, strerror(errno));
  struct clone_args3 args = { .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD };
  if (!plain) args.flags |= CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
  if (!plain && !host_network) args.flags |= CLONE_NEWNET;
  if (into) {
    args.flags |= INTO_CGROUP;
    args.cgroup = (uint64_t)group;
  }
  failed = 0;
  long pid = t->problem[0] ? -ECANCELED : clone3_here(&args);
  if (pid == 0) child(out, tasks);
  int status = 0;
  if (pid < 0)
    problem(t, "clone3", strerror((int)-pid));
  else if (waitpid((pid_t)pid, &status, 0) != pid)
    problem(t, "waitpid", strerror(errno));
  if (failed) problem(t, failed, strerror(failed_errno));
  if (status != 0) problem(t, "program", "did not end with code 0");
  for (int i = 0; i < join_count; i++)
    if (tasks[i] >= 0) close(tasks[i]);
  if (group >= 0) close(group);
}

static void one(struct turn *t) {
  int out[2];
  if (pipe2(out, O_CLOEXEC)) return problem(t, "pipe", strerror(errno));
  t->begin = now_ns();
  int made = make_groups(t);
  if (!t->problem[0]) run(t, out[1]);
  remove_groups(t, made);
  t->gone = now_ns();
  close(out[1]);
  if (!t->problem[0]) read_stamp(t, out[0]);
  close(out[0]);
}

static int option(char **argv, int left) {
  const char *name = argv[0], *value = left > 1 ? argv[1] : 0;
  if (!strcmp(name, "--plain")) return plain = 1;
  if (!strcmp(name, "--host-network")) return host_network = 1;
  if (!value || group_count == MOST || join_count == MOST || write_count == MOST) return 0;
  if (!strcmp(name, "--root"))
    root = value;
  else if (!strcmp(name, "--program"))
    program = value;
  else if (!strcmp(name, "--uid"))
    uid = (unsigned)strtoul(value, 0, 10);
  else if (!strcmp(name, "--gid"))
    gid = (unsigned)strtoul(value, 0, 10);
  else if (!strcmp(name, "--group"))
    groups[group_count++] = value;
  else if (!strcmp(name, "--join"))
    joins[join_count++] = value;
  else if (!strcmp(name, "--into"))
    into = value;
  else if (!strcmp(name, "--write") && left > 2) {
    files[write_count] = value;
    values[write_count++] = argv[2];
    return 3;
  } else
    return 0;
  return 2;
}

int main(int argc, char **argv) {
  for (int i = 1, used; i < argc; i += used)
    if ((used = option(argv + i, argc - i)) == 0) return fprintf(stderr, "floor: what is %s\n", argv[i]), 2;
  if (!program || (!plain && !root)) return fputs("floor: needs --program, and --root unless --plain\n", stderr), 2;
  answer_turns(one);
  return 0;
}

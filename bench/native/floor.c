// floor.c - the least that this kernel takes to start one confined program, to hear how it ended and to remove it
// again, with no runtime around it: the same namespaces, mounts, groups and limits, the same ids and capabilities, two
// pipes for output, and a pid 1 that reaps and says how the program ended (floor_init.c). Every call is one that cannot
// be left out, each is made the fastest way that the kernel has.
//
//   floor --root DIR --program PATH [--plain] [--init PATH] [--host-network] [--uid N] [--gid N]
//         [--group DIR]... [--write FILE VALUE]... [--join FILE]... [--into DIR]
//
// --plain makes nothing at all: one vfork and one exec. --join files get "0" from the program's own process, --into is
// a v2 group that clone3 starts it in. Groups are made for each turn and removed after it.
#include "floor.h"
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

static const char *root, *program, *init_path, *into, *groups[MOST], *joins[MOST], *files[MOST], *values[MOST];
static int plain, host_network, group_count, join_count, write_count;
static unsigned uid, gid;
static int init_file = -1, null_file = -1;

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
  static const char *const links[][2] = { { "/proc/self/fd", "dev/fd" },
                                          { "/proc/self/fd/0", "dev/stdin" },
                                          { "/proc/self/fd/1", "dev/stdout" },
                                          { "/proc/self/fd/2", "dev/stderr" } };
  DO("mount dev", mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k"));
  for (unsigned i = 0; i < sizeof nodes / sizeof *nodes; i++)
    DO(nodes[i].path, mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)));
  for (unsigned i = 0; i < sizeof links / sizeof *links; i++) DO(links[i][1], symlink(links[i][0], links[i][1]));
  DO("dev/ptmx", symlink("pts/ptmx", "dev/ptmx"));
  DO("dev/pts", mkdir("dev/pts", 0755));
  DO("mount dev/pts",
     mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"));
  DO("dev/shm", mkdir("dev/shm", 01777));
  DO("mount dev/shm", mount("tmpfs", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=64m"));
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

static _Noreturn void plain_child(int out) {
  char *const argv[] = { (char *)(uintptr_t)program, 0 }, *const envp[] = { 0 };
  DO("stdout", dup2(out, 1));
  execve(program, argv, envp);
  DO("exec", -1);
  _exit(127);
}

// Becomes pid 1, with the descriptors of floor.h and no others.
static _Noreturn void child(const int *out, const int *err, int status, const int *tasks, int group) {
  char words[4][16];
  char *const argv[] = { words[0], words[1], words[2], words[3], (char *)(uintptr_t)program, 0 }, *const envp[] = { 0 };
  setsid();
  umask(0);
  own_root();
  if (!host_network) loopback_up();
  snprintf(words[0], sizeof words[0], "%u", uid);
  snprintf(words[1], sizeof words[1], "%u", gid);
  snprintf(words[2], sizeof words[2], "%d", join_count);
  snprintf(words[3], sizeof words[3], "%d", group >= 0);
  int from[FLOOR_FD_JOINS + MOST + 2], n = 0;
  from[n++] = null_file;
  from[n++] = out[1];
  from[n++] = err[1];
  from[n++] = status;
  for (int i = 0; i < join_count; i++) from[n++] = tasks[i];
  if (group >= 0) from[n++] = group;
  from[n++] = init_file;
  for (int i = 0; i < n; i++) DO("descriptors", from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 64));
  for (int i = 0; i < n; i++) DO("descriptors", dup3(from[i], i, i == n - 1 ? O_CLOEXEC : 0));
  DO("descriptors", sys_close_range((unsigned)n, ~0U));
  syscall(SYS_execveat, n - 1, "", argv, envp, EMPTY_PATH);
  DO("init", -1);
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

// The child runs below the frame of this function.
static __attribute__((noinline)) long clone_child(const int *out, const int *err, int status, const int *tasks,
                                                  int group) {
  struct clone_args3 args = { .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD };
  if (!plain) args.flags |= CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
  if (!plain && !host_network) args.flags |= CLONE_NEWNET;
  long pid = clone3_here(&args);
  if (pid == 0 && plain) plain_child(out[1]);
  if (pid == 0) child(out, err, status, tasks, group);
  return pid;
}

// What pid 1 says: how the program ended.
static void hear(struct turn *t, int status) {
  int word = -1;
  if (read(status, &word, sizeof word) != sizeof word || word != 0) problem(t, "program", "did not end with code 0");
}

static void run(struct turn *t, const int *out) {
  int tasks[MOST], group = -1, err[2] = { -1, -1 }, status[2] = { -1, -1 }, ended = 0;
  if (!plain && (pipe2(err, O_CLOEXEC) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, status) ||
                 fchown(out[1], uid, gid) || fchown(err[1], uid, gid)))
    problem(t, "pipes", strerror(errno));
  for (int i = 0; i < join_count; i++)
    if ((tasks[i] = open(joins[i], O_WRONLY | O_CLOEXEC)) < 0) problem(t, joins[i], strerror(errno));
  if (into && (group = open(into, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) problem(t, into, strerror(errno));
  failed = 0;
  long pid = t->problem[0] ? -ECANCELED : clone_child(out, err, status[1], tasks, group);
  if (status[1] >= 0) close(status[1]);
  for (int i = 0; i < join_count; i++)
    if (tasks[i] >= 0) close(tasks[i]);
  if (group >= 0) close(group);
  if (err[1] >= 0) close(err[1]);
  if (pid < 0) problem(t, "clone3", strerror((int)-pid));
  if (failed) problem(t, failed, strerror(failed_errno));
  if (pid > 0 && !plain) hear(t, status[0]);
  if (pid > 0 && waitpid((pid_t)pid, &ended, 0) != pid) problem(t, "waitpid", strerror(errno));
  if (ended != 0) problem(t, plain ? "program" : "init", "did not end with code 0");
  if (status[0] >= 0) close(status[0]);
  if (err[0] >= 0) close(err[0]);
}

static void one(struct turn *t) {
  int out[2];
  t->begin = now_ns();
  if (pipe2(out, O_CLOEXEC)) return problem(t, "pipe", strerror(errno));
  int made = make_groups(t);
  if (!t->problem[0]) run(t, out);
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
  else if (!strcmp(name, "--init"))
    init_path = value;
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
  if (!program || (!plain && (!root || !init_path)))
    return fputs("floor: needs --program, and --root and --init unless --plain\n", stderr), 2;
  null_file = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (!plain && (init_file = open(init_path, O_PATH | O_CLOEXEC)) < 0) return perror(init_path), 2;
  answer_turns(one);
  return 0;
}

// stalk.c - lies in wait for what a container does not start itself: programs that somebody starts in it.
#define _GNU_SOURCE
#include "attacker.h"
#include <dirent.h>
#include <linux/keyctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *const ways[] = { "root", "cwd", "cwd/../../../../../..", "fd/3", "fd/5/1/root", "fd/5" };

// One that has not executed its program yet is called `init`, as the image that it comes from.
static int is_entering(int pid) {
  char path[64], name[16] = "";
  snprintf(path, sizeof path, "/proc/%d/comm", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = read(fd, name, sizeof name - 1);
  close(fd);
  return n > 0 && !strcmp(name, "init\n");
}

// What of the board is in reach through that process: a file, a descriptor, its memory.
static int reach(int pid) {
  char path[4096];
  int reached = 0;
  for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++) {
    snprintf(path, sizeof path, "/proc/%d/%s%s", pid, ways[i], setting("SECRET"));
    reached += !reads_secret(AT_FDCWD, path);
  }
  int handle = (int)syscall(SYS_pidfd_open, pid, 0);
  for (int fd = 3; handle >= 0 && fd < 12; fd++) {
    int stolen = (int)syscall(SYS_pidfd_getfd, handle, fd, 0);
    if (stolen < 0) continue;
    reached += is_entering(pid); // else it is the program's own
    close(stolen);
  }
  if (handle >= 0) close(handle);
  if (!ptrace(PTRACE_SEIZE, pid, 0, 0)) {
    reached += is_entering(pid);
    ptrace(PTRACE_INTERRUPT, pid, 0, 0);
    if (waitpid(pid, 0, __WALL) == pid) ptrace(PTRACE_DETACH, pid, 0, 0);
  }
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  if (!opens(path, O_WRONLY | O_APPEND)) reached++;
  return reached;
}

// stalk MS: tells how often it met a process before its program was executed, and how often that opened something.
int stalk(int argc, char **argv) {
  long end = milliseconds() + (argc > 0 ? atol(argv[0]) : 1000), met = 0, reached = 0;
  puts("ready");
  fflush(stdout);
  while (milliseconds() < end) {
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
      int pid = atoi(entry->d_name);
      if (pid <= 1 || pid == getpid()) continue;
      int entering = is_entering(pid);
      met += entering;
      if (entering) reached += reach(pid);
    }
    if (proc) closedir(proc);
  }
  printf("met %ld, reached %ld\n", met, reached);
  return 0;
}

// descriptors: those that are open, whether there is a /proc or not.
int descriptors(int argc, char **argv) {
  struct stat st;
  (void)argc, (void)argv;
  for (int fd = 0; fd < 4096; fd++)
    if (!fstat(fd, &st)) printf("%d:%o ", fd, st.st_mode & S_IFMT);
  puts("");
  return 0;
}

// swap DIR LINK MS: exchanges the two again and again.
int swap(int argc, char **argv) {
  if (argc != 3) return 2;
  long end = milliseconds() + atol(argv[2]), count = 0;
  puts("ready");
  fflush(stdout);
  for (; milliseconds() < end; count++)
    if (syscall(SYS_renameat2, AT_FDCWD, argv[0], AT_FDCWD, argv[1], 2)) return perror("swap"), 1; // RENAME_EXCHANGE
  printf("swapped %ld\n", count);
  return 0;
}

// with-key PROGRAM ...: in a session of the kernel's keyrings that holds a key.
int with_key(int argc, char **argv) {
  if (argc < 1 || syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0) < 0) return perror("keyctl"), 1;
  if (syscall(SYS_add_key, "user", "thuban-attack", "secret", 6UL, KEY_SPEC_SESSION_KEYRING) < 0)
    return perror("add_key"), 1;
  execvp(argv[0], argv);
  return perror(argv[0]), 1;
}

static int key_of_session(void) {
  return syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "thuban-attack", 0) < 0 ? -1 : 0;
}

const struct probe key_probes[] = { { "key_of_session", key_of_session }, { 0, 0 } };

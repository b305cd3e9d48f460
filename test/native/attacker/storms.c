// storms.c - too much of everything: signals, orphans, forks, output, and programs that do not want to end.
#define _GNU_SOURCE
#include "attacker.h"
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static long amount(int argc, char **argv) { return argc > 0 ? atol(argv[0]) : 1; }

static void say(const char *text) {
  puts(text);
  fflush(stdout);
}

// storm N: every signal at pid 1, N times, those with a queue by sigqueue(3). It blocks what comes back.
int storm(int argc, char **argv) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, 0);
  long sent = 0, full = 0;
  for (long round = amount(argc, argv); round--;)
    for (int number = 1; number < NSIG; number++) {
      union sigval value = { .sival_int = number };
      if (!(number < SIGRTMIN ? kill(1, number) : sigqueue(1, number, value)))
        sent++;
      else if (errno == EAGAIN)
        full++;
      else if (errno != EINVAL) // those that libc keeps for itself
        return perror("storm"), 1;
    }
  printf("%ld sent, %ld had no room\n", sent, full);
  return 7;
}

// Others than the init and this one. The dead that nobody has reaped are among them.
static int others(void) {
  int count = 0;
  DIR *proc = opendir("/proc");
  for (struct dirent *entry; proc && (entry = readdir(proc));) {
    int pid = atoi(entry->d_name);
    count += pid > 1 && pid != getpid();
  }
  return proc ? closedir(proc), count : -1;
}

// orphans N: children of children, whose parents are gone. They end by themselves, most of them before their parent,
// one of ten perhaps after it (a copy of the memory, and so dearer); the init has to reap them.
int orphans(int argc, char **argv) {
  for (long left = amount(argc, argv); left--;) {
    int dear = left % 10 == 0;
    pid_t child = dear ? fork() : vfork();
    if (child < 0) return perror("fork"), 1;
    if (!child) _exit((dear ? fork() : vfork()) < 0);
    int status;
    if (waitpid(child, &status, 0) != child || status) return 2;
  }
  struct timespec pause = { .tv_nsec = 10000000 };
  for (int i = 0; i < 3000 && others(); i++) nanosleep(&pause, 0);
  printf("%d left\n", others());
  return 0;
}

static void ignore_all(void) {
  for (int number = 1; number < NSIG; number++) signal(number, SIG_IGN);
}

// bomb: forks as fast as it can, in every process that it has.
int bomb(int argc, char **argv) {
  (void)argc, (void)argv;
  ignore_all();
  say("ready");
  for (;;)
    if (fork() < 0 && errno != EAGAIN) return 1;
}

// stubborn: ignores all, in sessions of its own, halted, and as a daemon whose parents are gone.
int stubborn(int argc, char **argv) {
  (void)argc, (void)argv;
  ignore_all();
  for (int i = 0; i < 8; i++) {
    pid_t child = fork();
    if (child < 0) return 1;
    if (child) continue;
    setsid();
    if (fork()) _exit(0);
    setpgid(0, 0);
    if (i & 1) raise(SIGSTOP);
    for (;;) pause();
  }
  for (int i = 0; i < 8; i++) wait(0);
  say("ready");
  for (;;) pause();
}

// flood N: N MiB of output, as one line.
int flood(int argc, char **argv) {
  static char block[1 << 20];
  memset(block, 'x', sizeof block);
  for (long left = amount(argc, argv); left--;)
    for (size_t done = 0; done < sizeof block;) {
      ssize_t n = write(1, block + done, sizeof block - done);
      if (n <= 0) return 1;
      done += (size_t)n;
    }
  return 0;
}

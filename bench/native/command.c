// command.c - runs one command a turn, from just before it is spawned until it has been reaped. It is small, so that
// spawning costs nothing of note: a fork of Node.js would be charged to the command.
//
//   command [--hide MOUNT] -- COMMAND [ARGUMENT...]
//
// "%i" in an argument becomes a name that is used once. --hide runs everything in a mount namespace without that mount.
#include "turn.h"
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>

enum { MOST = 64, LONGEST = 512 };
static char **command, *arguments[MOST + 1], texts[MOST][LONGEST];
extern char **environ;

static void fill_in(void) {
  static unsigned turns;
  char name[40];
  snprintf(name, sizeof name, "%d-%u", (int)getpid(), turns++);
  for (int i = 0; command[i] && i < MOST; i++) {
    char *at = strstr(command[i], "%i");
    arguments[i] = command[i];
    if (!at) continue;
    snprintf(texts[i], LONGEST, "%.*s%s%s", (int)(at - command[i]), command[i], name, at + 2);
    arguments[i] = texts[i];
  }
}

// The last line that it wrote to its standard error, which says the most.
static void why(struct turn *t, int fd, const char *otherwise) {
  char text[400];
  ssize_t n = read(fd, text, sizeof text - 1);
  while (n > 0 && text[n - 1] == '\n') n--;
  text[n < 0 ? 0 : n] = 0;
  char *line = strrchr(text, '\n');
  problem(t, arguments[0], n <= 0 ? otherwise : line ? line + 1 : text);
}

static void one(struct turn *t) {
  int out[2], err[2], status = 0;
  if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) return problem(t, "pipe", strerror(errno));
  fcntl(out[0], F_SETFL, O_NONBLOCK);
  fcntl(err[0], F_SETFL, O_NONBLOCK);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  fill_in();
  pid_t pid = 0;
  t->begin = now_ns();
  int error = posix_spawnp(&pid, arguments[0], &actions, 0, arguments, environ);
  if (!error && waitpid(pid, &status, 0) != pid) error = errno;
  t->gone = now_ns();
  posix_spawn_file_actions_destroy(&actions);
  if (error) problem(t, arguments[0], strerror(error));
  if (status != 0) why(t, err[0], "did not end with code 0");
  if (!t->problem[0]) read_stamp(t, out[0]);
  close(out[0]), close(out[1]), close(err[0]), close(err[1]);
}

static int hide(const char *mountpoint) {
  return unshare(CLONE_NEWNS) || mount(0, "/", 0, MS_REC | MS_PRIVATE, 0) || umount2(mountpoint, MNT_DETACH);
}

int main(int argc, char **argv) {
  int at = 1;
  if (argc > 2 && !strcmp(argv[1], "--hide")) {
    if (hide(argv[2])) return fprintf(stderr, "command: hide %s: %s\n", argv[2], strerror(errno)), 1;
    at = 3;
  }
  if (at + 1 >= argc || strcmp(argv[at], "--") != 0 || argc - at > MOST)
    return fputs("command: what to run?\n", stderr), 2;
  command = argv + at + 1;
  answer_turns(one);
  return 0;
}

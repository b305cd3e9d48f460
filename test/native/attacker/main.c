// main.c - attacker probe [NAME...]: each probe on a line of its own, "NAME DONE" or "NAME EPERM".
// attacker COMMAND ...: the others, see the table.
#define _GNU_SOURCE
#include "attacker.h"
#include <sys/wait.h>

const char *setting(const char *name) {
  const char *value = getenv(name);
  if (value) return value;
  fprintf(stderr, "attacker: %s is not set\n", name);
  exit(2);
}

const char *scratch(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", setting("SCRATCH"), name);
  return path;
}

// A file of that name that holds something else is not the host's.
int reads_secret(int folder, const char *path) {
  char text[64] = "";
  int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = read(fd, text, sizeof text - 1);
  int error = errno;
  close(fd);
  errno = n < 0 ? error : EBADMSG;
  return n > 0 && !strncmp(text, setting("MARK"), strlen(setting("MARK"))) ? 0 : -1;
}

int opens(const char *path, int flags) {
  int fd = open(path, flags | O_CLOEXEC);
  return fd < 0 ? -1 : close(fd);
}

int apart(int (*body)(void)) {
  int status;
  pid_t child = fork();
  if (child < 0) return -1;
  if (!child) _exit(body() ? errno : 0);
  if (waitpid(child, &status, 0) != child) return -1;
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  return errno ? -1 : 0;
}

static void tell(const struct probe *p) {
  errno = 0;
  const char *result = p->run() ? strerrorname_np(errno) : "DONE";
  printf("%s %s\n", p->name, result ? result : "no errno");
  fflush(stdout);
}

static int probe(int argc, char **argv) {
  const struct probe *tables[] = { view_probes, power_probes, admin_probes, key_probes };
  int told = 0;
  for (unsigned t = 0; t < sizeof tables / sizeof *tables; t++)
    for (const struct probe *p = tables[t]; p->name; p++) {
      int wanted = argc == 0;
      for (int i = 0; i < argc; i++) wanted |= !strcmp(argv[i], p->name);
      if (wanted) tell(p), told++;
    }
  return told ? 0 : 2;
}

// ids: effective user and capabilities.
int tell_ids(int argc, char **argv) {
  char line[256];
  FILE *status = fopen("/proc/self/status", "re");
  (void)argc, (void)argv;
  printf("%u", geteuid());
  while (status && fgets(line, sizeof line, status))
    if (!strncmp(line, "CapEff:", 7)) printf(" %llx\n", strtoull(line + 7, 0, 16));
  return status ? fclose(status) : 1;
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
  } commands[] = { { "probe", probe },
                   { "handle", tell_handle },
                   { "restart", restart },
                   { "ids", tell_ids },
                   { "storm", storm },
                   { "orphans", orphans },
                   { "bomb", bomb },
                   { "stubborn", stubborn },
                   { "flood", flood },
                   { "stalk", stalk },
                   { "descriptors", descriptors },
                   { "swap", swap },
                   { "with-key", with_key } };
  for (unsigned i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
    if (!strcmp(argv[1], commands[i].name)) return commands[i].run(argc - 2, argv + 2);
  fputs("usage: attacker COMMAND ...\n", stderr);
  return 2;
}

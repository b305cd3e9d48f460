// groups.c - the kernel's own part of what is done with groups: a list of calls, carried out in order at each turn
// (turn.h).
//
//   groups FILE    lines of FILE: mkdir PATH | write PATH VALUE | read PATH | rmdir PATH
#include "turn.h"
#include <fcntl.h>
#include <sys/stat.h>

struct call {
  char kind; // of the word
  char *path, *value;
};
static struct call *calls;
static size_t count;

static int with_file(const struct call *c, char *buffer, size_t size) {
  int writes = c->kind == 'w';
  int fd = open(c->path, (writes ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = writes ? write(fd, c->value, strlen(c->value)) : read(fd, buffer, size);
  int error = errno;
  close(fd);
  errno = error;
  return n < 0 ? -1 : 0;
}

static int carry_out(const struct call *c, char *buffer, size_t size) {
  if (c->kind == 'm') return mkdir(c->path, 0755);
  if (c->kind == 'd') return rmdir(c->path);
  return with_file(c, buffer, size);
}

static void one(struct turn *t) {
  static char buffer[65536];
  t->begin = now_ns();
  for (size_t i = 0; i < count; i++)
    if (carry_out(&calls[i], buffer, sizeof buffer)) problem(t, calls[i].path, strerror(errno));
  t->first = t->gone = now_ns();
}

static void add(char *line) {
  line[strcspn(line, "\n")] = 0;
  char *path = strchr(line, ' ');
  if (!path) return;
  *path++ = 0;
  char *value = strchr(path, ' ');
  if (value) *value++ = 0;
  calls = realloc(calls, (count + 1) * sizeof *calls);
  if (!calls) exit(1);
  // `rmdir` and `read` begin alike.
  calls[count++] = (struct call){ strcmp(line, "rmdir") ? line[0] : 'd', strdup(path), value ? strdup(value) : "" };
}

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "re") : 0;
  char *line = 0;
  size_t size = 0;
  if (!file) {
    fprintf(stderr, "groups: FILE\n");
    return 2;
  }
  while (getline(&line, &size, file) >= 0) add(line);
  free(line);
  fclose(file);
  answer_turns(one);
  return 0;
}

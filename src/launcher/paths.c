// paths.c - names inside of the new root, resolved as the container would: no symbolic link of an image leads out of
// it.
#include "launcher.h"
#include <stdio.h>
#include <sys/stat.h>

static const char *below(const char *path) {
  while (*path == '/') path++;
  return *path ? path : ".";
}

// An O_PATH descriptor of `path` inside the new root; symbolic links are followed as the container would.
int open_target(struct stage *s, const char *path) {
  return sys_openat2(s->root, below(path), O_PATH | O_CLOEXEC, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

// Makes the folders of `path` below the root, each `mode`; an existing one is kept. A symbolic link on the way is
// refused. Returns a descriptor of the last but one, and its name in `*last`.
static int make_parents(struct stage *s, const char *path, const char **last, unsigned mode) {
  int dir = fcntl(s->root, F_DUPFD_CLOEXEC, 3);
  for (const char *at = below(path);;) {
    const char *slash = strchr(at, '/');
    if (dir < 0) return -1;
    if (!slash) {
      *last = at;
      return dir;
    }
    char name[256];
    size_t n = (size_t)(slash - at);
    if (n >= sizeof name) {
      close(dir);
      errno = ENAMETOOLONG;
      return -1;
    }
    memcpy(name, at, n);
    name[n] = 0;
    while (*slash == '/') slash++;
    at = slash;
    if (mkdirat(dir, name, mode) && errno != EEXIST) {
      int error = errno;
      close(dir);
      errno = error;
      return -1;
    }
    int next = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), error = errno;
    close(dir);
    dir = next;
    errno = error;
  }
}

int make_place(struct stage *s, const char *path, unsigned mode, int file) {
  const char *last;
  int dir = make_parents(s, path, &last, 0755), result = 0;
  if (dir < 0) return -1;
  if (file) {
    int fd = openat(dir, last, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
      result = -1;
    else
      close(fd);
  } else if (mkdirat(dir, last, mode) && errno != EEXIST)
    result = -1;
  int error = errno;
  close(dir);
  errno = error;
  return result;
}

int make_link(struct stage *s, const char *path, const char *text) {
  const char *last;
  int dir = make_parents(s, path, &last, 0755);
  int result = dir < 0 ? -1 : symlinkat(text, dir, last), error = errno;
  if (dir >= 0) close(dir);
  errno = error;
  return result;
}

// paths.c - names inside of the new root, resolved as the container would: no symbolic link of an image leads out of
// it.
#include "launcher.h"
#include <sys/stat.h>

const char *below(const char *path) {
  while (*path == '/') path++;
  return *path ? path : ".";
}

// An O_PATH descriptor of `path` inside the new root; symbolic links are followed as the container would.
int open_target(struct stage *s, const char *path) {
  return sys_openat2(s->root, below(path), O_PATH | O_CLOEXEC, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

static int open_folder(struct stage *s, const char *path) {
  return sys_openat2(s->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

// Makes the folders of `path` that are missing, each `mode`. What is there is taken as the container would find it: a
// symbolic link on the way means a folder of the root. One that leads nowhere is refused. Returns a descriptor of the
// last but one, and its name in `*last`.
static int make_parents(struct stage *s, const char *path, const char **last, unsigned mode) {
  const char *all = below(path);
  int dir = fcntl(s->root, F_DUPFD_CLOEXEC, 3);
  for (const char *at = all;;) {
    const char *slash = strchr(at, '/');
    if (dir < 0) return -1;
    if (!slash) {
      *last = at;
      return dir;
    }
    char so_far[4096];
    size_t n = (size_t)(slash - all);
    if (n >= sizeof so_far) {
      close(dir);
      errno = ENAMETOOLONG;
      return -1;
    }
    memcpy(so_far, all, n);
    so_far[n] = 0;
    int next = open_folder(s, so_far);
    if (next < 0 && errno == ENOENT) {
      if (!mkdirat(dir, so_far + (at - all), mode))
        next = open_folder(s, so_far);
      else if (errno == EEXIST)
        errno = ELOOP;
    }
    int error = errno;
    close(dir);
    dir = next;
    errno = error;
    while (*slash == '/') slash++;
    at = slash;
  }
}

// What exists is left alone, also in a read-only filesystem, where O_CREAT would be refused.
int make_place(struct stage *s, const char *path, unsigned mode, int file) {
  const char *last;
  int there = open_target(s, path);
  if (there >= 0) return close(there);
  if (errno != ENOENT) return -1;
  int dir = make_parents(s, path, &last, 0755);
  if (dir < 0) return -1;
  int result = -1;
  if (file) {
    int fd = openat(dir, last, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    result = fd < 0 ? -1 : close(fd);
  } else
    result = mkdirat(dir, last, mode);
  int error = errno == EEXIST ? ELOOP : errno; // a symbolic link that leads nowhere
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

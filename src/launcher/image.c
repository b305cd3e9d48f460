// image.c - the init as a sealed memfd: /proc/1/exe of a container is a file that nobody can change, and no host path.
#include "image.h"
#include "sys.h"
#include <sys/stat.h>

enum { MEMFD_CLOEXEC = 1, MEMFD_ALLOW_SEALING = 2, MEMFD_EXEC = 0x10 }; // MEMFD_EXEC: 6.3
enum {
  ADD_SEALS = 1033,
  GET_SEALS = 1034,
  SEALS = 0x1 | 0x2 | 0x4 | 0x8,
  SEAL_EXEC = 0x20
}; // SEAL SHRINK GROW WRITE; EXEC: 6.3

int sealed_image(const char *path) {
  int in = open(path, O_RDONLY | O_CLOEXEC), fd = -1;
  if (in < 0) return -1;
  fd = (int)syscall(SYS_memfd_create, "thuban-init", MEMFD_CLOEXEC | MEMFD_ALLOW_SEALING | MEMFD_EXEC);
  if (fd < 0 && errno == EINVAL)
    fd = (int)syscall(SYS_memfd_create, "thuban-init", MEMFD_CLOEXEC | MEMFD_ALLOW_SEALING);
  if (fd < 0) goto fail;
  static char buffer[65536];
  for (ssize_t n; (n = read(in, buffer, sizeof buffer)) != 0;)
    if (n < 0 || write(fd, buffer, (size_t)n) != n) goto fail;
  if (fchmod(fd, 0555) || (fcntl(fd, ADD_SEALS, SEALS | SEAL_EXEC) && fcntl(fd, ADD_SEALS, SEALS))) goto fail;
  close(in);
  return fd;
fail:;
  int error = errno;
  close(in);
  if (fd >= 0) close(fd);
  errno = error;
  return -1;
}

// Without SEAL_EXEC (before 6.3) a container's root could have taken the x bits away: they are given back before each
// start.
void refresh_image(int fd) {
  if (!(fcntl(fd, GET_SEALS) & SEAL_EXEC)) fchmod(fd, 0555);
}

// sockets.c - Unix sockets that a program finds open, made in a folder of the host where others can connect to them.
//
// The stage makes them: it is root still, and sees the host's folders. The launcher remembers their files and removes
// them with the container, but never one that somebody else has put in the place meanwhile.
#include "launcher.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { STREAM = 0, DATAGRAM = 1, SEQUENCED = 2 };

static int address_of(const char *name, struct sockaddr_un *address) {
  *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
  size_t n = strlen(name);
  if (!n || n >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address->sun_path, name, n);
  return 0;
}

static int hand_on(struct stage *s, int fd) {
  if (s->handed_count == WIRE_MAX_HANDED) {
    errno = EMFILE;
    return -1;
  }
  s->handed[s->handed_count++] = fd;
  return 0;
}

// Its file is nobody's until it has its owner and mode.
static int bind_in(int folder, int fd, const char *name, const struct socket_file *want) {
  struct sockaddr_un address;
  if (strchr(name, '/')) {
    errno = EINVAL;
    return -1;
  }
  if (address_of(name, &address)) return -1;
  if (unlinkat(folder, name, 0) && errno != ENOENT) return -1;
  mode_t before = umask(0777);
  int result = bind(fd, (struct sockaddr *)&address, sizeof address), error = errno;
  umask(before);
  errno = error;
  if (result || fchownat(folder, name, want->uid, want->gid, AT_SYMLINK_NOFOLLOW)) return -1;
  return fchmodat(folder, name, want->mode, 0);
}

// The name alone is bound, from inside of its folder: an address holds 108 bytes.
int make_socket(struct stage *s, const struct socket_file *want) {
  static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
  int on = 1;
  if (want->type > SEQUENCED) {
    errno = EPROTO;
    return -1;
  }
  int folder = sys_openat2(AT_FDCWD, want->folder, O_PATH | O_DIRECTORY | O_CLOEXEC,
                           RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  int fd = folder < 0 ? -1 : socket(AF_UNIX, types[want->type] | SOCK_CLOEXEC, 0);
  if (fd < 0 || fchdir(folder) || bind_in(folder, fd, want->name, want)) return -1; // what is open ends with the stage
  if (s->root > 0 && fchdir(s->root)) return -1;
  close(folder);
  if (want->passcred && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on)) return -1;
  return hand_on(s, fd);
}

int connect_socket(struct stage *s, const char *file) {
  struct sockaddr_un address;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || address_of(file, &address) || connect(fd, (struct sockaddr *)&address, sizeof address)) return -1;
  return hand_on(s, fd);
}

void read_socket(struct reader *r, struct socket_file *want) {
  want->folder = read_str(r);
  want->name = read_str(r);
  want->type = read_u32(r);
  want->mode = read_u32(r);
  want->uid = read_u32(r);
  want->gid = read_u32(r);
  want->passcred = read_u32(r);
}

// The files that the steps are going to make.
int sockets_expect(struct container *c, struct reader steps) {
  while (steps.at < steps.end) {
    uint32_t op = read_u32(&steps), size = read_u32(&steps);
    struct reader body = { read_bytes(&steps, size), 0, 0 };
    body.end = body.at + (steps.bad ? 0 : size);
    if (steps.bad) break;
    if (op != STEP_SOCKET) continue;
    const char *folder = read_str(&body), *name = read_str(&body);
    size_t n = strlen(folder) + strlen(name) + 2;
    struct made_file *file = body.bad ? 0 : calloc(1, sizeof *file + n);
    if (!file) {
      errno = body.bad ? EPROTO : ENOMEM;
      return -1;
    }
    snprintf(file->path, n, "%s/%s", folder, name);
    file->next = c->files;
    c->files = file;
  }
  return 0;
}

static uint64_t inode_of(const char *path) {
  struct stat st;
  return lstat(path, &st) || !S_ISSOCK(st.st_mode) ? 0 : (uint64_t)st.st_ino;
}

void sockets_made(struct container *c) {
  for (struct made_file *f = c->files; f; f = f->next) f->inode = inode_of(f->path);
}

void sockets_remove(struct container *c) {
  while (c->files) {
    struct made_file *gone = c->files;
    c->files = gone->next;
    if (gone->inode && inode_of(gone->path) == gone->inode) unlink(gone->path);
    free(gone);
  }
}

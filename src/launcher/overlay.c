// overlay.c - folders one over the other: a read-only root that gets the places to mount on which it lacks, a root that
// can be written to, and mounts of that kind.
#include "launcher.h"
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

void read_places(struct reader *r, struct places *places) {
  places->count = read_u32(r);
  places->list = *r;
  for (uint32_t i = 0; i < places->count && !r->bad; i++) read_str(r);
}

static int lacks_one(struct stage *s, struct places places) {
  for (uint32_t i = 0; i < places.count; i++) {
    int fd = open_target(s, read_str(&places.list));
    if (fd < 0) return errno == ENOENT ? 1 : -1;
    close(fd);
  }
  return 0;
}

void read_upper(struct reader *r, struct upper *upper) {
  upper->size = read_u64(r);
  upper->inodes = read_u64(r);
  upper->folder = read_str(r);
  upper->name = read_str(r);
}

// Where the changes go: memory, or a folder that is kept.
static int open_upper(const struct upper *upper) {
  char options[96];
  if (*upper->folder) return open_kept(upper->folder, upper->name);
  snprintf(options, sizeof options, "mode=700,size=%llu,nr_inodes=%llu", (unsigned long long)upper->size,
           (unsigned long long)upper->inodes);
  return filesystem("tmpfs", options, ATTR_NOSUID | ATTR_NODEV);
}

// The upper folder is also the root of the result, so it begins with mode and owner of the lower one. It gets its name
// when it has them: whatever happens meanwhile, a later start finds all or nothing.
static int make_layers(int in, int lower) {
  struct file_status like;
  if (mkdirat(in, "work", 0700) && errno != EEXIST) return -1;
  if (!faccessat(in, "upper", F_OK, AT_SYMLINK_NOFOLLOW)) return 0;
  if (errno != ENOENT || sys_statx(lower, &like) || (mkdirat(in, "new", 0700) && errno != EEXIST)) return -1;
  // Without root it stays ours: most owners have no id here.
  if ((!rootless && fchownat(in, "new", like.uid, like.gid, 0)) || fchmodat(in, "new", like.mode & 07777, 0)) return -1;
  return renameat(in, "new", in, "upper");
}

// By mount(2): fsconfig(2) takes 255 bytes of a value, and `lowerdir+`, one layer at a time, is of 6.5. The layers have
// to be mounted in this namespace.
static int mount_overlay(const int *lower, unsigned count, int in, int at) {
  char options[4000], target[40];
  size_t n = 0;
  for (unsigned i = 0; i < count && n < sizeof options; i++)
    n += (size_t)snprintf(options + n, sizeof options - n, "%s/proc/self/fd/%d", i ? ":" : "lowerdir=", lower[i]);
  if (n < sizeof options)
    n += (size_t)snprintf(options + n, sizeof options - n,
                          ",upperdir=/proc/self/fd/%d/upper,workdir=/proc/self/fd/%d/work%s", in, in,
                          rootless ? ",userxattr" : ""); // those of root cannot be written (overlayfs.rst)
  if (n >= sizeof options) {
    errno = E2BIG;
    return -1;
  }
  snprintf(target, sizeof target, "/proc/self/fd/%d", at);
  return mount("overlay", target, "overlay", MS_NOSUID | MS_NODEV, options);
}

// Memory is mounted over the old root, and the result over both: overlayfs keeps clones of its own of what is covered.
int writable_root(struct stage *s, const char *staging, const struct upper *upper) {
  int in = open_upper(upper), lower = s->root;
  if (in < 0 || make_layers(in, lower) || (!*upper->folder && move_to(in, staging))) return -1;
  if (mount_overlay(&lower, 1, in, *upper->folder ? lower : in)) return -1;
  int root = open(staging, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (root < 0 || fchdir(root)) return -1;
  s->root = root;
  close(in);
  close(lower);
  return 0;
}

// Nothing is done when every place is there: that is faster, and a kernel without overlayfs will do.
int overlay_root(struct stage *s, const char *staging, uint64_t size, uint64_t inodes, const struct places *places) {
  const struct upper memory = { .size = size, .inodes = inodes, .folder = "", .name = "" };
  int lacks = lacks_one(s, *places);
  return lacks <= 0 ? lacks : writable_root(s, staging, &memory);
}

enum { MOST_LAYERS = 64 };
static int open_layers(struct places places, int *fds, unsigned *count) {
  if (places.count < 1 || places.count > MOST_LAYERS) {
    errno = E2BIG;
    return -1;
  }
  for (uint32_t i = 0; i < places.count; i++) {
    // Resolved before it was checked, as the source of a bind is.
    const char *path = read_str(&places.list);
    int fd = sys_openat2(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
    if (fd < 0) return -1;
    fds[(*count)++] = fd;
  }
  return 0;
}

// Memory goes onto the target as well, below the result: there it is part of the namespace, and goes with it.
int overlay(struct stage *s, const char *target, const struct places *lower, const struct upper *upper) {
  int fds[MOST_LAYERS], in = -1, at = -1, result = -1;
  unsigned count = 0;
  if (!open_layers(*lower, fds, &count) && (in = open_upper(upper)) >= 0 && !make_layers(in, fds[0]) &&
      (*upper->folder || !attach(s, in, target)) && (at = open_target(s, target)) >= 0)
    result = mount_overlay(fds, count, in, at);
  int error = errno;
  for (unsigned i = 0; i < count; i++) close(fds[i]);
  if (in >= 0) close(in);
  if (at >= 0) close(at);
  errno = error;
  return result;
}

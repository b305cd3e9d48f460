// hide.c - what of the assembled root a program shall not see, or not write. A path that is not there needs nothing.
#include "launcher.h"
#include <sys/stat.h>
#include <sys/statvfs.h>

static int clone_at(int fd, const char *path) {
  return sys_open_tree(fd, path, TREE_CLONE | TREE_CLOEXEC | (*path ? NO_FOLLOW : EMPTY_PATH));
}

// Attached first: before 5.12 the attributes of a mount can only be changed by its path.
static int put_over(int mounted, int at, unsigned attributes) {
  if (mounted < 0) return -1;
  int result = sys_move_mount(mounted, at) || set_attributes(mounted, attributes, 0) ? -1 : 0, error = errno;
  close(mounted);
  errno = error;
  return result;
}

// Through a mount that leaves the mode and owner of the host's device alone. Without that one our own serves, from
// Linux 6.15 on: before, a mount is cloned only from what is mounted in the namespace.
static int null_device(void) {
  int device = clone_at(AT_FDCWD, "/dev/null");
  return device < 0 && errno == ENOENT ? clone_at(null_folder, "null") : device;
}

// A folder becomes an empty one, anything else a null device.
static int mask(int at) {
  struct file_status st;
  const unsigned attributes = ATTR_RDONLY | ATTR_NOSUID | ATTR_NOEXEC;
  if (sys_statx(at, &st)) return -1;
  if (S_ISDIR(st.mode)) return put_over(filesystem("tmpfs", "size=4k,nr_inodes=1,mode=755", attributes), at, 0);
  return put_over(null_device(), at, attributes);
}

// What is mounted below stays as it is.
static int make_read_only(int at) {
  struct statvfs fs;
  if (fstatvfs(at, &fs)) return -1;
  return put_over(clone_at(at, ""), at, ATTR_RDONLY | ((unsigned)fs.f_flag & (ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC)));
}

int hide(struct stage *s, uint32_t op, const struct places *places) {
  struct places p = *places;
  for (uint32_t i = 0; i < p.count; i++) {
    int at = open_target(s, read_str(&p.list));
    if (at < 0 && errno == ENOENT) continue;
    int result = at < 0 ? -1 : op == STEP_MASK ? mask(at) : make_read_only(at), error = errno;
    if (at >= 0) close(at);
    errno = error;
    if (result) return -1;
  }
  return 0;
}

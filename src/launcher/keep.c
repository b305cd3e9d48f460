// keep.c - folders of the host that outlive their container, below Thuban's own data directory.
#include "launcher.h"
#include <sys/stat.h>

void read_kept(struct reader *r, struct kept *kept) {
  kept->folder = read_str(r);
  kept->name = read_str(r);
  kept->mode = read_u32(r);
  kept->uid = read_u32(r);
  kept->gid = read_u32(r);
  kept->target = read_str(r);
}

// Only root can write to `folder`. What is new there is on the disk before anybody relies on it: a program that syncs
// its file has to find it after a loss of power.
int open_kept(const char *folder, const char *name) {
  const int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int above = open(folder, how);
  if (above < 0) return -1;
  int fd = openat(above, name, how);
  if (fd < 0 && errno == ENOENT && !mkdirat(above, name, 0700) && !fsync(above)) fd = openat(above, name, how);
  int error = errno;
  close(above);
  errno = error;
  return fd;
}

// What is right already is not written again: flash wears out.
static int give_to(int fd, uint32_t uid, uint32_t gid, uint32_t mode) {
  struct file_status st;
  if (sys_statx(fd, &st)) return -1;
  if ((st.uid != uid || st.gid != gid) && fchown(fd, uid, gid)) return -1;
  return (st.mode & 07777) != mode ? fchmod(fd, mode) : 0;
}

int mount_kept(struct stage *s, const struct kept *kept) {
  int fd = open_kept(kept->folder, kept->name), tree = -1, result = -1;
  if (fd >= 0 && !give_to(fd, kept->uid, kept->gid, kept->mode))
    tree = sys_open_tree(fd, "", TREE_CLONE | TREE_CLOEXEC | EMPTY_PATH);
  if (tree >= 0 && !attach(s, tree, kept->target)) result = set_attributes(tree, ATTR_NOSUID | ATTR_NODEV, 0);
  int error = errno;
  if (fd >= 0) close(fd);
  if (tree >= 0) close(tree);
  errno = error;
  return result;
}

// dev.c - device nodes of a container: the standard ones in its own /dev, and single ones of the host.
#include "launcher.h"
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

// The devices that every program may expect; the names and numbers are fixed (Documentation/admin-guide/devices.txt).
static const struct {
  const char *name;
  unsigned minor, major;
} nodes[] = { { "null", 3, 1 },   { "zero", 5, 1 },    { "full", 7, 1 },
              { "random", 8, 1 }, { "urandom", 9, 1 }, { "tty", 0, 5 } };
enum { NODES = sizeof nodes / sizeof *nodes };

static int make_standard_node(int dev, unsigned i) {
  if (!rootless) return mknodat(dev, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor));
  int place = openat(dev, nodes[i].name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  return place < 0 ? -1 : close(place);
}

// In a user namespace a node that is made opens nothing (mknod(2), EPERM): the board's own is shown.
static int show_standard_node(int dev, unsigned i) {
  char path[16];
  snprintf(path, sizeof path, "/dev/%s", nodes[i].name);
  int tree = sys_open_tree(AT_FDCWD, path, TREE_CLONE | TREE_CLOEXEC | NO_FOLLOW);
  int place = openat(dev, nodes[i].name, O_PATH | O_NOFOLLOW | O_CLOEXEC), result = -1;
  if (tree >= 0 && place >= 0 && !sys_move_mount(tree, place))
    result = set_attributes(tree, ATTR_NOSUID | ATTR_NOEXEC, 0);
  int error = errno;
  if (tree >= 0) close(tree);
  if (place >= 0) close(place);
  errno = error;
  return result;
}

int make_devices(struct stage *s, const char *target, uint64_t size, int links) {
  static const char *const link[][2] = { { "/proc/self/fd", "fd" },
                                         { "/proc/self/fd/0", "stdin" },
                                         { "/proc/self/fd/1", "stdout" },
                                         { "/proc/self/fd/2", "stderr" } };
  char options[64];
  snprintf(options, sizeof options, "mode=755,size=%llu", (unsigned long long)size);
  int dev = filesystem("tmpfs", options, ATTR_NOSUID | ATTR_NOEXEC);
  if (dev < 0) return -1;
  for (unsigned i = 0; i < NODES; i++)
    if (make_standard_node(dev, i)) return -1;
  for (unsigned i = 0; links && i < sizeof link / sizeof *link; i++)
    if (symlinkat(link[i][0], dev, link[i][1])) return -1;
  if (mkdirat(dev, "shm", 01777) || mkdirat(dev, "pts", 0755) || symlinkat("pts/ptmx", dev, "ptmx")) return -1;
  if (!rootless) return attach_and_close(s, dev, target);
  int result = attach(s, dev, target); // a mount goes only onto what is mounted itself
  for (unsigned i = 0; !result && i < NODES; i++) result = show_standard_node(dev, i);
  int error = errno;
  close(dev);
  errno = error;
  return result;
}

// Terminals of its own: no number of the host's, nor of another container's.
int mount_terminals(struct stage *s, const char *target, uint32_t gid) {
  char options[64];
  snprintf(options, sizeof options, "newinstance,ptmxmode=0666,mode=0620,gid=%u", gid);
  return attach_and_close(s, filesystem("devpts", options, ATTR_NOSUID | ATTR_NOEXEC), target);
}

void read_node(struct reader *r, struct node *node) {
  node->staging = read_str(r);
  node->source = read_str(r);
  node->block = read_u32(r);
  node->major = read_u32(r);
  node->minor = read_u32(r);
  node->mode = read_u32(r);
  node->uid = read_u32(r);
  node->gid = read_u32(r);
  node->optional = read_u32(r);
}

// Numbers are given anew when something else is plugged in, so the host's node must still be the one of the plan.
static int is_still_there(const struct node *node, mode_t kind) {
  struct file_status st;
  int fd = sys_openat2(AT_FDCWD, node->source, O_PATH | O_CLOEXEC, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  if (fd < 0) return -1;
  int result = sys_statx(fd, &st), error = errno;
  close(fd);
  if (!result && ((st.mode & S_IFMT) != kind || st.rdev_major != node->major || st.rdev_minor != node->minor)) {
    result = -1;
    error = ESTALE;
  }
  errno = error;
  return result;
}

// A node of the container's own, so that its mode and owner are not those of the host's. It is made before there is a
// root, in a filesystem that the root then covers: a mount can be cloned from a filesystem that is mounted in the
// namespace, and before 6.15 from no other.
int make_node(struct stage *s, const struct node *node) {
  char name[16];
  mode_t kind = node->block ? S_IFBLK : S_IFCHR;
  snprintf(name, sizeof name, "%u", s->node_count++);
  if (is_still_there(node, kind)) return node->optional && errno == ENOENT ? 0 : -1;
  if (s->nodes < 0) {
    int made = filesystem("tmpfs", "size=4k,nr_inodes=1024,mode=700", ATTR_NOSUID | ATTR_NOEXEC);
    if (made < 0 || move_to(made, node->staging)) return -1;
    s->nodes = made;
  }
  return mknodat(s->nodes, name, kind | (mode_t)node->mode, makedev(node->major, node->minor)) ||
                 fchownat(s->nodes, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW)
             ? -1
             : 0;
}

int mount_node(struct stage *s, uint32_t which, const char *target, int optional) {
  char name[16];
  snprintf(name, sizeof name, "%u", which);
  int tree = -1;
  if (s->nodes >= 0)
    tree = sys_open_tree(s->nodes, name, TREE_CLONE | TREE_CLOEXEC | NO_FOLLOW);
  else
    errno = ENOENT;
  if (tree < 0) return optional && errno == ENOENT ? 0 : -1;
  return attach_and_close(s, tree, target);
}

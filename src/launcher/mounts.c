// mounts.c - the steps that assemble a container's root. They run in pid 1 of the new namespaces while it still shares
// the launcher's memory: no allocation, no stdio, only system calls.
//
// Mounts are made detached (fsopen, open_tree: 5.2) and moved to a target that was resolved below the new root, so a
// symbolic link inside of an image cannot lead a mount, a folder or a file to the host.
#include "launcher.h"
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

// Before 5.12 the attributes of a mount can only be changed by its path. That is not recursive: a recursive read-only
// mount is refused.
int set_attributes(int mount_fd, unsigned attributes, int recursive) {
  attributes &= ~(unsigned)ATTR_IDMAP;
  if (!attributes) return 0;
  if (!no_mount_setattr) {
    if (!sys_mount_setattr(mount_fd, recursive ? TREE_RECURSIVE : 0, attributes)) return 0;
    if (errno != ENOSYS) return -1;
  }
  if (recursive) {
    errno = ENOSYS;
    return -1;
  }
  unsigned long flags = MS_REMOUNT | MS_BIND | (attributes & ATTR_RDONLY ? MS_RDONLY : 0) |
                        (attributes & ATTR_NOSUID ? MS_NOSUID : 0) | (attributes & ATTR_NODEV ? MS_NODEV : 0) |
                        (attributes & ATTR_NOEXEC ? MS_NOEXEC : 0);
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", mount_fd);
  return mount(0, path, 0, flags, 0);
}

int filesystem(const char *type, const char *options, unsigned attributes) {
  return labelled(type, options, 0, attributes);
}

// A detached filesystem; `options` is "key=value,flag". A context of SELinux, if there is one, may hold commas.
int labelled(const char *type, const char *options, const char *label, unsigned attributes) {
  int context = sys_fsopen(type);
  if (context < 0) return -1;
  for (const char *at = options; at && *at;) {
    char key[32], value[64];
    const char *end = strchr(at, ',');
    size_t length = end ? (size_t)(end - at) : strlen(at);
    const char *equals = memchr(at, '=', length);
    size_t name = equals ? (size_t)(equals - at) : length, rest = equals ? length - name - 1 : 0;
    if (name >= sizeof key || rest >= sizeof value) {
      errno = EINVAL;
      goto fail;
    }
    memcpy(key, at, name);
    key[name] = 0;
    if (equals) memcpy(value, equals + 1, rest);
    value[rest] = 0;
    if (sys_fsconfig(context, equals ? CONFIG_STRING : CONFIG_FLAG, key, equals ? value : 0)) goto fail;
    at = end ? end + 1 : 0;
  }
  if (label && sys_fsconfig(context, CONFIG_STRING, "context", label)) goto fail;
  if (sys_fsconfig(context, CONFIG_CREATE, 0, 0)) goto fail;
  int made = sys_fsmount(context, attributes);
  if (made < 0) goto fail;
  close(context);
  return made;
fail:;
  int error = errno;
  close(context);
  errno = error;
  return -1;
}

static int is_folder(int fd) {
  struct file_status st;
  return !sys_statx(fd, &st) && S_ISDIR(st.mode);
}

int attach(struct stage *s, int mount_fd, const char *target) {
  if (mount_fd < 0) return -1;
  int at = open_target(s, target), result = -1;
  if (at >= 0 && is_folder(mount_fd) != is_folder(at))
    errno = ENOTDIR; // move_mount says EINVAL, as for much else
  else if (at >= 0)
    result = sys_move_mount(mount_fd, at);
  int error = errno;
  if (at >= 0) close(at);
  errno = error;
  return result;
}

int attach_and_close(struct stage *s, int mount_fd, const char *target) {
  int result = attach(s, mount_fd, target), error = errno;
  if (mount_fd >= 0) close(mount_fd);
  errno = error;
  return result;
}

// Onto a folder of the host, and onto what this namespace has there already.
int move_to(int mount_fd, const char *folder) {
  int at = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (at < 0 || sys_move_mount(mount_fd, at)) return -1;
  close(at);
  return 0;
}

// The new root becomes a mount of its own at `staging`, and the working directory.
int enter_root(struct stage *s, int mount_fd, const char *staging) {
  if (mount_fd < 0 || move_to(mount_fd, staging) || fchdir(mount_fd)) return -1;
  s->root = mount_fd;
  return 0;
}

// A detached copy of a host folder's or file's mount. The path was resolved before it was checked, so a symbolic link
// on it by now is somebody's doing. Without root, what is mounted below cannot be left out: it may hide something
// (mount_namespaces(7)), and `recursive` says then that it came along.
static int clone_tree(const char *source, int *recursive) {
  int from = sys_openat2(AT_FDCWD, source, O_PATH | O_CLOEXEC, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  if (from < 0) return -1;
  const unsigned how = TREE_CLONE | TREE_CLOEXEC | EMPTY_PATH;
  int tree = sys_open_tree(from, "", how | (*recursive ? TREE_RECURSIVE : 0));
  if (tree < 0 && errno == EINVAL && rootless && !*recursive) {
    *recursive = 1;
    tree = sys_open_tree(from, "", how | TREE_RECURSIVE);
  }
  int error = errno;
  close(from);
  errno = error;
  return tree;
}

// A folder of the host, which becomes read-only like every root; what comes along with it at once.
static int enter_mapped_root(struct stage *s, const char *source, const char *staging) {
  int recursive = 0, tree = clone_tree(source, &recursive);
  if (tree < 0 || (recursive && set_attributes(tree, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV, 1))) return -1;
  return users_map(s, tree, 0) ? -1 : enter_root(s, tree, staging);
}

static int bind_mount(struct stage *s, const char *source, const char *target, unsigned attributes, int recursive,
                      int optional) {
  int tree = clone_tree(source, &recursive);
  if (tree < 0) return optional && errno == ENOENT ? 0 : -1;
  // Attached first: the fallback of set_attributes needs a mount that is part of a namespace. Nothing of the container
  // runs yet.
  if ((attributes & ATTR_IDMAP && users_map(s, tree, recursive)) || attach(s, tree, target) ||
      set_attributes(tree, attributes, recursive)) {
    int error = errno;
    close(tree);
    errno = error;
    return -1;
  }
  close(tree);
  return 0;
}

static int pivot(void) {
  // The old root ends up on top of the new one and is detached from there (pivot_root(2), "." twice).
  return syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/") ? -1 : 0;
}

int mount_step(struct stage *s, uint32_t op, struct reader *r) {
  const char *a, *b;
  uint32_t x, y, z;
  uint64_t n, m;
  struct image image;
  struct places places;
  struct socket_file file;
  struct node node;
  struct kept kept;
  struct upper upper;
  struct users users;
#define CHECKED(call) (r->bad ? (errno = EPROTO, -1) : (call))
  switch (op) {
    case STEP_PROPAGATION: return mount(0, "/", 0, MS_REC | MS_SLAVE, 0);
    case STEP_ROOT_TMPFS: {
      a = read_str(r);
      n = read_u64(r);
      m = read_u64(r);
      char options[96];
      snprintf(options, sizeof options, "mode=755,size=%llu,nr_inodes=%llu", (unsigned long long)n,
               (unsigned long long)m);
      return CHECKED(enter_root(s, filesystem("tmpfs", options, ATTR_NOSUID | ATTR_NODEV), a));
    }
    case STEP_ROOT_BIND:
      a = read_str(r);
      b = read_str(r);
      return CHECKED(enter_mapped_root(s, b, a));
    case STEP_ROOT_IMAGE:
      a = read_str(r);
      x = read_u32(r);
      read_image(r, &image);
      return CHECKED(enter_root(s, mount_image(s, &image, s->context, x), a));
    case STEP_ROOT_OVERLAY:
      a = read_str(r);
      n = read_u64(r);
      m = read_u64(r);
      read_places(r, &places);
      return CHECKED(overlay_root(s, a, n, m, &places));
    case STEP_MKDIR:
      a = read_str(r);
      x = read_u32(r);
      return CHECKED(make_place(s, a, x, 0));
    case STEP_MKFILE:
      a = read_str(r);
      x = read_u32(r);
      return CHECKED(make_place(s, a, x, 1));
    case STEP_SYMLINK:
      a = read_str(r);
      b = read_str(r);
      return CHECKED(make_link(s, a, b));
    case STEP_BIND:
      a = read_str(r);
      b = read_str(r);
      x = read_u32(r);
      y = read_u32(r);
      z = read_u32(r);
      return CHECKED(bind_mount(s, a, b, x, (int)y, (int)z));
    case STEP_IMAGE:
      a = read_str(r);
      b = read_str(r);
      x = read_u32(r);
      read_image(r, &image);
      return CHECKED(mount_image_folder(s, &image, b, a, x));
    case STEP_TMPFS:
      a = read_str(r);
      x = read_u32(r);
      b = read_str(r);
      return CHECKED(attach_and_close(s, filesystem("tmpfs", b, x), a));
    case STEP_PROC:
      a = read_str(r);
      x = read_u32(r);
      return CHECKED(attach_and_close(s, filesystem("proc", "", x), a));
    case STEP_SYSFS:
      a = read_str(r);
      x = read_u32(r);
      return CHECKED(attach_and_close(s, filesystem("sysfs", "", x), a));
    case STEP_DEV:
      a = read_str(r);
      n = read_u64(r);
      x = read_u32(r);
      return CHECKED(make_devices(s, a, n, (int)x));
    case STEP_NODE: read_node(r, &node); return CHECKED(make_node(s, &node));
    case STEP_DEVICE:
      x = read_u32(r);
      a = read_str(r);
      y = read_u32(r);
      return CHECKED(mount_node(s, x, a, (int)y));
    case STEP_DEVPTS:
      a = read_str(r);
      x = read_u32(r);
      return CHECKED(mount_terminals(s, a, x));
    case STEP_PERSIST: read_kept(r, &kept); return CHECKED(mount_kept(s, &kept));
    case STEP_OVERLAY:
      a = read_str(r);
      read_places(r, &places);
      read_upper(r, &upper);
      return CHECKED(overlay(s, a, &places, &upper));
    case STEP_ROOT_WRITABLE:
      a = read_str(r);
      read_upper(r, &upper);
      return CHECKED(writable_root(s, a, &upper));
    case STEP_USER_NAMESPACE: read_users(r, &users); return CHECKED(users_join(s, &users));
    case STEP_ROOT_CONTEXT: s->context = read_str(r); return CHECKED(0);
    case STEP_SOCKET: read_socket(r, &file); return CHECKED(make_socket(s, &file));
    case STEP_CONNECT: a = read_str(r); return CHECKED(connect_socket(s, a));
    case STEP_MASK: read_places(r, &places); return CHECKED(hide(s, op, &places));
    case STEP_READ_ONLY: read_places(r, &places); return CHECKED(hide(s, op, &places));
    case STEP_NETWORK_NAMESPACE: a = read_str(r); return CHECKED(enter_network(a));
    case STEP_ROOT_ATTRIBUTES: x = read_u32(r); return CHECKED(set_attributes(s->root, x, 0));
    case STEP_PIVOT: return pivot();
    case STEP_HOSTNAME: a = read_str(r); return CHECKED(sethostname(a, strlen(a)));
    case STEP_LOOPBACK: return loopback_up();
    default: errno = EPROTO; return -1; // an unknown step is refused, never skipped
  }
#undef CHECKED
}

// squashfs.c - the image inside of a package: the file that was checked and no other, as a read-only filesystem.
#include "launcher.h"
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

void read_image(struct reader *r, struct image *image) {
  image->file = read_str(r);
  image->dev = read_u64(r);
  image->ino = read_u64(r);
  image->size = read_u64(r);
  image->ctime_ns = read_u64(r);
  image->offset = read_u64(r);
  image->length = read_u64(r);
}

// A descriptor that may write outlives a change of owner and mode, and through it the file could be changed while it is
// mounted. The kernel counts such descriptors, and the mappings that were made with them, and gives a read lease only
// where there is none (fcntl(2)). What opens the file for writing later had to be allowed to. File systems of others,
// such as NFS and FUSE, have no leases. Whoever opens it just now waits for us, and we are told by a signal, which is
// taken back: all signals are blocked here, and it would be the program's.
static int check_no_writer(int fd) {
  if (fcntl(fd, F_SETLEASE, F_RDLCK)) {
    if (errno == EINVAL || errno == EOPNOTSUPP) return 0;
    if (errno == EAGAIN) errno = ETXTBSY;
    return -1;
  }
  if (fcntl(fd, F_SETLEASE, F_UNLCK)) return -1;
  sigset_t broken;
  sigemptyset(&broken);
  sigaddset(&broken, SIGIO);
  struct timespec now = { 0 };
  sigtimedwait(&broken, 0, &now);
  return 0;
}

// Nobody can write to a file and keep its change time. Another file, or none, under the name of the one that was
// checked is all the same to us. O_NONBLOCK: should it be a FIFO by now, there is no waiting for a writer.
static int open_checked(const struct image *image) {
  int fd = sys_openat2(AT_FDCWD, image->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_LARGEFILE,
                       RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  if (fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) errno = ESTALE;
    return -1;
  }
  struct file_status st;
  if (!check_no_writer(fd) && !sys_statx(fd, &st)) {
    uint64_t ctime_ns = (uint64_t)st.ctime.seconds * 1000000000u + st.ctime.nanoseconds;
    if (makedev(st.dev_major, st.dev_minor) == image->dev && st.ino == image->ino && st.size == image->size &&
        ctime_ns == image->ctime_ns)
      return fd;
    errno = ESTALE;
  }
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

// A detached filesystem. It holds the loop device, which holds the file: the last unmount frees them all.
int mount_image(struct stage *s, const struct image *image, const char *context, unsigned attributes) {
  int file = open_checked(image), device = file < 0 ? -1 : loop_device(file, image->offset, image->length), made = -1;
  if (device >= 0) {
    char options[48];
    snprintf(options, sizeof options, "ro,source=/proc/self/fd/%d", device);
    made = labelled("squashfs", options, context, attributes & ~(unsigned)ATTR_IDMAP);
  }
  int error = errno;
  if (device >= 0) close(device);
  if (file >= 0) close(file);
  errno = error;
  return made >= 0 && attributes & ATTR_IDMAP && users_map(s, made, 0) ? -1 : made;
}

// Mounts the folder `dir` of the image, resolved as if the image were the root. Before 6.15 only a mount that is part
// of a namespace can be cloned: so the whole image is at the target for a moment. What fails here ends the process, and
// with it what it has opened and mounted.
int mount_image_folder(struct stage *s, const struct image *image, const char *dir, const char *target,
                       unsigned attributes) {
  int whole = mount_image(s, image, 0, attributes);
  if (attach(s, whole, target)) return -1;
  int from = sys_openat2(whole, below(dir), O_PATH | O_DIRECTORY | O_CLOEXEC, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  int tree = from < 0 ? -1 : sys_open_tree(from, "", TREE_CLONE | TREE_CLOEXEC | EMPTY_PATH);
  if (tree < 0) return -1;
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", whole);
  if (umount2(path, MNT_DETACH) || attach(s, tree, target)) return -1;
  close(from);
  close(tree);
  close(whole);
  return 0;
}

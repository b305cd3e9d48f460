// loop.c - a loop device over a part of a file, read-only, gone with its last user (LO_FLAGS_AUTOCLEAR).
//
// No LO_FLAGS_DIRECT_IO: it wants the offset to be a multiple of the disk's own blocks, and inside of a package that is
// known to be one of 512 only; where it does not fit, the kernel goes back to buffered reads or refuses, depending on
// its age.
#include "launcher.h"
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

// Each lost race means that somebody else won one, so nothing has to be waited for between two tries.
enum { TRIES = 128, SECTOR = 512, MISC = 10, LOOP_CONTROL = 237 };

// A device file of our own where the host's /dev has none, in a filesystem that is mounted nowhere.
static int open_own_node(mode_t type, unsigned major, unsigned minor) {
  int folder = filesystem("tmpfs", "mode=700,nr_inodes=2", ATTR_NOSUID | ATTR_NOEXEC), fd = -1;
  if (folder < 0) return -1;
  if (!mknodat(folder, "node", type | 0600, makedev(major, minor))) fd = openat(folder, "node", O_RDONLY | O_CLOEXEC);
  int error = errno;
  close(folder);
  errno = error;
  return fd;
}

static int open_control(void) {
  int fd = open("/dev/loop-control", O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) fd = open_own_node(S_IFCHR, MISC, LOOP_CONTROL);
  if (fd < 0 && errno == ENODEV) errno = ENXIO; // the kernel has none; ENODEV would speak of the filesystem
  return fd;
}

// The minor number is not always that of the name: with max_part there are others between.
static int open_device(int number) {
  char path[40], text[32];
  unsigned major, minor;
  snprintf(path, sizeof path, "/dev/loop%d", number);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0 || errno != ENOENT) return fd;
  snprintf(path, sizeof path, "/sys/block/loop%d/dev", number);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t n = read(file, text, sizeof text - 1);
  close(file);
  text[n > 0 ? n : 0] = 0;
  if (sscanf(text, "%u:%u", &major, &minor) == 2) return open_own_node(S_IFBLK, major, minor);
  errno = ENXIO;
  return -1;
}

// Somebody else may take the free device that we were told of before we do, and remove it as well.
static int is_race(int error) { return error == EBUSY || error == EAGAIN || error == ENXIO || error == ENOENT; }

// A descriptor of the device. Closing it frees the device, unless something was mounted from it.
int loop_device(int file, uint64_t offset, uint64_t size) {
  struct loop_config config = { .fd = (uint32_t)file };
  config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
  config.info.lo_offset = offset;
  config.info.lo_sizelimit = (size + SECTOR - 1) / SECTOR * SECTOR; // the rest of a sector would be cut off
  int control = open_control(), device = -1;
  if (control < 0) return -1;
  for (int tries = 0; device < 0 && tries < TRIES; tries++) {
    int number = ioctl(control, LOOP_CTL_GET_FREE), fd = number < 0 ? -1 : open_device(number);
    if (fd >= 0 && !ioctl(fd, LOOP_CONFIGURE, &config)) {
      device = fd;
      break;
    }
    int error = errno;
    if (fd >= 0) close(fd);
    errno = error;
    if (number < 0 || !is_race(error)) break;
  }
  int error = errno;
  close(control);
  errno = error;
  return device;
}

// network.c - the network of a container: one of its own, with the loopback interface, or one that is there already.
#include "launcher.h"
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>

// `ip netns add` binds a namespace to a file (ip-netns(8)). Of one that went with its mount the plain file is left, and
// setns takes any kind of namespace: so it is looked at first.
int enter_network(const char *file) {
  struct statfs fs;
  int fd = sys_openat2(AT_FDCWD, file, O_RDONLY | O_CLOEXEC, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  if (fd < 0) return -1;
  int result = fstatfs(fd, &fs);
  if (!result && (fs.f_type != NSFS_MAGIC || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)) {
    errno = EINVAL;
    result = -1;
  }
  if (!result) result = setns(fd, CLONE_NEWNET);
  int error = errno;
  close(fd);
  errno = error;
  return result;
}

int loopback_up(void) {
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); // any family will do for an interface's flags
  if (fd < 0) return -1;
  struct ifreq request = { .ifr_name = "lo" };
  int result = ioctl(fd, SIOCGIFFLAGS, &request);
  if (!result) {
    request.ifr_flags |= IFF_UP;
    result = ioctl(fd, SIOCSIFFLAGS, &request);
  }
  int error = errno;
  close(fd);
  errno = error;
  return result;
}

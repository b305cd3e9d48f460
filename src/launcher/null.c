// null.c - a null device of our own: descriptor 0 of every program, and 1 and 2 when its output is discarded.
//
// The host's own device file would be reachable through /proc/self/fd/0, and a container's root could change its mode
// or owner. This one lies in a read-only filesystem that is mounted nowhere. Without root no node can be made, and none
// of the host's can be changed.
#include "launcher.h"
#include <sys/stat.h>
#include <sys/sysmacros.h>

int null_folder = -1;

int make_null(void) {
  if (rootless) return 0;
  int context = sys_fsopen("tmpfs"), dir = -1;
  mode_t old = umask(0);
  int failed = context < 0 || sys_fsconfig(context, CONFIG_STRING, "mode", "755") ||
               sys_fsconfig(context, CONFIG_CREATE, 0, 0) ||
               (dir = sys_fsmount(context, ATTR_NOSUID | ATTR_NOEXEC)) < 0 ||
               mknodat(dir, "null", S_IFCHR | 0666, makedev(1, 3)) || sys_fsconfig(context, CONFIG_FLAG, "ro", 0) ||
               sys_fsconfig(context, CONFIG_RECONFIGURE, 0, 0);
  int error = errno;
  umask(old);
  if (context >= 0) close(context);
  if (failed && dir >= 0) close(dir);
  errno = error;
  null_folder = failed ? -1 : dir;
  return null_folder < 0 ? -1 : 0;
}

// An open file of its own for each container: what one does to its flags is not seen by another.
int open_null(void) {
  return null_folder < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : openat(null_folder, "null", O_RDWR | O_CLOEXEC);
}

/** Words for the errors that a start meets; libuv knows fewer, and says them in other words than the C library. */
const texts: Readonly<Record<string, string>> = {
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  EINTR: 'killed before the program ran',
  ENOMEM: 'cannot allocate memory',
  EACCES: 'permission denied',
  EBUSY: 'device or resource busy',
  ENODEV: 'no such device',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  EINVAL: 'a value that the kernel does not take',
  EMFILE: 'too many open files',
  ENOSPC: 'no space left',
  EROFS: 'read-only file system',
  ENOSYS: 'not known to this kernel',
  ELOOP: 'too many levels of symbolic links',
  EAGAIN: 'resource temporarily unavailable',
  EPROTO: 'the launcher does not know this step',
};

export function errnoText(errno: string): string {
  return texts[errno] ?? errno;
}

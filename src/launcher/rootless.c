// rootless.c - a launcher that nobody gave root: it makes a user namespace and is root there, over mounts and
// namespaces of its own and over nothing else (user_namespaces(7)).
#include "launcher.h"
#include <stdio.h>

int rootless;

// Whoever started us stands outside, where ids can be mapped: he is told that the namespace is there, and answers with
// a byte when its maps are written.
int become_root_of_own_namespace(int other) {
  static const char made[] = "namespace\n";
  char answer;
  rootless = 1;
  if (unshare(CLONE_NEWUSER) || write(other, made, sizeof made - 1) < 0) return -1;
  ssize_t n;
  while ((n = read(other, &answer, 1)) < 0 && errno == EINTR) {}
  if (n == 0) errno = ECANCELED;
  // Without a map this is the overflow id, and whatever is made would be nobody's.
  if (n == 1 && geteuid()) errno = EOVERFLOW;
  return n == 1 && !geteuid() ? 0 : -1;
}

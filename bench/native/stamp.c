// stamp.c - the program of every container that is measured. Its first act is to read CLOCK_MONOTONIC; then it writes
// what it read to its standard output, and ends. With an argument it stays until a signal ends it.
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  (void)argv;
  unsigned long long ns = (unsigned long long)t.tv_sec * 1000000000u + (unsigned long long)t.tv_nsec;
  char text[24], *at = text + sizeof text;
  *--at = '\n';
  do *--at = (char)('0' + ns % 10);
  while (ns /= 10);
  if (write(1, at, (size_t)(text + sizeof text - at)) < 0) return 1;
  while (argc > 1) pause();
  return 0;
}

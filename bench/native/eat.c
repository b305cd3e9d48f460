// eat.c - takes memory until the kernel ends it. Before it touches a page for the first time it puts CLOCK_MONOTONIC,
// in nanoseconds, into a file that others see: what is there in the end is when the last touch began.
//
//   eat FILE    of at least 8 bytes
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, PAGE = 4096 };

int main(int argc, char **argv) {
  int fd = argc == 2 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
  volatile uint64_t *stamp = fd < 0 ? MAP_FAILED : mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (stamp == MAP_FAILED) return 1;
  for (;;) {
    volatile char *chunk = mmap(0, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (chunk == MAP_FAILED) return 1;
    for (int at = 0; at < CHUNK; at += PAGE) {
      struct timespec t;
      clock_gettime(CLOCK_MONOTONIC, &t);
      *stamp = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
      chunk[at] = 1;
    }
  }
}

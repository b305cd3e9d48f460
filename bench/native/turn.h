// turn.h - what the measured starts have in common: one turn for every line on standard input, answered by one line:
//   BEGIN FIRST GONE    nanoseconds on CLOCK_MONOTONIC
//   ! WHAT              why the turn did not work
#ifndef BENCH_TURN_H
#define BENCH_TURN_H
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct turn {
  uint64_t begin, first, gone;
  char problem[512]; // empty: it worked
};

static inline uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// The first problem is the one that is told.
static inline void problem(struct turn *t, const char *what, const char *why) {
  if (!t->problem[0]) snprintf(t->problem, sizeof t->problem, "%s: %s", what, why);
}

// What the program wrote: read when everything is over, so that reading costs the turn nothing.
static inline void read_stamp(struct turn *t, int fd) {
  char text[32];
  ssize_t n = read(fd, text, sizeof text - 1);
  text[n < 0 ? 0 : n] = 0;
  t->first = strtoull(text, 0, 10);
  if (t->first < t->begin || t->first > t->gone) problem(t, "stamp", n > 0 ? "is not of this turn" : "is missing");
}

static inline void answer_turns(void (*one)(struct turn *)) {
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    struct turn t = { 0 };
    one(&t);
    for (char *c = t.problem; *c; c++)
      if (*c == '\n') *c = ' ';
    if (t.problem[0])
      printf("! %s\n", t.problem);
    else
      printf("%llu %llu %llu\n", (unsigned long long)t.begin, (unsigned long long)t.first, (unsigned long long)t.gone);
    fflush(stdout);
  }
}
#endif

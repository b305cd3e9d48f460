// floor.h - what the floor's pid 1 finds open: nothing to read, the program's two outputs, its own way to tell how the
// program ended, then the files that the program writes itself into, and last the v2 group that it is made in.
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H
enum { FLOOR_FD_STATUS = 3, FLOOR_FD_JOINS = 4 };
#endif

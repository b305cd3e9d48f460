// attacker.h - a program that tries to get out of a container. A probe returns 0 when it did what a container must not
// do, or -1 with the errno of what stopped it. None does harm where it succeeds: what would be written is only opened.
#ifndef THUBAN_ATTACKER_H
#define THUBAN_ATTACKER_H
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct probe {
  const char *name;
  int (*run)(void);
};
extern const struct probe view_probes[], power_probes[], admin_probes[], key_probes[];

const char *setting(const char *name); // of the environment; there has to be one
const char *scratch(const char *name); // a path in the folder that may be written to
int reads_secret(int folder, const char *path);
int opens(const char *path, int flags);
int apart(int (*body)(void)); // in a child: what it does to itself ends with it

int tell_handle(int argc, char **argv);
int restart(int argc, char **argv);
int tell_ids(int argc, char **argv);
int storm(int argc, char **argv);
int orphans(int argc, char **argv);
int bomb(int argc, char **argv);
int stubborn(int argc, char **argv);
int flood(int argc, char **argv);
int stalk(int argc, char **argv);
int descriptors(int argc, char **argv);
int swap(int argc, char **argv);
int with_key(int argc, char **argv);
#endif

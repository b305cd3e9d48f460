// teardown.c - the end of the lease: every container is killed, every group and path that was registered is removed.
// This is what is left of the daemon's own teardown when the daemon is no more, so it takes no orders and waits for
// nobody.
#include "launcher.h"
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static struct strings groups, paths;
enum { GIVE_UP_MS = 10000, ROUND_MS = 5 };

int register_leftovers(struct reader *r) {
  struct strings g = { 0 }, p = { 0 };
  if (read_strings(r, &g) || read_strings(r, &p)) {
    int error = errno;
    free_strings(&g);
    free_strings(&p);
    return error == ENOMEM ? ENOMEM : EINVAL;
  }
  free_strings(&groups);
  free_strings(&paths);
  groups = g;
  paths = p;
  return 0;
}

// Until the controller says otherwise: what this launcher was given and made itself.
void register_own(const char *run_dir) {
  static const char *const names[] = { "/launcher.sock", "/root", "/sockets", "" };
  paths.list = calloc(5, sizeof *paths.list);
  for (int i = 0; paths.list && i < 4; i++) {
    char path[4300];
    snprintf(path, sizeof path, "%s%s", run_dir, names[i]);
    if ((paths.list[paths.count] = strdup(path))) paths.count++;
  }
}

static int any_alive(void) {
  for (struct container *c = containers; c; c = c->next)
    if (c->init > 0) return 1;
  return 0;
}

static void put_file(const char *dir, const char *name, const char *text) {
  char path[4300];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd >= 0) {
    if (write(fd, text, strlen(text)) < 0) {}
    close(fd);
  } // absent before 5.14 and on v1: the loop below kills one by one
}

static void kill_members(const char *group) {
  char path[4300], text[4096];
  snprintf(path, sizeof path, "%s/cgroup.procs", group);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (n <= 0) return;
  text[n] = 0;
  for (char *at = text, *end; *at; at = *end ? end + 1 : end) {
    long pid = strtol(at, &end, 10);
    if (pid > 1 && pid <= INT32_MAX && pid != getpid()) kill((pid_t)pid, SIGKILL);
    if (end == at) break;
  }
}

// A task that a v1 freezer holds ends only when it goes on (cgroup-v1/freezer-subsystem.rst), and with it its init. The
// files of the other version, and of other controllers, are not there.
static void thaw_group(const char *group, int depth) {
  DIR *dir = depth > 16 ? 0 : opendir(group);
  if (!dir) return;
  for (struct dirent *e; (e = readdir(dir));) {
    char path[4300];
    if (e->d_type != DT_DIR || !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    snprintf(path, sizeof path, "%s/%s", group, e->d_name);
    thaw_group(path, depth + 1);
  }
  closedir(dir);
  put_file(group, "freezer.state", "THAWED");
  put_file(group, "cgroup.freeze", "0");
}

static void thaw_all(void) {
  for (struct container *c = containers; c; c = c->next)
    for (uint32_t i = 0; i < c->groups.count; i++) thaw_group(c->groups.list[i], 0);
}

// Depth-first; a group has no symbolic links, and only folders can be removed.
static int remove_group(const char *group, int depth) {
  DIR *dir = depth > 16 ? 0 : opendir(group);
  if (!dir) return errno == ENOENT ? 0 : -1;
  for (struct dirent *e; (e = readdir(dir));) {
    char path[4300];
    if (e->d_type != DT_DIR || !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    snprintf(path, sizeof path, "%s/%s", group, e->d_name);
    remove_group(path, depth + 1);
  }
  closedir(dir);
  kill_members(group);
  return rmdir(group) && errno != ENOENT ? -1 : 0;
}

_Noreturn void teardown_and_exit(void) {
  for (struct container *c = containers; c; c = c->next)
    if (c->init > 0) kill(c->init, SIGKILL);
  thaw_all();
  for (int waited = 0; any_alive() && waited < GIVE_UP_MS; waited += ROUND_MS) {
    reap_children();
    if (any_alive()) poll(0, 0, ROUND_MS);
  }
  int left = 1;
  for (int waited = 0; left && waited < GIVE_UP_MS; waited += ROUND_MS) {
    left = 0;
    for (struct container *c = containers; c; c = c->next)
      for (uint32_t i = 0; i < c->groups.count; i++) {
        if (waited) put_file(c->groups.list[i], "cgroup.kill", "1");
        left |= remove_group(c->groups.list[i], 0);
      }
    if (left) poll(0, 0, ROUND_MS);
  }
  for (uint32_t i = 0; i < groups.count; i++)
    rmdir(groups.list[i]); // never a container's that lives, and those shared with others only when empty
  for (uint32_t i = 0; i < paths.count; i++) {
    struct stat st, target;
    if (!lstat(paths.list[i], &st)) {
      if (S_ISLNK(st.st_mode) && !stat(paths.list[i], &target))
        continue; // notes who made a group that others still use
      if (S_ISDIR(st.st_mode))
        rmdir(paths.list[i]);
      else
        unlink(paths.list[i]);
    }
  }
  _exit(left ? 1 : 0);
}

// overlay.c - a read-only root that gets the places to mount on which it lacks: folders and files in memory over it.
#include "launcher.h"
#include <stdio.h>
#include <sys/stat.h>

void read_places(struct reader *r, struct places *places) {
  places->count = read_u32(r);
  places->list = *r;
  for (uint32_t i = 0; i < places->count && !r->bad; i++) read_str(r);
}

static int lacks_one(struct stage *s, struct places places) {
  for (uint32_t i = 0; i < places.count; i++) {
    int fd = open_target(s, read_str(&places.list));
    if (fd < 0) return errno == ENOENT ? 1 : -1;
    close(fd);
  }
  return 0;
}

// The folder that becomes the upper one is also the root of the result, so it gets mode and owner of the lower one.
static int make_layers(struct stage *s, int memory) {
  struct file_status root;
  if (sys_statx(s->root, &root) || mkdirat(memory, "work", 0700) || mkdirat(memory, "upper", root.mode & 07777))
    return -1;
  return fchownat(memory, "upper", root.uid, root.gid, 0);
}

// Overlayfs takes only layers that are mounted in the namespace, so the memory is mounted on the old root, and the
// result on both; it keeps clones of its own of what is covered. Nothing is done when every place is there: that is
// faster, and a kernel without overlayfs will do.
int overlay_root(struct stage *s, const char *staging, uint64_t size, uint64_t inodes, const struct places *places) {
  int lacks = lacks_one(s, *places);
  if (lacks <= 0) return lacks;
  char options[160];
  snprintf(options, sizeof options, "mode=700,size=%llu,nr_inodes=%llu", (unsigned long long)size,
           (unsigned long long)inodes);
  int memory = filesystem("tmpfs", options, ATTR_NOSUID | ATTR_NODEV), lower = s->root;
  if (memory < 0 || make_layers(s, memory) || move_to(memory, staging)) return -1;
  snprintf(options, sizeof options,
           "source=overlay,lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d/upper,workdir=/proc/self/fd/%d/work",
           lower, memory, memory);
  if (enter_root(s, filesystem("overlay", options, ATTR_NOSUID | ATTR_NODEV), staging)) return -1;
  close(memory);
  close(lower);
  return 0;
}

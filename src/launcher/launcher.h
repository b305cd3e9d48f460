// launcher.h - the parts of the resident launcher. Single-threaded; one epoll loop; every container is its child.
#ifndef THUBAN_LAUNCHER_H
#define THUBAN_LAUNCHER_H
#include "sys.h"
#include "wire.h"
#include <stddef.h>

extern int no_mount_setattr; // --without-mount-setattr: behave as on a kernel before 5.12 (tests)
extern int init_image;       // sealed memfd of the init

// ---- rootless.c ----
extern int rootless; // in a user namespace of our own, in which no device node can be made
int become_root_of_own_namespace(int other);

// ---- null.c ----
extern int null_folder; // a detached read-only filesystem with one device in it; -1 where there is none
int make_null(void);
int open_null(void);

struct container;

// ---- stage.c: pid 1 of the new namespaces, until it becomes the init ----
// Shared with the launcher's memory (CLONE_VM): what the child notes here, the launcher reads after the child's exec or
// end.
struct entering {
  int active;
  uint64_t target;
  uint32_t input, terminal, rows, columns, uid;
  int init, program, proc, ptmx; // pidfds of the container, the board's /proc and /dev/ptmx
};
struct stage {
  struct reader steps;             // from the step after NAMESPACES on
  uint32_t first_step, count;      // index of that step, and how many are left in all
  int in, out, err, status, frame; // descriptors to hand on
  int joins[WIRE_MAX_JOINS], join_count;
  int handed[WIRE_MAX_HANDED], handed_count; // to the program
  struct entering enter;
  int root;  // the new root
  int nodes; // a filesystem with the container's device nodes, which the root covers
  uint32_t node_count;
  int user, holder_fd; // the container's user namespace, and who holds it until the stage is done; see user.c
  pid_t holder;
  const char *context;
  volatile int failed_step, failed_op, failed_errno;
};
_Noreturn void stage_main(struct stage *s);

// ---- enter.c ----
void read_enter(struct reader *r, struct entering *e);
int find_target(struct entering *e);
int enter_container(const struct entering *e);
void close_target(const struct entering *e);
int tell_entered(const struct container *c, int type, int a, int b);
int container_close_input(uint64_t id);
int container_resize(uint64_t id, uint32_t rows, uint32_t columns);

// ---- mounts.c ----
int mount_step(struct stage *s, uint32_t op, struct reader *r);
int set_attributes(int mount_fd, unsigned attributes, int recursive);
int filesystem(const char *type, const char *options, unsigned attributes);
int labelled(const char *type, const char *options, const char *context, unsigned attributes);
int attach(struct stage *s, int mount_fd, const char *target);
int attach_and_close(struct stage *s, int mount_fd, const char *target);
int move_to(int mount_fd, const char *folder);
int enter_root(struct stage *s, int mount_fd, const char *staging);

// ---- dev.c ----
struct node {
  const char *staging, *source;
  uint32_t block, major, minor, mode, uid, gid, optional;
};
int make_devices(struct stage *s, const char *target, uint64_t size, int links);
int mount_terminals(struct stage *s, const char *target, uint32_t gid);
void read_node(struct reader *r, struct node *node);
int make_node(struct stage *s, const struct node *node);
int mount_node(struct stage *s, uint32_t which, const char *target, int optional);

// ---- keep.c ----
struct kept {
  const char *folder, *name, *target;
  uint32_t mode, uid, gid;
};
void read_kept(struct reader *r, struct kept *kept);
int open_kept(const char *folder, const char *name);
int mount_kept(struct stage *s, const struct kept *kept);
// ---- user.c ----
struct users {
  uint32_t uid, gid, size;
  uint32_t inside_uid,
      inside_gid; // which ids of the container those are; 0 in the frames of a controller before rootless
  uint64_t flags;
};
void read_users(struct reader *r, struct users *want);
int users_make(struct stage *s, struct reader steps);
int users_join(struct stage *s, const struct users *want);
int users_map(struct stage *s, int mount_fd, int recursive);
void users_done(struct stage *s);

// ---- network.c ----
int enter_network(const char *file);
int loopback_up(void);

// ---- loop.c ----
int loop_device(int file, uint64_t offset, uint64_t size);

// ---- squashfs.c ----
struct image {
  const char *file;
  uint64_t dev, ino, size, ctime_ns; // which file was checked
  uint64_t offset, length;           // of the image in it
};
void read_image(struct reader *r, struct image *image);
int mount_image(struct stage *s, const struct image *image, const char *context, unsigned attributes);
int mount_image_folder(struct stage *s, const struct image *image, const char *dir, const char *target,
                       unsigned attributes);

// ---- overlay.c ----
struct places {
  struct reader list;
  uint32_t count;
};
void read_places(struct reader *r, struct places *places);
struct upper {
  uint64_t size, inodes;
  const char *folder, *name; // in memory without a folder
};
void read_upper(struct reader *r, struct upper *upper);
int writable_root(struct stage *s, const char *staging, const struct upper *upper);
int overlay(struct stage *s, const char *target, const struct places *lower, const struct upper *upper);
int overlay_root(struct stage *s, const char *staging, uint64_t size, uint64_t inodes, const struct places *places);

// ---- hide.c ----
int hide(struct stage *s, uint32_t op, const struct places *places);

// ---- paths.c ----
const char *below(const char *path);                // relative to the root; never empty
int open_target(struct stage *s, const char *path); // O_PATH
// With the folders above it; what exists is kept.
int make_place(struct stage *s, const char *path, unsigned mode, int file);
int make_link(struct stage *s, const char *path, const char *text);

// ---- sockets.c ----
struct socket_file {
  const char *folder, *name;
  uint32_t type, mode, uid, gid, passcred;
};
void read_socket(struct reader *r, struct socket_file *want);
int make_socket(struct stage *s, const struct socket_file *want);
int connect_socket(struct stage *s, const char *file);
int sockets_expect(struct container *c, struct reader steps);
void sockets_made(struct container *c);
void sockets_remove(struct container *c);

// ---- container.c ----
enum container_state { CONTAINER_STARTING, CONTAINER_RUNNING, CONTAINER_ENDED };
struct strings {
  char **list;
  uint32_t count;
};
struct made_file {
  struct made_file *next;
  uint64_t inode; // 0: it was not made
  char path[];
};
struct container {
  uint64_t id;
  enum container_state state;
  pid_t init, program;
  uint64_t start_time; // of the program, in clock ticks since boot (proc(5), field 22)
  uint64_t time, mono; // when it started: ns since 1970, and on CLOCK_MONOTONIC
  int status_fd, in_fd, out_fd, err_fd, oom_fd;
  uint64_t in_inode, out_inode, err_inode;
  int entered, terminal;   // a further program in another container, with a terminal
  int have_status, status; // the program's raw wait status, from the init, or in its place the init's own
  int lingers;             // that was told while the init has not ended
  uint64_t end_time, end_mono;
  int have_failure, failed_step, failed_op, failed_errno;
  struct strings groups;   // removed when the lease ends
  struct made_file *files; // removed with it
  uint8_t *blob;
  uint32_t blob_size, reserved; // reports
  struct container *next;
};
extern struct container *containers;
struct container *container_find(uint64_t id);
void container_free(struct container *c);
void note_failure(struct container *c, int step, int op, int error); // reported when the init has been reaped
uint64_t start_time_of(pid_t pid);
void report_failure(uint64_t id, int step, int op, int error);
void container_status(struct container *c); // the status socket has something to say
void container_oom(struct container *c);
void container_reaped(pid_t pid, int status);
void containers_linger(void);
int container_release(uint64_t id);
int container_signal(uint64_t id, uint32_t signal);
int container_blob(uint64_t id, struct reader *r);
void container_list(void);
int read_strings(struct reader *r, struct strings *s);
void free_strings(struct strings *s);

// ---- spawn.c ----
void container_spawn(struct reader *r);

// ---- monitor.c ----
struct monitor;
int event_of(const char *file, const char *text);
int monitor(struct reader *r);
void monitor_event(struct monitor *m, uint32_t events);
void monitors_drop(uint64_t id);
void monitors_drop_unused(void);

// ---- reports.c: kept until acknowledged ----
struct writer {
  uint8_t data[512];
  uint32_t size;
};
void put_u32(struct writer *w, uint32_t v);
void put_u64(struct writer *w, uint64_t v);
void report(uint16_t type, const struct writer *w); // numbered and kept
int reports_reserve(uint32_t count);                // so many more can be kept, however short memory is
void reports_unreserve(uint32_t count);
void reports_acknowledged(uint64_t seq);
void reports_resend(void);

// ---- devices.c ----
int devices_set(struct reader *r, uint64_t seq); // an errno, or 0: the answer follows
int devices_reaped(pid_t pid, int status);       // whether it was a child of that
void devices_forget(void);

// ---- transport.c: one controller at a time ----
int transport_listen(const char *run_dir);
void transport_accept(void);
void transport_readable(void);
void transport_writable(void);
void transport_send(uint16_t type, uint64_t seq, const void *payload, uint32_t size, const void *more,
                    uint32_t more_size);
void transport_done(uint64_t seq, int error);
void transport_close(void);
int transport_connected(void);
int transport_protocol(void); // what the controller understands

// ---- teardown.c ----
int register_leftovers(struct reader *r);
void register_own(const char *run_dir);
_Noreturn void teardown_and_exit(void);

// ---- main.c ----
// The low bits of a tag tell what a pointer is to: without one, a container whose status socket speaks.
enum { TAG_OOM = 1, TAG_MONITOR = 2, TAG_BITS = 3 };
int watch_fd(int fd, uint32_t events, void *tag);
void close_watched(int *fd); // and make it -1
void restore_limits(void);   // of descriptors, to what the launcher was given
void rewatch_fd(int fd, uint32_t events, void *tag);
void lease_start(void);
void lease_stop(void);
void arm_linger(long seconds); // until containers_linger is called
void reap_children(void);
extern char tag_listen, tag_controller, tag_signals;
#endif

// wire.h - what the daemon and the launcher say to each other, and what the launcher passes on to the init.
//
// A frame is a header and a payload of at most WIRE_MAX_FRAME bytes. Numbers are little-endian; a string is a u32
// length (without the NUL), the bytes, and a NUL, so that it can be used in place. Nothing here knows what a manifest
// is. src/launcher/wire.ts holds the same numbers; a test compares the two files.
#ifndef THUBAN_WIRE_H
#define THUBAN_WIRE_H
#include <stdint.h>
#include <string.h>

#define WIRE_PROTOCOL_MIN 1
#define WIRE_PROTOCOL_MAX 3 // 2 and 3 add frames; those of 1 are as they were
#define WIRE_MAX_FRAME 524288
#define WIRE_MAX_BLOB 65536
#define WIRE_MAX_JOINS 16
#define WIRE_MAX_HANDED 64

struct wire_header {
  uint32_t size;
  uint16_t type;
  uint16_t zero;
  uint64_t seq;
};

enum wire_type {
  // controller to launcher
  WIRE_HELLO = 1,   // protocol_min u32, protocol_max u32, build str, pid u32, boot_id str; the first frame, both ways
  WIRE_ACK = 2,     // all reports up to header.seq are done with
  WIRE_SPAWN = 3,   // see spawn.c
  WIRE_SIGNAL = 4,  // id u64, signal u32: to the init, which passes on all but SIGKILL and SIGSTOP
  WIRE_RELEASE = 5, // id u64: forget an ended container, close its pipes
  WIRE_BLOB = 6,    // id u64, blob
  WIRE_LIST = 7,
  WIRE_REGISTER = 8,     // groups [str], paths [str]: removed, in this order, when the lease ends
  WIRE_SHUTDOWN = 9,     // kill and remove everything, end
  WIRE_DEVICES = 10,     // since 2: group str, program; see devices.c
  WIRE_MONITOR = 11,     // since 2: id u64, kind u32, file str, text str; see monitor.c
  WIRE_CLOSE_INPUT = 12, // since 3: id u64: the end of its standard input, when nobody else holds it
  WIRE_RESIZE = 13,      // since 3: id u64, rows u32, columns u32: of its terminal
  // launcher to controller
  WIRE_REFUSED = 130, // reason u32, pid u32
  WIRE_STARTED = 131, // report: id u64, init u32, program u32, start_time u64, time u64, mono u64, then stdout and
                      // stderr, each fd i32, inode u64
  WIRE_FAILED = 132,  // report: id u64, step i32, op u32, errno i32
  WIRE_EXITED = 133,  // report: id u64, status i32, from u32 (0 the program's, 1 the init's own), time u64, mono u64
  WIRE_OOM = 134,     // report: id u64
  // As STARTED, then state u32, failed u32, what EXITED and FAILED say after the id (the other's fields are 0), blob.
  // Kept until RELEASE: an end that was acknowledged is not lost with whoever acknowledged it. While it runs, `from` is
  // 1 until its program has ended.
  WIRE_LISTED = 135,
  WIRE_LIST_END = 136,
  // Answer to SIGNAL, RELEASE, BLOB, REGISTER, DEVICES, MONITOR, CLOSE_INPUT, RESIZE: errno i32
  WIRE_DONE = 137,
  WIRE_PRESSURE = 138, // report, since 2: id u64, kind u32, count u32: how often since the report before
  // Report, since 2, as EXITED: the program has ended a second ago, its init has not. EXITED follows when it can.
  WIRE_LINGERS = 139,
  WIRE_INPUT = 140, // since 3, before STARTED: id u64, fd i32, inode u64: the write end of its standard input
};

enum wire_refusal { REFUSED_BUSY = 1, REFUSED_PROTOCOL = 2, REFUSED_PEER = 3 };

// Steps below STEP_PROGRAM are done by pid 1 of the new namespaces before it becomes the init, the others by the
// program's process.
enum wire_step {
  STEP_NAMESPACES = 1,       // clone flags u64
  STEP_PROPAGATION = 2,      // no mount made here reaches the host; the host's still arrive
  STEP_ROOT_TMPFS = 3,       // staging str, size u64, inodes u64
  STEP_ROOT_BIND = 4,        // staging str, source str
  STEP_MKDIR = 5,            // path str, mode u32
  STEP_MKFILE = 6,           // path str, mode u32
  STEP_SYMLINK = 7,          // path str, text str
  STEP_BIND = 8,             // source str, target str, attributes u32, recursive u32, optional u32
  STEP_TMPFS = 9,            // target str, attributes u32, options str ("size=..,mode=..")
  STEP_PROC = 10,            // target str, attributes u32
  STEP_SYSFS = 11,           // target str, attributes u32
  STEP_DEV = 12,             // target str, size u64, 1 = links into /proc u32
  STEP_ROOT_ATTRIBUTES = 13, // attributes u32
  STEP_PIVOT = 14,
  STEP_HOSTNAME = 15, // name str
  STEP_LOOPBACK = 16,
  // image: file str, dev u64, ino u64, size u64, ctime in ns u64, offset u64, length u64; see squashfs.c
  STEP_ROOT_IMAGE = 17,        // staging str, attributes u32, image
  STEP_ROOT_OVERLAY = 18,      // staging str, size u64, inodes u64, places [str]: only if the root lacks one of them
  STEP_IMAGE = 19,             // target str, folder in the image str, attributes u32, image
  STEP_NETWORK_NAMESPACE = 20, // file str: instead of one of its own
  STEP_MASK = 21,              // paths [str]: what is not there is left out
  STEP_READ_ONLY = 22,         // paths [str]: the same
  STEP_ROOT_CONTEXT = 23,      // context str: of SELinux, for the image that becomes the root
  // A device node of the container's own, before there is a root; counted from 0.
  STEP_NODE = 24,          // staging str, source str, 1 = block u32, major u32, minor u32, mode u32, uid u32, gid u32,
                           // optional u32
  STEP_DEVICE = 25,        // which node u32, target str, optional u32
  STEP_DEVPTS = 26,        // target str, gid u32
  STEP_PERSIST = 27,       // folder str, name str, mode u32, uid u32, gid u32, target str
  STEP_OVERLAY = 28,       // target str, lower [str], upper
  STEP_ROOT_WRITABLE = 29, // staging str, upper: size u64, inodes u64, folder str, name str; without a folder in memory
  // First uid and gid of the host u32 u32, how many u32, clone flags of the namespaces that belong to it u64, which uid
  // and gid of the container those are u32 u32; see user.c
  STEP_USER_NAMESPACE = 30,
  // Descriptors that the program finds open from 3 on, in the order of these steps.
  STEP_SOCKET = 32,  // folder str, name str, type u32 (0 stream, 1 datagram, 2 seqpacket), mode u32, uid u32, gid u32,
                     // passcred u32
  STEP_CONNECT = 33, // file str: a stream socket that is connected to it
  // Instead of NAMESPACES, in those of a container that runs: id u64, standard input u32 (0 null, 1 pipe), terminal
  // u32, rows u32, columns u32; see enter.c
  STEP_ENTER = 34,
  STEP_PROGRAM = 64,
  STEP_JOIN = 64,
  STEP_CGROUP_NAMESPACE = 65,
  STEP_OOM_SCORE_ADJ = 66, // i32
  STEP_RLIMIT = 67,        // resource u32, soft u64, hard u64
  STEP_SESSION = 68,
  STEP_UMASK = 69,        // u32
  STEP_BOUNDING = 70,     // set u64
  STEP_IDS = 71,          // uid u32, gid u32, groups [u32], KEEP_* u32
  STEP_CAPABILITIES = 72, // set u64
  STEP_NO_NEW_PRIVS = 73,
  STEP_WORKING_DIRECTORY = 74, // path str
  STEP_EXEC = 75,              // path str, args [str], env [str]
  STEP_SECCOMP = 76,           // flags u32, 1 = keep CAP_SYS_ADMIN until execve u32, size u32, struct sock_filter[]
  STEP_SCHED = 77,          // policy u32, flags u32, nice i32, priority u32, runtime u64, deadline u64, period u64: ns
  STEP_SECURITY_LABEL = 78, // file in /proc/PID/attr str, text str: of the program, from execve on
  STEP_ENTER_USER_NAMESPACE = 86,
  STEP_MOUNT_NAMESPACE = 87, // a copy of the stage's, which belongs to the user namespace
  STEP_LISTEN = 89,          // which of the descriptors handed on u32, backlog u32
  STEP_SETNS = 90,           // flags u64: after ENTER, the namespaces that only the container's own program is in
};

// What a monitor waits for: a PSI trigger of this kind (`some 150000 2000000`), or a level of cgroup v1 (`medium`).
enum wire_monitor { MONITOR_SOME = 0, MONITOR_FULL = 1, MONITOR_LEVEL = 2 };

// What STEP_IDS leaves: capabilities, for STEP_CAPABILITIES; groups, where the user namespace denies setgroups(2).
enum { KEEP_CAPABILITIES = 1, KEEP_GROUPS = 2 };

// Attributes of a mount: the kernel's MOUNT_ATTR_* (linux/mount.h)
enum { ATTR_RDONLY = 1, ATTR_NOSUID = 2, ATTR_NODEV = 4, ATTR_NOEXEC = 8, ATTR_IDMAP = 1048576 };

// ---- the frame of the init: header, then the steps from STEP_PROGRAM on ----
#define INIT_MAGIC 0x31494854u
struct init_header {
  uint32_t magic, first_step, steps, joins, version2, handed, user;
  uint32_t enter, terminal, rows, columns, uid; // of STEP_ENTER
};
// Behind the joins and what is handed on: after ENTER, the container's program and the board's /dev/ptmx, or a null
// device in its place.
enum { INIT_FD_STATUS = 3, INIT_FD_FRAME = 4, INIT_FD_PROC = 5, INIT_FD_JOINS = 6 };

// What the init says on its status socket. `EXECUTED` carries the program's pid as SCM_CREDENTIALS, so that the
// launcher receives it as a pid of its own namespace.
struct init_record {
  int32_t type, a, b;
};
enum {
  INIT_EXECUTED = 'E',
  INIT_FAILED = 'F',
  INIT_STATUS = 'S'
}; // EXECUTED: after ENTER the pid; FAILED: step, errno; STATUS: raw wait status
// What an init is told there after ENTER: KILL: signal; RESIZE: rows, columns.
enum { INIT_KILL = 'K', INIT_RESIZE = 'R' };

// ---- reading: a cursor that turns bad instead of running over ----
struct reader {
  const uint8_t *at, *end;
  int bad;
};

static inline const void *read_bytes(struct reader *r, size_t n) {
  if (r->bad || (size_t)(r->end - r->at) < n) {
    r->bad = 1;
    return "";
  }
  const void *p = r->at;
  r->at += n;
  return p;
}
static inline uint32_t read_u32(struct reader *r) {
  uint32_t v = 0;
  const void *p = read_bytes(r, 4);
  if (!r->bad) memcpy(&v, p, 4);
  return v;
}
static inline uint64_t read_u64(struct reader *r) {
  uint64_t v = 0;
  const void *p = read_bytes(r, 8);
  if (!r->bad) memcpy(&v, p, 8);
  return v;
}
static inline const char *read_str(struct reader *r) {
  uint32_t n = read_u32(r);
  if (r->bad || n >= (size_t)(r->end - r->at)) { // before 1 is added: size_t may have 32 bits
    r->bad = 1;
    return "";
  }
  const char *s = read_bytes(r, (size_t)n + 1);
  if (r->bad || s[n] || memchr(s, 0, n)) {
    r->bad = 1;
    return "";
  }
  return s;
}
#endif

/** What sections of a manifest about the process's world become: how it is scheduled, what it may call, whom it can talk to. */

/** sched(7). `deadline` without its times cannot be set by any kernel. */
export interface Sched {
  policy:
    | 'idle'
    | 'deadline'
    | { other: { nice: number } }
    | { batch: { nice: number } }
    | { fifo: { priority: number } }
    | { round_robin: { priority: number } }
    /** Microseconds. */
    | { deadline: { runtime: number; deadline: number; period: number } };
}

/** `none`: a network namespace of its own in which only `lo` is up. `namespace`: one of /run/netns, by its name. */
export type Network = 'none' | 'host' | { namespace: string };

/** System calls that the program may make; without `profile` only those in `allow`. */
export interface Seccomp {
  profile?: 'default';
  /** What a call that is not allowed does; `kill_process` where it is absent. */
  action?: 'kill_process' | 'errno' | 'log';
  /** The error that such a call returns: `ENOSYS`, …; `EPERM` where it is absent. Only with the action `errno`. */
  errno?: string;
  allow?: Record<string, SyscallRule>;
  /** Wins over `allow` and `profile`. */
  deny?: Record<string, SyscallRule>;
}

export type SyscallRule = 'any' | { args: SyscallArgs };

/** True for a call whose argument is one of `values`, or has no bit outside of `mask`. */
export interface SyscallArgs {
  /** Which argument, 0 to 5. */
  index: number;
  values?: Uint64[];
  mask?: Uint64;
}

/** 64 bits without a sign; as decimal text above 2^53 - 1, which a number of JavaScript cannot hold exactly. */
export type Uint64 = number | string;

export interface Selinux {
  /** Context of the files of the root image (mount option `context=`). */
  mount_context?: string;
  /** Context of the program. */
  exec?: string;
}

/** What of /proc and /sys is hidden, and what is read-only; only what the manifest says. */
export interface Paths {
  masked?: 'default' | 'none' | string[];
  read_only?: 'default' | 'none' | string[];
}

/** Ids from 0 to `size` - 1 of the container are those from `host_uid` and `host_gid` on of the board. */
export interface UserNamespace {
  host_uid: number;
  host_gid: number;
  size: number;
}

export interface AppArmor {
  profile: string;
  /** A kernel without AppArmor starts it all the same. */
  optional?: boolean;
}

/** A Unix socket that the program finds open. */
export interface Socket {
  type: 'stream' | 'datagram' | 'seq_packet';
  /** Permission bits of the socket's file. */
  mode: number;
  /** Owner of the socket's file; the container's user where it is absent. */
  uid?: number;
  gid?: number;
  /** SO_PASSCRED: the receiver learns who sent. */
  passcred?: boolean;
}

/** The connection to Thuban that the program finds open, and what it may ask for. */
export interface Console {
  permissions: 'full' | string[];
}

/**
 * The only way to the kernel's cgroup files: seven calls, all synchronous (each is a short system call, and a
 * thread pool round trip costs more than the call itself). Implementations: the real one, and an in-memory fake that
 * answers as the kernel does. Every call throws a system error with `code` set to the errno name.
 */
export interface KernelFs {
  mkdir(path: string): void;
  rmdir(path: string): void;
  read(path: string): string;
  /** One write(2) of the whole text; no O_CREAT, no O_TRUNC. */
  write(path: string, text: string): void;
  /** Names in a directory, files and directories. */
  list(path: string): KernelEntry[];
  /**
   * `id`: of this directory or file and of no other, also of none that has the same path later. `children`: how many directories are in it, which
   * every cgroup filesystem counts (kernfs: the links without `.` and its own name).
   */
  stat(path: string): { directory: boolean; id: string; children: number };
  /** Calls back when the kernel reports a change of the file (inotify IN_MODIFY). */
  watch(path: string, changed: () => void): { close(): void };
}

export interface KernelEntry {
  name: string;
  directory: boolean;
}

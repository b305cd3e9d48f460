import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  watch,
  writeSync,
} from 'node:fs';
import type { KernelFs } from './kernel-fs.ts';

/** The kernel's own cgroup files. cgroupfs has no symbolic links, so one in the last place is somebody's trap. */
export const realKernelFs: KernelFs = {
  mkdir: (path) => {
    mkdirSync(path, { mode: 0o755 });
  },
  rmdir: (path) => {
    rmdirSync(path);
  },
  read: (path) => withFile(path, constants.O_RDONLY, readAll),
  write: (path, text) => {
    withFile(path, constants.O_WRONLY, (fd) => {
      const bytes = Buffer.from(text);
      if (writeSync(fd, bytes) !== bytes.length) throw new Error(`${path}: the kernel took only a part of the value`);
    });
  },
  list: (path) =>
    readdirSync(path, { withFileTypes: true }).map((entry) => ({ name: entry.name, directory: entry.isDirectory() })),
  stat: (path) => ({ directory: lstatSync(path).isDirectory() }),
  // libuv keeps one inotify descriptor for all watches and asks for nothing that a read would cause.
  watch: (path, changed) => {
    const watcher = watch(path, { persistent: false }, changed);
    // The watch ends with its group; there is nobody to tell.
    watcher.on('error', () => {
      watcher.close();
    });
    return watcher;
  },
};

const chunk = Buffer.allocUnsafe(64 * 1024);

/** Until the kernel has no more: a file of records may end a read early. These files have no size to ask for first. */
function readAll(fd: number): string {
  let text = '';
  for (;;) {
    const size = readSync(fd, chunk);
    if (size === 0) return text;
    text += chunk.toString('utf8', 0, size);
  }
}

function withFile<T>(path: string, flags: number, use: (fd: number) => T): T {
  const fd = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

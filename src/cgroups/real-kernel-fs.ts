import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  watch,
  writeSync,
} from 'node:fs';
import type { KernelFs } from './kernel-fs.ts';

/** Node.js takes a number here as well (`stringToFlags`); its types do not know. */
const READ = (constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK) as unknown as string;

/** The kernel's own cgroup files. cgroupfs has no symbolic links, so one in the last place is somebody's trap. */
export const realKernelFs: KernelFs = {
  mkdir: (path) => {
    mkdirSync(path, { mode: 0o755 });
  },
  rmdir: (path) => {
    rmdirSync(path);
  },
  // Node.js opens, reads and closes in one step then: half the time of a descriptor of our own (17 and 33 µs).
  read: (path) => readFileSync(path, { encoding: 'utf8', flag: READ }),
  write: (path, text) => {
    withFile(path, constants.O_WRONLY, (fd) => {
      const bytes = Buffer.from(text);
      if (writeSync(fd, bytes) !== bytes.length) throw new Error(`${path}: the kernel took only a part of the value`);
    });
  },
  list: (path) =>
    readdirSync(path, { withFileTypes: true }).map((entry) => ({ name: entry.name, directory: entry.isDirectory() })),
  stat: (path) => {
    const found = lstatSync(path);
    // kernfs counts its nodes up and gives no number again (kernfs_id_generation), and each hierarchy is a device.
    return { directory: found.isDirectory(), id: `${found.dev}-${found.ino}`, children: Math.max(0, found.nlink - 2) };
  },
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

function withFile<T>(path: string, flags: number, use: (fd: number) => T): T {
  const fd = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

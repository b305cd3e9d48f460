import { spawn, type ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { ThubanError } from '../base/index.ts';
import { LauncherClient } from './client.ts';
import { mapIds, type OwnIds } from './own-ids.ts';

export interface LauncherOptions {
  /** Path of the thuban-launcher binary. */
  launcher: string;
  /** Path of the thuban-init binary. */
  init: string;
  /** Folder of mode 0700 for the socket. */
  runDir: string;
  /** The launcher makes that folder, which must not exist, with an empty `root` in it; it also removes both at its end. */
  makeRunDir?: boolean;
  /** Seconds that containers outlive their controller. 0: they end with it. */
  lease: number;
  build: string;
  /** Without root: it makes a user namespace with these ids, and is root there. */
  ids?: OwnIds | undefined;
  /** Behave as on a kernel before 5.12 (tests). */
  withoutMountSetattr?: boolean;
}

/** Starts a launcher in a session of its own, so that Ctrl-C and the end of a terminal do not reach it, and connects to it. */
export async function startLauncher(options: LauncherOptions): Promise<LauncherClient> {
  const args = [
    '--run-dir',
    options.runDir,
    '--init',
    options.init,
    '--lease',
    String(options.lease),
    '--ready-fd',
    '3',
  ];
  if (options.makeRunDir === true) args.push('--make-run-dir');
  if (options.ids !== undefined) args.push('--rootless');
  if (options.withoutMountSetattr === true) args.push('--without-mount-setattr');
  const child = spawn(options.launcher, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  const line = await untilReady(child, options);
  child.unref();
  if (line !== 'ready') throw cannotStart(line);
  return LauncherClient.connect(options.runDir, options.build);
}

/** What the launcher says about its start, after its ids were mapped where it asks for that. */
function untilReady(child: ChildProcess, { launcher, ids }: LauncherOptions): Promise<string> {
  const channel = child.stdio[3] as Duplex;
  return new Promise<string>((resolve, reject) => {
    let text = '';
    child.once('error', (error) => {
      const hint = 'npm run build';
      reject(new ThubanError('TH7009', `cannot start ${launcher}: ${error.message}`, { hint, cause: error }));
    });
    channel.setEncoding('utf8');
    channel.on('data', (chunk: string) => {
      text += chunk;
      if (ids === undefined || text !== NAMESPACE_MADE) return;
      text = '';
      mapIds(child.pid ?? 0, ids).then(
        () => channel.write('\n'),
        (error: unknown) => {
          channel.destroy(); // the launcher ends when nobody answers
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
    channel.on('error', () => undefined); // it has ended; what it said before counts
    channel.once('close', () => {
      resolve(text.trim());
    });
  });
}

const NAMESPACE_MADE = 'namespace\n';

function cannotStart(line: string): ThubanError {
  const passing = line.startsWith('error socket: Resource temporarily unavailable'); // another one has the lock
  const hint = Object.entries(hints).find(([start]) => line.startsWith(start))?.[1];
  return new ThubanError('TH7009', `the launcher cannot start: ${line.replace(/^error /, '') || 'it ended at once'}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { passing },
  });
}

const hints: Readonly<Record<string, string>> = {
  'error init image: Permission denied': 'the init runs from memory: sysctl -w vm.memfd_noexec=1 (2 forbids it)',
  'error user namespace: No space left': 'this board allows no user namespaces: sysctl user.max_user_namespaces=1000',
  'error user namespace: Operation not permitted':
    'this board lets only root make user namespaces: sysctl kernel.unprivileged_userns_clone=1, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0; or use sudo',
  'error user namespace: Invalid argument': 'the kernel needs CONFIG_USER_NS=y; or use sudo',
};

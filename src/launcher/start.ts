import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ThubanError } from '../base/index.ts';
import { LauncherClient } from './client.ts';

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
  if (options.withoutMountSetattr === true) args.push('--without-mount-setattr');
  const child = spawn(options.launcher, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  const ready = child.stdio[3] as Readable;
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.once('error', (error) => {
      reject(
        new ThubanError('TH7009', `cannot start ${options.launcher}: ${error.message}`, {
          hint: 'npm run build',
          cause: error,
        }),
      );
    });
    ready.setEncoding('utf8');
    ready.on('data', (chunk: string) => (text += chunk));
    ready.once('close', () => {
      resolve(text.trim());
    });
  });
  child.unref();
  if (line !== 'ready') {
    const passing = line.startsWith('error socket: Resource temporarily unavailable'); // another one has the lock
    const noexec = line.startsWith('error init image: Permission denied');
    throw new ThubanError('TH7009', `the launcher cannot start: ${line.replace(/^error /, '') || 'it ended at once'}`, {
      ...(noexec ? { hint: 'the init runs from memory: sysctl -w vm.memfd_noexec=1 (2 forbids it)' } : {}),
      details: { passing },
    });
  }
  return LauncherClient.connect(options.runDir, options.build);
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { cpio } from './cpio.ts';
import { VmError } from './command.ts';
import type { KernelFiles } from './kernel.ts';
import type { Layout, Machine } from './machines.ts';

export interface BootOptions {
  machine: Machine;
  layout: Layout;
  systemd: boolean;
  swap: boolean;
  kernel: KernelFiles;
  root: string;
  /** An empty folder of the caller's for sockets, disk and console. */
  folder: string;
  /** What the virtual machine sees in /run/job: `command` and `checkout.tar`. */
  job: string;
  /** Seconds until it is ended by force. */
  limit: number;
  onOutput: (chunk: Buffer) => void;
  /** Ends the virtual machine at once. */
  signal: AbortSignal;
}

/** MiB of the empty disk that limits of devices can be set for, and of the one to swap to. */
const DISK = 64;
const SWAP = 128;

/**
 * Runs a virtual machine to its end and returns what it said about itself: `exit` is what the command ended with. Throws a VmError that
 * ends with the console's last lines when the machine ended without that, or did not end in time.
 */
export async function boot(options: BootOptions): Promise<ReadonlyMap<string, string>> {
  const { folder, kernel, limit, onOutput, signal } = options;
  const init = readFileSync(join(import.meta.dirname, 'guest/init.sh'));
  const initramfs = [readFileSync(kernel.initramfs), cpio([{ path: 'init', mode: 0o755, data: init }])];
  writeFileSync(join(folder, 'initramfs'), Buffer.concat(initramfs));
  makeDisk(join(folder, 'disk'), DISK);
  if (options.swap) makeDisk(join(folder, 'swap'), SWAP);
  let said = '';
  // QEMU connects before the machine starts, so nothing that is written to a port is lost, and the end of the connection is the end.
  await using output = await listen(join(folder, 'output'), onOutput);
  await using status = await listen(join(folder, 'status'), (chunk) => (said += chunk.toString()));
  const qemu = spawn(options.machine.qemu, qemuArguments(options), { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  qemu.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaint += chunk));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    qemu.kill('SIGKILL');
  }, limit * 1000);
  const stop = (): void => void qemu.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  try {
    await once(qemu, 'close');
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
  await Promise.all([output.ended, status.ended]);
  const facts = new Map(said.split('\n').map((line) => [line.split(' ')[0] ?? '', line.replace(/^\S+ ?/, '')]));
  if (facts.has('exit')) return facts;
  const what = late ? `no end after ${Math.round(limit / 60)} min` : 'it ended without a result';
  throw new VmError(
    `${what}${signal.aborted ? ' (interrupted)' : ''}; its console:\n${complaint}${consoleTail(folder)}`,
  );
}

function makeDisk(path: string, mebibytes: number): void {
  writeFileSync(path, '');
  truncateSync(path, mebibytes * 1024 * 1024);
}

function consoleTail(folder: string): string {
  const text = readFileSync(join(folder, 'console'), 'utf8').trim();
  return text === '' ? '(empty)' : text.split('\n').slice(-25).join('\n');
}

function qemuArguments({ machine, layout, systemd, swap, kernel, root, folder, job }: BootOptions): string[] {
  const share = (tag: string, path: string): string[] => [
    ...['-fsdev', `local,id=${tag},path=${path},security_model=none,readonly=on,multidevs=remap`],
    ...['-device', `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`],
  ];
  const port = (name: string): string[] => [
    ...['-chardev', `socket,id=${name},path=${join(folder, name)}`],
    ...['-device', `virtserialport,chardev=${name},name=vm.${name}`],
  ];
  // The serial is how the machine tells them apart.
  const disk = (name: string): string[] => [
    ...['-drive', `file=${join(folder, name)},if=none,id=${name},format=raw`],
    ...['-device', `virtio-blk-pci,drive=${name},serial=${name}`],
  ];
  const settings = `console=${machine.console} quiet loglevel=4 panic=-1 mitigations=off nokaslr random.trust_cpu=on`;
  return [
    ...machine.hardware,
    ...['-smp', '2', '-m', String(machine.memory)],
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-nic', 'none'],
    ...['-serial', `file:${join(folder, 'console')}`],
    ...[
      '-kernel',
      kernel.image,
      '-initrd',
      join(folder, 'initramfs'),
      '-append',
      `${settings} layout=${layout} group=${machine.group} systemd=${systemd ? 'yes' : ''} swap=${swap ? 'yes' : ''}`,
    ],
    ...['-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci'],
    ...[...port('output'), ...port('status'), ...share('root', root), ...share('job', job)],
    ...disk('disk'),
    ...(swap ? disk('swap') : []),
  ];
}

interface Listener {
  /** When who connected is gone, or at once when nobody did. */
  readonly ended: Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function listen(path: string, onData: (chunk: Buffer) => void): Promise<Listener> {
  const closed: Promise<unknown>[] = [];
  const server: Server = createServer((socket) => {
    closed.push(once(socket, 'close'));
    socket.on('data', onData).on('error', () => undefined); // of a machine that was killed
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    get ended() {
      return Promise.all(closed).then(() => undefined);
    },
    [Symbol.asyncDispose]: async () => {
      await new Promise((done) => server.close(done));
    },
  };
}

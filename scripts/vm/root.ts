import { appendFileSync, chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { command, retried } from './command.ts';
import type { Machine } from './machines.ts';
import { DebianPackages } from './packages.ts';

/** What a small board has, and what the tests call. */
const PACKAGES = [
  ...[
    'base-files',
    'base-passwd',
    'bash',
    'busybox-static',
    'coreutils',
    'dash',
    'diffutils',
    'findutils',
    'grep',
    'gzip',
  ],
  ...[
    'hostname',
    'libatomic1',
    'libc-bin',
    'libstdc++6',
    'mawk',
    'mount',
    'procps',
    'sed',
    'squashfs-tools',
    'tar',
    'uidmap',
    'util-linux',
  ],
];

/** Beside them, where systemd is the first program. */
const SYSTEMD = ['systemd', 'systemd-sysv', 'dbus', 'libpam-runtime', 'libpam-modules'];
/** The user that the script of that package would make. */
const MESSAGEBUS = 'messagebus:x:999:';

const FILES: Readonly<Record<string, string>> = {
  'etc/hosts': '127.0.0.1 localhost board\n',
  'etc/hostname': 'board\n',
  'etc/subuid': '',
  'etc/subgid': '',
};

/**
 * A root filesystem: Debian's packages unpacked but not set up, which needs neither root nor an emulator, and Node.js in the release that
 * runs here. The virtual machine only reads it.
 */
export async function rootFolder(machine: Machine, systemd: boolean, cache: string): Promise<string> {
  const node = machine.node.version ?? process.versions.node;
  const packages = systemd ? [...PACKAGES, ...SYSTEMD] : PACKAGES;
  const name = systemd ? 'systemd' : 'root';
  return await cached(
    join(cache, machine.arch),
    name,
    [packages, FILES, node, systemd ? MESSAGEBUS : 1],
    async (into) => {
      for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
        mkdirSync(join(into, 'usr', name), { recursive: true });
        symlinkSync(`usr/${name}`, join(into, name));
      }
      for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'checkout', 'lib/modules'])
        mkdirSync(join(into, name), { recursive: true });
      const lists = join(into, 'apt');
      await new DebianPackages(lists, machine.arch).unpackAll(packages, into);
      for (const name of ['apt', 'usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/info'])
        rmSync(join(into, name), { recursive: true, force: true });
      symlinkSync('mawk', join(into, 'usr/bin/awk'));
      for (const name of ['passwd', 'group'])
        copyFileSync(join(into, `usr/share/base-passwd/${name}.master`), join(into, 'etc', name));
      if (systemd) {
        appendFileSync(join(into, 'etc/passwd'), `${MESSAGEBUS}999::/nonexistent:/usr/sbin/nologin\n`);
        appendFileSync(join(into, 'etc/group'), `${MESSAGEBUS}\n`);
      }
      for (const [name, text] of Object.entries(FILES)) writeFileSync(join(into, name), text);
      await installNode(machine, node, join(into, 'usr/bin/node'));
      chmodSync(into, 0o755);
    },
  );
}

/** Our own binary where architecture and version are ours, else the one that npm has for the other. */
async function installNode({ node }: Machine, version: string, to: string): Promise<void> {
  if (process.arch === node.arch && process.versions.node === version) copyFileSync(process.execPath, to);
  else {
    const folder = `${to}.package`;
    mkdirSync(folder);
    const name = `${node.package}@${version}`;
    await retried(`download of ${name}`, () => command('npm', ['pack', '--silent', name], { cwd: folder }));
    await command('sh', ['-c', 'tar --extract --gzip --file *.tgz package/bin/node'], { cwd: folder });
    copyFileSync(join(folder, 'package/bin/node'), to);
    rmSync(folder, { recursive: true });
  }
  chmodSync(to, 0o755);
}

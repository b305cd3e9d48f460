import { closeSync, existsSync, openSync, readFileSync, readSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import { builtAt, formatBytes, hasErrno, messageOf, version } from '../../base/index.ts';
import { nativeBinary } from '../binaries.ts';
import { isSynchronized } from '../schedule/index.ts';
import type { CheckName } from './table.ts';
import type { Finding } from './types.ts';

/** What needs no container to be seen. */
export function features(dataDir: string): Partial<Record<CheckName, Finding>> {
  return {
    namespaces: namespaces(),
    seccomp: seccomp(),
    overlay: filesystem('overlay'),
    squashfs: filesystem('squashfs'),
    loop: existsSync('/dev/loop-control') ? present('/dev/loop-control') : module('loop'),
    'dm-verity': existsSync('/sys/module/dm_verity') ? present('loaded') : module('dm-verity'),
    memfd_noexec: memfdNoexec(),
    clock: clock(),
    data_dir: dataDirSpace(dataDir),
    launcher: launcher(),
  };
}

function present(proof: string): Finding {
  return { result: 'present', proof };
}

function absent(proof: string): Finding {
  return { result: 'absent', proof };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

const NAMESPACES = ['pid', 'mnt', 'ipc', 'uts', 'net', 'cgroup'];

/** The probes live in them as well. */
function namespaces(): Finding {
  const missing = NAMESPACES.filter((name) => !existsSync(`/proc/self/ns/${name}`));
  return missing.length === 0 ? present(NAMESPACES.join(' ')) : absent(`no ${missing.join(', ')}`);
}

function seccomp(): Finding {
  const actions = textOf('/proc/sys/kernel/seccomp/actions_avail')?.trim();
  return actions === undefined ? absent('no /proc/sys/kernel/seccomp') : present(actions);
}

function filesystem(name: string): Finding {
  const known = (textOf('/proc/filesystems') ?? '').split('\n').some((line) => line.endsWith(`\t${name}`));
  return known ? present('/proc/filesystems') : module(name);
}

/** The kernel loads it at the first mount. */
function module(name: string): Finding {
  const folder = `/lib/modules/${release()}`;
  const pattern = new RegExp(`/${name.replaceAll(/[-_]/g, '[-_]')}\\.ko`);
  const list = ['modules.dep', 'modules.builtin'].find((file) => pattern.test(textOf(`${folder}/${file}`) ?? ''));
  return list === undefined ? absent(`not in /proc, and in no list of ${folder}`) : present(`${folder}/${list}`);
}

function memfdNoexec(): Finding {
  const value = textOf('/proc/sys/vm/memfd_noexec')?.trim();
  if (value === '2') return { result: 'absent', proof: 'vm.memfd_noexec is 2: nothing may run from memory' };
  return present(value === undefined ? 'no vm.memfd_noexec, before Linux 6.3' : `vm.memfd_noexec is ${value}`);
}

/** Schedules believe a clock that is later than this program, so one that nobody vouches for is only a remark. */
function clock(): Finding {
  if (isSynchronized()) return present('clock (NTP synchronised)');
  const isPast = Date.now() < builtAt();
  const proof = isPast
    ? `it says ${new Date().toISOString().slice(0, 10)}, before this program was made`
    : 'nothing says that it is synchronised (/run/systemd/timesync/synchronized)';
  return { result: 'absent', proof, ...(isPast ? {} : { harmless: true }) };
}

/** Less than this is no room for a package. */
const LEAST_FREE = 0.05;

function dataDirSpace(path: string): Finding {
  try {
    const { bavail, blocks, bsize } = statfsSync(path);
    const share = blocks === 0 ? 0 : bavail / blocks;
    const proof = `${path} ${Math.round(share * 100)} % free (${formatBytes(bavail * bsize)})`;
    return share < LEAST_FREE ? { result: 'absent', proof } : present(proof);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return { ...absent(`${path} does not exist yet`), harmless: true };
    return absent(`${path}: ${messageOf(error)}`);
  }
}

/** The session of the doctor has started it, so it is of this board's architecture. A static program names no loader. */
function launcher(): Finding {
  const path = nativeBinary('thuban-launcher');
  return present(`launcher ${version}${namesLoader(path) ? ', not static' : ' static'}`);
}

const PT_INTERP = 3;

/** Elf32_Phdr and Elf64_Phdr of a little-endian file, which all boards are. */
function namesLoader(path: string): boolean {
  const bytes = Buffer.alloc(4096);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(fd);
  }
  const wide = bytes[4] === 2;
  const at = wide ? Number(bytes.readBigUInt64LE(32)) : bytes.readUInt32LE(28);
  const size = bytes.readUInt16LE(wide ? 54 : 42);
  const count = bytes.readUInt16LE(wide ? 56 : 44);
  return Array.from({ length: count }, (_, index) => at + index * size).some(
    (offset) => offset + 4 <= bytes.length && bytes.readUInt32LE(offset) === PT_INTERP,
  );
}

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { bundleTests } from '../../../../scripts/vm/bundle-tests.ts';
import { cached, cacheFolder } from '../../../../scripts/vm/cache.ts';
import { command, needPrograms, retried, VmError } from '../../../../scripts/vm/command.ts';
import { cpio, type CpioEntry } from '../../../../scripts/vm/cpio.ts';
import { modulesInOrder } from '../../../../scripts/vm/modules.ts';
import { temporaryFolder } from '../../../support/folders.ts';

/** Reads an archive as Documentation/driver-api/early-userspace/buffer-format.rst describes it. */
function unpack(archive: Buffer): CpioEntry[] {
  const entries: CpioEntry[] = [];
  for (let at = 0; ;) {
    const field = (index: number): number =>
      Number.parseInt(archive.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16);
    assert.equal(archive.toString('latin1', at, at + 6), '070701');
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const path = archive.toString('utf8', at + 110, at + 110 + nameSize - 1);
    const data = Math.ceil((at + 110 + nameSize) / 4) * 4;
    if (path === 'TRAILER!!!') return entries;
    const folder = (mode & 0o170000) === 0o040000;
    entries.push({ path, mode: mode & 0o7777, ...(folder ? {} : { data: archive.subarray(data, data + size) }) });
    at = Math.ceil((data + size) / 4) * 4;
  }
}

test('an archive holds every file as it was put in', () => {
  const name = fc.stringMatching(/^[a-zü/]{1,40}$/);
  const file = fc.record({ path: name, mode: fc.constantFrom(0o644, 0o755), data: fc.uint8Array() });
  fc.assert(
    fc.property(fc.array(file), (files) => {
      const entries = files.map(({ data, ...rest }) => ({ ...rest, data: Buffer.from(data) }));
      const all: CpioEntry[] = [{ path: 'folder', mode: 0o700 }, ...entries];
      assert.deepEqual(unpack(cpio(all)), all);
    }),
  );
});

/** A folder of modules, by path, with what each says that it needs. */
function moduleFolder(path: string, modules: Record<string, string>, builtIn = ''): string {
  writeFileSync(`${path}/modules.builtin`, builtIn);
  mkdirSync(`${path}/kernel`);
  for (const [name, needs] of Object.entries(modules))
    writeFileSync(`${path}/kernel/${name}.ko`, `\x7fELF…\0license=GPL\0depends=${needs}\0name=${name}\0`);
  return path;
}

test('modules are loaded after what they depend on, once, without what is built in', async () => {
  using folder = temporaryFolder();
  const path = moduleFolder(
    folder.path,
    { 'virtio-pci': 'virtio,virtio_ring', virtio_ring: 'virtio', virtio: '', '9p': '9pnet,netfs', '9pnet': '' },
    'kernel/fs/netfs/netfs.ko\n',
  );
  const found = await modulesInOrder(path, ['virtio_pci', '9p']);
  assert.deepEqual([...found.keys()], ['virtio', 'virtio_ring', 'virtio_pci', '9pnet', '9p']);
  assert.deepEqual(found.get('virtio'), readFileSync(`${path}/kernel/virtio.ko`));
});

test('a module that the kernel lacks is named', async () => {
  using folder = temporaryFolder();
  await assert.rejects(modulesInOrder(moduleFolder(folder.path, { a: 'b' }), ['a']), /no module b/);
});

test('the cache is made once, made anew for another recipe, and never half', async () => {
  using folder = temporaryFolder();
  let made = 0;
  const make = (into: string): Promise<void> => {
    made++;
    writeFileSync(`${into}/file`, String(made));
    return made === 3 ? Promise.reject(new VmError('no network')) : Promise.resolve();
  };
  const first = await cached(folder.path, 'root', ['a'], make);
  assert.equal(await cached(folder.path, 'root', ['a'], make), first);
  assert.equal(made, 1);
  const second = await cached(folder.path, 'root', ['b'], make);
  assert.deepEqual([existsSync(first), readFileSync(`${second}/file`, 'utf8')], [false, '2']);
  await assert.rejects(cached(folder.path, 'root', ['c'], make), /no network/);
  assert.deepEqual(readdirSync(folder.path), [second.slice(folder.path.length + 1)]);
});

test('the cache lies where it is told to', () => {
  assert.equal(cacheFolder({ THUBAN_VM_CACHE: '/big', XDG_CACHE_HOME: '/x' }), '/big');
  assert.equal(cacheFolder({ XDG_CACHE_HOME: '/x' }), '/x/thuban-vm');
  assert.match(cacheFolder({}), /\/\.cache\/thuban-vm$/);
});

test('a download is tried four times, then its error is shown', async () => {
  let attempts = 0;
  const third = (): Promise<string> =>
    ++attempts < 3 ? command('sh', ['-c', 'echo unreachable >&2; exit 6']) : Promise.resolve('there');
  assert.equal(await retried('download of x', third, 0), 'there');
  const never = retried('download of y', () => command('sh', ['-c', 'echo unreachable >&2; exit 6']), 0);
  await assert.rejects(never, /download of y: .*ended with 6\nunreachable/s);
});

test('missing programs are named with the packages that have them', () => {
  needPrograms({ sh: 'dash' });
  assert.throws(
    () => {
      needPrograms({ sh: 'dash', 'qemu-system-vax': 'qemu-vax' });
    },
    (error: unknown) =>
      error instanceof VmError &&
      error.message.includes('lacks qemu-system-vax') &&
      (error.hint ?? '').endsWith('qemu-vax'),
  );
});

test('a bundled test finds beside itself what it finds in the checkout', async () => {
  using folder = temporaryFolder();
  mkdirSync(`${folder.path}/test/root`, { recursive: true });
  mkdirSync(`${folder.path}/test/support`);
  writeFileSync(`${folder.path}/test/support/place.ts`, 'export const place: string = import.meta.dirname;');
  const test = "import { place } from '../support/place.ts';\nconsole.log(place, import.meta.dirname);";
  writeFileSync(`${folder.path}/test/root/a.test.ts`, test);
  await bundleTests(folder.path, ['test/root/a.test.ts'], '/guest', `${folder.path}/out`);
  const shown = await command(process.execPath, [`${folder.path}/out/test/root/a.test.mjs`]);
  assert.equal(shown, '/guest/test/support /guest/test/root\n');
});

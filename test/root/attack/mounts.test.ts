import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadManifest, type Manifest } from '../../../src/manifest/index.ts';
import { Session } from '../../../src/runtime/index.ts';
import { attacker, needsAttacker } from '../../support/attacker.ts';
import { Conversation, runIn, shell } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { asRoot, mountsOf } from '../../support/identity.ts';
import { makeImage } from '../../support/image.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';

type Mounts = NonNullable<Manifest['mounts']>;
type Run = (script: string, sections: Partial<Manifest>, output?: Conversation) => ReturnType<typeof runIn>;

const table = (): string => readFileSync('/proc/self/mountinfo', 'utf8');

/** A board of its own; its table of mounts is the same afterwards. */
async function onBoard(body: (run: Run, folder: string) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    using folder = temporaryFolder();
    await using session = await Session.open({ prefix: 'thuban-test-', dataDir: `${folder.path}/data` });
    const before = table();
    await body(
      (script, sections, output) => runIn(session, shell(script, sections), output === undefined ? {} : { output }),
      folder.path,
    );
    assert.equal(table(), before);
  });
}

/** Every kind that the board can have without more, with what there is to see of it. */
function kinds(source: string): Record<string, Mounts[string]> {
  return {
    bind: { type: 'bind', host: source, options: 'rw' },
    file: { type: 'bind', host: join(source, 'file') },
    tmpfs: { type: 'tmpfs', size: 65536 },
    proc: { type: 'proc' },
    sysfs: { type: 'sysfs' },
    dev: { type: 'dev' },
    device: { type: 'device', host: '/dev/null' } as Mounts[string],
    persist: { type: 'persist' },
    overlay: { type: 'overlay', lower: [source], upper: 'tmpfs', size: 65536 },
  };
}
const isFile = (kind: string): boolean => kind === 'file' || kind === 'device';

describe('a target of a mount', needsAttacker(), () => {
  for (const [how, link] of [
    ['absolute', (to: string) => to],
    ['with more `..` than there are folders', (to: string) => '../'.repeat(20) + to.slice(1)],
  ] as const)
    test(`lies in the image, whatever its links say, for every kind of mount: ${how}`, async () => {
      await onBoard(async (run, folder) => {
        const [outside, source] = [join(folder, 'outside'), join(folder, 'source')];
        for (const path of [outside, source]) mkdirSync(path);
        writeFileSync(join(source, 'file'), 'of the source');
        const image = makeImage(folder);
        const all = kinds(source);
        const mounts: Mounts = {};
        for (const [kind, mount] of Object.entries(all)) {
          const at = join(outside, kind);
          // On the host and in the image: a link that is followed on the host would find what it wants.
          for (const root of ['', image]) {
            mkdirSync(join(root, outside), { recursive: true });
            if (isFile(kind)) writeFileSync(join(root, at), root);
            else mkdirSync(join(root, at));
          }
          symlinkSync(link(at), join(image, `to-${kind}`));
          mounts[`/to-${kind}`] = mount;
        }
        const { stdout, exit } = await run('while read line; do echo "$line"; done < /to-proc/self/mountinfo', {
          ...asRoot,
          rootfs: { type: 'dir', path: image },
          mounts: { '/proc': { type: 'proc' }, ...mounts },
        });
        const found = mountsOf(stdout);
        for (const kind of Object.keys(all))
          assert.ok(found.has(join(outside, kind)), `${kind}: ${JSON.stringify(exit)}`);
        for (const kind of Object.keys(all))
          if (isFile(kind)) assert.equal(readFileSync(join(outside, kind), 'utf8'), '', kind);
          else assert.deepEqual(readdirSync(join(outside, kind)), [], kind);
      });
    });

  test('that a link of the image leads to is not made on the host, for every kind of mount', async () => {
    await onBoard(async (run, folder) => {
      const [outside, source] = [join(folder, 'outside'), join(folder, 'source')];
      for (const path of [outside, source]) mkdirSync(path);
      writeFileSync(join(source, 'file'), 'of the source');
      const image = makeImage(folder);
      symlinkSync(outside, join(image, 'out'));
      for (const [kind, mount] of Object.entries(kinds(source))) {
        const { exit } = await run('exit 0', {
          ...asRoot,
          rootfs: { type: 'dir', path: image },
          mounts: { '/out/new': mount },
        });
        assert.equal(exit.reason, 'start_failed', `${kind}: there is no such folder in the image`);
        assert.match(JSON.stringify(exit.error), /ELOOP|ENOENT|TH3004/);
        assert.deepEqual(readdirSync(outside), [], kind);
      }
      assert.ok(!existsSync(join(image, outside)));
    });
  });

  test('cannot be written with `..`', () => {
    for (const target of ['/a/../../etc', '/..', '../x', '/a/..']) {
      const { manifest } = shell('true');
      const text = JSON.stringify({ ...manifest, mounts: { [target]: { type: 'tmpfs', size: 4096 } } });
      const result = loadManifest(text, 'test.yaml');
      assert.ok(!result.ok, target);
      assert.match(JSON.stringify(result.diagnostics), /\.\./);
    }
  });
});

describe('a root that another container writes to', needsAttacker(), () => {
  test('leads no mount of a start to the host, however often a folder in it becomes a link meanwhile', async () => {
    await onBoard(async (run, folder) => {
      const outside = join(folder, 'outside');
      const image = makeImage(folder);
      // What the link names is there on the host and in the image, so that a start gets on whichever it meets.
      mkdirSync(outside);
      for (const place of ['swap', outside])
        for (const below of ['below', 'deep/er']) mkdirSync(join(image, place, below), { recursive: true });
      symlinkSync(outside, join(image, 'link'));
      const output = new Conversation();
      let stopped = false;
      const swapper = run(
        'exec /attack/attacker swap /image/swap /image/link 5000',
        {
          ...asRoot,
          name: 'swapper',
          mounts: { ...attacker.mounts, '/image': { type: 'bind', host: image, options: 'rw' } },
        },
        output,
      ).then((result) => {
        stopped = true;
        return result;
      });
      await output.saw('ready');
      const ends = { started: 0, refused: 0 };
      const landed = new Set<string>();
      while (!stopped) {
        // Places are made and mounted on where there is a folder or a link to the host, whichever it is by then.
        const mounts: Mounts = {
          '/swap/below': { type: 'tmpfs', size: 4096 },
          '/swap/deep/er': { type: 'bind', host: outside },
          '/data': { type: 'bind', host: image, options: 'rw' },
          '/data/swap/made': { type: 'tmpfs', size: 4096 },
        };
        const { exit, stdout } = await run('while read line; do echo "$line"; done < /proc/self/mountinfo', {
          ...asRoot,
          name: 'victim',
          rootfs: { type: 'dir', path: image },
          mounts,
        });
        if (exit.reason === 'exited') {
          ends.started++;
          for (const path of mountsOf(stdout).keys()) if (path.endsWith('/below')) landed.add(path);
        } else {
          assert.equal(exit.reason, 'start_failed', JSON.stringify(exit));
          ends.refused++;
        }
        assert.deepEqual(readdirSync(outside), []);
        await new Promise((resolve) => setImmediate(resolve)); // what the plan refuses has waited for nothing
      }
      assert.equal((await swapper).exit.code, 0);
      assert.match(output.text.stdout, /swapped \d{3}/);
      assert.ok(ends.started > 10, JSON.stringify(ends));
      // The folder may have become `link` once more by the time that the program looks.
      assert.ok(landed.delete(`${outside}/below`), 'it met the link, which led to a folder of the image');
      assert.ok(landed.has('/swap/below') || landed.has('/link/below'), 'and the folder');
      for (const path of landed) assert.match(path, /^\/(swap|link)\/below$/);
    });
  });
});

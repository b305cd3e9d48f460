import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Session } from '../../../src/runtime/index.ts';
import { runIn, shell, type Result } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { asRoot, mountsOf } from '../../support/identity.ts';
import { makeImage } from '../../support/image.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

type Mounts = NonNullable<Manifest['mounts']>;
type Run = (script: string, sections?: Partial<Manifest>) => Promise<Result>;

/** A board with a data directory of its own. */
async function onBoard(body: (run: Run, folder: string, dataDir: string) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    using folder = temporaryFolder();
    const dataDir = `${folder.path}/data`;
    await using session = await Session.open({ prefix: 'thuban-test-', dataDir });
    await body((script, sections = {}) => runIn(session, shell(script, sections)), folder.path, dataDir);
  });
}

function owner(path: string): string {
  const { uid, gid, mode } = statSync(path);
  return `${uid}:${gid} ${(mode & 0o7777).toString(8)}`;
}

describe('a persist mount', needsRoot(), () => {
  const mounts: Mounts = { '/data': { type: 'persist' } };

  test('outlives its container, in the next version too, and belongs to its user at each start', async () => {
    await onBoard(async (run, _folder, dataDir) => {
      await run('echo first > /data/file', { mounts });
      const kept = `${dataDir}/persist/test`;
      assert.equal(owner(kept), '1000:1000 700');
      assert.equal(owner(`${dataDir}/persist`), '0:0 700');
      assert.equal(owner(dataDir), '0:0 700');
      chownSync(kept, 7, 8);
      chmodSync(kept, 0o777);
      const wide: Mounts = { '/data': { type: 'persist', mode: 0o750 } };
      const { stdout } = await run('cat /data/file; echo second >> /data/file', { version: '2.0.0', mounts: wide });
      assert.equal(stdout, 'first\n');
      assert.equal(owner(kept), '1000:1000 750');
      assert.equal(readFileSync(`${kept}/file`, 'utf8'), 'first\nsecond\n');
    });
  });

  test('has neither devices nor set-user-ID, and programs of it can be executed', async () => {
    await onBoard(async (run) => {
      const script = `cp /bin/true /data/true && /data/true && echo executed
        mknod -m 666 /data/zero c 1 5; (: < /data/zero) 2>&1; cat /proc/self/mountinfo`;
      const { stdout } = await run(script, { ...asRoot, capabilities: ['CAP_MKNOD'], mounts });
      assert.match(stdout, /^executed\n.*zero: Permission denied\n/);
      assert.deepEqual(mountsOf(stdout).get('/data')?.options, ['rw', 'nosuid', 'nodev', 'relatime']);
    });
  });

  test('with a name that is too long for a folder has one of its own', async () => {
    await onBoard(async (run) => {
      const long = 'n'.repeat(1000);
      for (const [name, says] of [
        [`${long}a`, 'a'],
        [`${long}b`, 'b'],
      ] as const)
        await run(`echo ${says} >> /data/file`, { name, mounts });
      const { stdout, exit } = await run('cat /data/file', { name: `${long}a`, mounts });
      assert.equal(stdout, 'a\n', JSON.stringify(exit));
    });
  });

  test('is refused where others could exchange it, and a link in its place is not followed', async () => {
    await onBoard(async (run, folder, dataDir) => {
      mkdirSync(`${dataDir}/persist`, { recursive: true });
      mkdirSync(`${folder}/victim`);
      symlinkSync(`${folder}/victim`, `${dataDir}/persist/test`);
      const { exit } = await run('true', { mounts });
      assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH3004']);
      assert.equal(owner(`${folder}/victim`).split(' ')[0], '0:0');
      chmodSync(dataDir, 0o777);
      assert.equal((await run('true', { mounts })).exit.error?.['code'], 'TH5010');
      chmodSync(dataDir, 0o755);
      rmSync(`${dataDir}/persist/test`);
    });
  });

  test('cannot be seen by another container through a bind, an overlay or a root', async () => {
    await onBoard(async (run, folder, dataDir) => {
      await run('true', { name: 'other', mounts });
      symlinkSync(`${dataDir}/persist/other`, `${folder}/link`);
      for (const host of [
        dataDir,
        `${dataDir}/persist`,
        `${dataDir}/persist/other`,
        `${folder}/link`,
        `${dataDir}/overlay`,
      ]) {
        mkdirSync(`${dataDir}/overlay`, { recursive: true });
        const sections: Partial<Manifest>[] = [
          { mounts: { '/a': { type: 'bind', host } } },
          { mounts: { '/a': { type: 'overlay', lower: [host], upper: 'tmpfs', size: 65536 } } },
          { rootfs: { type: 'dir', path: host } },
        ];
        for (const section of sections) {
          const { exit } = await run('true', section);
          assert.equal(exit.error?.['code'], 'TH1211', `${host} ${JSON.stringify(section)}`);
        }
      }
    });
  });
});

describe('an overlay mount', needsRoot(), () => {
  test('shows the folders one over the other, and takes changes without touching them', async () => {
    await onBoard(async (run, folder) => {
      for (const [name, text] of [
        ['a', 'of a'],
        ['b', 'of b'],
      ] as const) {
        // prettier-ignore
        mkdirSync(`${folder}/${name}`);
        writeFileSync(`${folder}/${name}/both`, `${text}\n`);
        writeFileSync(`${folder}/${name}/only-${name}`, '');
        chownSync(`${folder}/${name}`, 1000, 1000);
      }
      const lower = [`${folder}/a`, `${folder}/b`];
      const mounts: Mounts = { '/opt/app': { type: 'overlay', lower, upper: 'tmpfs', size: 256 * 1024 } };
      const script = `cat /opt/app/both; cd /opt/app; echo *; echo new > made; rm only-b; echo *
        dd if=/dev/zero of=big bs=4096 count=100 2>&1 | grep -o 'No space left'; grep ' /opt/app ' /proc/self/mountinfo | cut -d' ' -f6`;
      for (let i = 0; i < 2; i++) {
        const { stdout, exit } = await run(script, { mounts });
        const expected = 'of a\nboth only-a only-b\nboth made only-a\nNo space left\nrw,nosuid,nodev,relatime\n';
        // The memory below it is a mount as well.
        assert.equal(stdout.replace('rw,nosuid,nodev,relatime\n', ''), expected, JSON.stringify(exit));
      }
      assert.ok(existsSync(`${folder}/b/only-b`) && !existsSync(`${folder}/a/made`));
    });
  });

  test('keeps the changes of one version with `persist`, and takes 64 folders', async () => {
    await onBoard(async (run, folder) => {
      const lower = Array.from({ length: 64 }, (_, i) => `${folder}/${i}`);
      for (const [i, path] of lower.entries()) {
        mkdirSync(path, { mode: 0o777 });
        chmodSync(path, 0o777);
        writeFileSync(`${path}/f${i}`, '');
        chmodSync(`${path}/f${i}`, 0o666);
      }
      const mounts: Mounts = { '/data': { type: 'overlay', lower, upper: 'persist' } };
      const script = 'cd /data; set -- *; echo $#; echo x > f7; echo y > made; cat made f7';
      assert.equal((await run(script, { mounts })).stdout, '64\ny\nx\n');
      assert.equal((await run('cat /data/made /data/f7', { mounts })).stdout, 'y\nx\n');
      const { stdout, stderr } = await run('cat /data/made', { version: '2.0.0', mounts });
      assert.match(stdout + stderr, /No such file/);
    });
  });

  test('of a folder that is missing, a file, or exchanged for a link since the plan was made refuses the start', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const path = `${folder.path}/lower`;
      const mounts: Mounts = { '/a': { type: 'overlay', lower: [path], upper: 'tmpfs', size: 65536 } };
      await using session = await Session.open({ prefix: 'thuban-test-' });
      assert.equal((await runIn(session, shell('true', { mounts }))).exit.error?.['code'], 'TH3005');
      writeFileSync(path, '');
      assert.equal((await runIn(session, shell('true', { mounts }))).exit.error?.['code'], 'TH3005');
      rmSync(path);
      mkdirSync(path);
      const { facts } = session.board;
      const planned = facts.plan.bind(facts);
      facts.plan = (...args) => {
        const made = planned(...args);
        rmSync(path, { recursive: true });
        symlinkSync('/etc', path);
        return made;
      };
      const { exit } = await runIn(session, shell('true', { mounts }));
      assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH3004']);
    });
  });
});

describe('a root that can be written to', needsRoot(), () => {
  test('in memory is as it was at each start', async () => {
    await onBoard(async (run, folder) => {
      const path = makeImage(folder);
      const rootfs: Manifest['rootfs'] = { type: 'dir', path, overlay: 'tmpfs', overlay_size: 256 * 1024 };
      const script =
        '[ -e /new ] && echo old; echo x > /new && echo wrote; read line < /proc/self/mountinfo; echo "$line"';
      // A place that the image lacks is made in the layer.
      const mounts: Mounts = { '/made/here': { type: 'tmpfs', size: 4096 } };
      for (let i = 0; i < 2; i++) {
        const { stdout, exit } = await run(script, { ...asRoot, rootfs, mounts });
        assert.match(stdout, /^wrote\n.* \/ rw,nosuid,nodev,relatime .*overlay/, JSON.stringify(exit));
      }
      assert.ok(!existsSync(`${path}/new`) && !existsSync(`${path}/made`));
    });
  });

  test('is kept with `persist`, for one version', async () => {
    await onBoard(async (run, folder, dataDir) => {
      const path = makeImage(folder);
      const rootfs: Manifest['rootfs'] = { type: 'dir', path, overlay: 'persist' };
      const script = '[ -e /new ] && echo kept; echo x > /new';
      assert.equal((await run(script, { ...asRoot, rootfs })).stdout, '');
      assert.equal((await run(script, { ...asRoot, rootfs })).stdout, 'kept\n');
      assert.equal((await run(script, { ...asRoot, rootfs, version: '1.0.1' })).stdout, '');
      assert.ok(existsSync(`${dataDir}/overlay/test/1.0.0@root/upper/new`));
    });
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Session, type Resource, type Supervised } from '../../../src/runtime/index.ts';
import { runIn, shell, type Result, type TrialOptions } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { asRoot, mountsOf } from '../../support/identity.ts';
import { leavesNothingBehind, loopsOf } from '../../support/leaks.ts';
import { makePackage, needsImages } from '../../support/packages.ts';

type Mounts = NonNullable<Manifest['mounts']>;

interface Trial {
  folder: string;
  resources: Resource[];
  run: (script: string, mounts: Mounts, options?: TrialOptions) => Promise<Result>;
}

/** With `maps` in three versions: 1.0.0 and 1.2.0 as images, 2.0.0 as a folder. */
async function trial(body: (trial: Trial) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    using files = temporaryFolder();
    const folder = files.path;
    const resources = ['1.0.0', '1.2.0', '2.0.0'].map((version): Resource => {
      const root = `${folder}/maps-${version}`;
      fill(root, version, folder);
      const source =
        version === '2.0.0'
          ? ({ type: 'dir', path: root } as const)
          : ({ type: 'image', image: makePackage(`${root}.tar`, root) } as const);
      return { name: 'maps', version, source };
    });
    await using session = await Session.open({ prefix: 'thuban-test-' });
    const run: Trial['run'] = (script, mounts, options) => {
      const loaded = shell(script, asRoot);
      // Past the reader, which would refuse some of it: the launcher must hold without it.
      const manifest = { ...loaded.manifest, mounts: { ...loaded.manifest.mounts, ...mounts } };
      return runIn(session, { ...loaded, manifest }, { resources: () => resources, ...options });
    };
    await body({ folder, resources, run });
  });
}

function fill(root: string, version: string, outside: string): void {
  for (const name of ['share/tiles', 'secret']) mkdirSync(`${root}/${name}`, { recursive: true });
  writeFileSync(`${root}/share/version`, `${version}\n`);
  writeFileSync(`${root}/share/run`, '#!/bin/sh\necho executed\n', { mode: 0o755 });
  assert.equal(spawnSync('mknod', ['-m', '666', `${root}/share/null`, 'c', '1', '3']).status, 0);
  for (const [name, target] of [
    ['inside', '/share'],
    ['up', '../../../../share'],
    ['away', `../../../..${outside}`],
    ['absolute', outside],
  ] as const)
    symlinkSync(target, `${root}/${name}`);
}

const maps = (version: string, more: { dir?: string; options?: string } = {}): Mounts[string] => ({
  type: 'resource',
  name: 'maps',
  version,
  dir: '/share',
  ...more,
});

describe('a mounted resource', needsImages(), () => {
  for (const [source, version] of [
    ['an image', '^1.0'],
    ['a folder', '^2.0'],
  ] as const)
    test(`out of ${source} is that folder and no more of it, and nothing in it can be changed or is a device`, async () => {
      await trial(async ({ run }) => {
        const mounts = { '/opt/maps': maps(version), '/opt/locked': maps(version, { options: 'noexec' }) };
        const script = `cat /opt/maps/version; cd /opt/maps; echo *; (echo x > new) 2>&1; (echo x > null) 2>&1; ./run
          /opt/locked/run 2>&1; ls / | grep secret; cat /proc/self/mountinfo`;
        const { stdout, exit } = await run(script, mounts);
        const [found, names, write, device, executed, locked, ...table] = stdout.trim().split('\n');
        assert.equal(found, version === '^1.0' ? '1.2.0' : '2.0.0', JSON.stringify(exit));
        assert.equal(names, 'null run tiles version');
        assert.match(write ?? '', /Read-only file system/);
        assert.match(device ?? '', /Permission denied/);
        assert.equal(executed, 'executed');
        assert.match(locked ?? '', /Permission denied/);
        const at = mountsOf(table.join('\n'));
        for (const [target, options] of [
          ['/opt/maps', 'ro,nosuid,nodev,relatime'],
          ['/opt/locked', 'ro,nosuid,nodev,noexec,relatime'],
        ] as const) {
          assert.equal(at.get(target)?.options.join(), options);
          assert.match(at.get(target)?.root ?? '', /\/share$/);
          assert.equal(table.filter((line) => line.includes(` ${target} `)).length, 1, 'once');
        }
      });
    });

  test('is the newest version that satisfies the requirement, and the run says which', async () => {
    await trial(async ({ run, resources }) => {
      for (const [requirement, version] of [
        ['=1.0.0', '1.0.0'],
        ['^1.0', '1.2.0'],
        ['>=1', '2.0.0'],
      ] as const) {
        let used: unknown;
        const { stdout } = await run('cat /maps/version', { '/maps': maps(requirement) }, {
          resources: () => resources.toReversed(),
          whenRunning: ({ lastRun }: Supervised) => {
            used = lastRun?.record.resources;
          },
        }); // prettier-ignore
        assert.equal(stdout, `${version}\n`);
        assert.deepEqual(used, [`maps:${version}`]);
      }
      const { exit } = await run('exit 0', { '/maps': maps('^3') });
      assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH1402']);
      assert.match(String(exit.error?.['message']), /`maps \^3` \(have 2\.0\.0, 1\.2\.0, 1\.0\.0\)/);
    });
  });

  test('is looked up inside of its source: neither `..` nor a link leads out of it', async () => {
    await trial(async ({ run }) => {
      for (const version of ['=1.2.0', '=2.0.0'])
        for (const dir of ['/inside', '/up', '/share/../share', '/../share', 'share']) {
          const { stdout, exit } = await run('cat /maps/version', { '/maps': maps(version, { dir }) });
          assert.equal(stdout, `${version.slice(1)}\n`, `${dir}: ${JSON.stringify(exit)}`);
        }
      for (const [version, code] of [
        ['=1.2.0', 'TH3004'],
        ['=2.0.0', 'TH3005'],
      ] as const)
        for (const dir of ['/away', '/absolute', '/missing', '/share/version', '/share/null']) {
          const { exit } = await run('exit 0', { '/maps': maps(version, { dir }) });
          assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', code], dir);
          assert.match(String(exit.error?.['message']), new RegExp(`there is no directory \`${dir}\` in `));
        }
    });
  });

  test('can be the whole image, hold others inside of its folders, and lie on one of another mount', async () => {
    await trial(async ({ run }) => {
      const mounts: Mounts = {
        '/all': maps('=1.0.0', { dir: '/' }),
        '/all/share/tiles': maps('=1.2.0'),
        '/data': { type: 'tmpfs', size: 65536 },
        '/data/maps': maps('=2.0.0', { dir: '/' }),
      };
      const script = 'cat /all/share/version /all/share/tiles/version /data/maps/share/version; ls -d /all/secret';
      const { stdout, exit } = await run(script, mounts);
      assert.equal(stdout, '1.0.0\n1.2.0\n2.0.0\n/all/secret\n', JSON.stringify(exit));
    });
  });

  test('has a loop device only as long as its container lives', async () => {
    await trial(async ({ run, folder }) => {
      const mounts = { '/one': maps('=1.0.0'), '/two': maps('=1.2.0'), '/three': maps('=1.2.0', { dir: '/' }) };
      const inUse = (): number => loopsOf(folder).length;
      const { exit } = await run('exec sleep 1000', mounts, {
        whenRunning: async ({ container }) => {
          assert.equal(inUse(), 3);
          await container?.kill();
        },
      });
      assert.equal(exit.reason, 'stopped');
    });
  });
});

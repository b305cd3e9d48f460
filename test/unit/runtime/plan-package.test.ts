import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ImageFile } from '../../../src/base/index.ts';
import type { Step } from '../../../src/launcher/index.ts';
import type { Manifest } from '../../../src/manifest/index.ts';
import { plan, type Facts, type LaunchPlan, type Resource } from '../../../src/runtime/index.ts';
import { board } from '../../support/facts.ts';

const image: ImageFile = {
  file: '/repo/camera-2.1.0.tar',
  offset: 1536,
  size: 8192,
  identity: { dev: '1', ino: '2', size: '12288', ctime_ns: '3' },
};

const base: Manifest = { name: 'camera', version: '2.1.0', uid: 1000, gid: 1000, init: '/bin/camera' };
const attributes = ['ro', 'nosuid', 'nodev'];

function made(manifest: Partial<Manifest>, facts: Facts = board()): LaunchPlan {
  return plan({ ...base, ...manifest }, facts, { image });
}

function problems({ problems }: LaunchPlan): string[] {
  return problems.map(({ code, details }) => `${code} ${String(details['key'])}`);
}

function ops({ launch }: LaunchPlan): string[] {
  return launch.steps.map((step) => step.op);
}

function find<Op extends Step['op']>({ launch }: LaunchPlan, op: Op): (Step & { op: Op }) | undefined {
  return launch.steps.find((step): step is Step & { op: Op } => step.op === op);
}

describe('the root of a package', () => {
  test('is its image, whether the manifest says so or names no root at all', () => {
    for (const rootfs of [undefined, { type: 'package' }] as const) {
      const launch = made(rootfs === undefined ? {} : { rootfs });
      assert.deepEqual(launch.problems, []);
      assert.deepEqual(find(launch, 'root_image'), {
        op: 'root_image',
        image,
        attributes,
        key: rootfs === undefined ? 'name' : 'rootfs',
      });
      assert.deepEqual(ops(launch).slice(0, 5), [
        'namespaces',
        'propagation',
        'root_image',
        'root_attributes',
        'pivot',
      ]);
    }
  });

  test('is another one when the manifest says so', () => {
    const launch = made({ rootfs: { type: 'host' } });
    assert.deepEqual(problems(launch), []);
    assert.ok(!ops(launch).includes('root_image'));
  });

  test('is missing when the manifest came without an image', () => {
    assert.deepEqual(problems(plan(base, board())), ['TH3002 name']);
    const asked = plan({ ...base, rootfs: { type: 'package' } }, board());
    assert.deepEqual(problems(asked), ['TH3002 rootfs']);
    assert.match(asked.problems[0]?.message ?? '', /did not come in one with an image/);
  });

  test('gets the outermost places to mount on, if it lacks one, before anything is made in it', () => {
    const facts = board();
    facts.paths['/host/file'] = { type: 'file' };
    facts.paths['/host/gone'] = { type: 'missing' };
    const launch = made(
      {
        mounts: {
          '/data/cache': { type: 'tmpfs', size: 4096 },
          '/data': { type: 'tmpfs', size: 4096 },
          '/etc/file': { type: 'bind', host: '/host/file' },
          '/skipped': { type: 'bind', host: '/host/gone', optional: true },
        },
      },
      facts,
    );
    assert.deepEqual(problems(launch), []);
    assert.deepEqual(find(launch, 'root_overlay')?.if_missing, ['/data', '/etc/file']);
    assert.deepEqual(ops(launch).slice(2, 11), [
      'root_image',
      'root_overlay',
      'mkdir',
      'tmpfs',
      'mkdir',
      'tmpfs',
      'mkfile',
      'bind',
      'root_attributes',
    ]);
  });

  test('needs no overlay where nothing is mounted, and another root never does', () => {
    assert.ok(!ops(made({})).includes('root_overlay'));
    const mounts: Manifest['mounts'] = { '/proc': { type: 'proc' } };
    assert.ok(!ops(made({ rootfs: { type: 'host' }, mounts })).includes('root_overlay'));
  });
});

describe('a resource in a plan', () => {
  const maps = (version: string): Resource => ({ name: 'maps', version, source: { type: 'image', image } });
  const folder: Resource = { name: 'fonts', version: '1.0.0', source: { type: 'dir', path: '/srv/fonts' } };
  const mount = (more: object = {}): NonNullable<Manifest['mounts']> => ({
    '/maps': { type: 'resource', name: 'maps', version: '^1.0', dir: '/share', ...more },
  });

  test('is the newest image that will do, read-only, and is named', () => {
    const facts = board('v2', { resources: [maps('1.0.0'), maps('1.10.0'), maps('1.9.0'), maps('2.0.0')] });
    const launch = made({ mounts: mount() }, facts);
    assert.deepEqual(problems(launch), []);
    const step = { op: 'image', image, dir: '/share', target: '/maps', attributes, key: 'mounts./maps' };
    assert.deepEqual(find(launch, 'image'), step);
    assert.deepEqual(launch.resources, ['maps:1.10.0']);
    const locked = find(made({ mounts: mount({ options: 'noexec' }) }, facts), 'image');
    assert.deepEqual(locked?.attributes, [...attributes, 'noexec']);
  });

  test('is named once, however often it is mounted; without any there is an empty list', () => {
    const facts = board('v2', { resources: [maps('1.0.0')] });
    const again: Manifest['mounts'] = {
      ...mount(),
      '/more': { type: 'resource', name: 'maps', version: '*', dir: '/' },
    };
    assert.deepEqual(made({ mounts: again }, facts).resources, ['maps:1.0.0']);
    assert.deepEqual(made({}).resources, []);
  });

  test('that nobody offers is a problem that says what there is', () => {
    const facts = board('v2', { resources: [maps('0.9.0'), maps('2.0.0'), folder] });
    const launch = made({ mounts: mount() }, facts);
    assert.deepEqual(problems(launch), ['TH1402 mounts./maps']);
    assert.equal(launch.problems[0]?.message, 'no container satisfies `maps ^1.0` (have 2.0.0, 0.9.0)');
    assert.match(made({ mounts: mount() }).problems[0]?.message ?? '', /\(have none\)/);
  });

  test('out of a folder is a read-only bind of what was found inside of that folder', () => {
    const facts = board('v2', { resources: [folder] });
    facts.paths['/srv/fonts/share'] = { type: 'directory', real: '/srv/fonts/real' };
    const from = (dir: string): LaunchPlan =>
      made({ mounts: { '/fonts': { type: 'resource', name: 'fonts', version: '*', dir } } }, facts);
    assert.deepEqual(find(from('/share'), 'bind'), {
      op: 'bind',
      source: '/srv/fonts/real',
      target: '/fonts',
      attributes,
      recursive: false,
      optional: false,
      key: 'mounts./fonts',
    });
    assert.equal(find(from('/../../etc'), 'bind')?.source, '/srv/fonts/etc', 'never outside, even if not looked at');
    facts.paths['/srv/fonts/none'] = { type: 'missing' };
    facts.paths['/srv/fonts/file'] = { type: 'file' };
    for (const dir of ['/none', '/file']) assert.deepEqual(problems(from(dir)), ['TH3005 mounts./fonts'], dir);
  });

  test('cannot show the run directory', () => {
    const source = { type: 'dir', path: '/' } as const;
    const facts = board('v2', { resources: [{ name: 'maps', version: '1.0.0', source }] });
    assert.deepEqual(problems(made({ mounts: mount({ dir: '/run' }) }, facts)), ['TH1211 mounts./maps']);
  });
});

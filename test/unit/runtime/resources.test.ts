import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { ImageFile } from '../../../src/base/index.ts';
import type { LoadedManifest, Manifest } from '../../../src/manifest/index.ts';
import { gatherFacts, resourceOf, type Resource } from '../../../src/runtime/index.ts';
import { FactsCache } from '../../../src/runtime/facts-cache.ts';
import { shell } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';

const image: ImageFile = {
  file: '/repo/maps-1.0.0.tar',
  offset: 512,
  size: 4096,
  identity: { dev: '1', ino: '2', size: '5120', ctime_ns: '3' },
};

function withMounts(mounts: NonNullable<Manifest['mounts']>): Manifest {
  return { ...shell('exit 0').manifest, mounts };
}

describe('what a container offers to others', () => {
  const loaded = shell('exit 0');
  const offer = (rootfs: Manifest['rootfs'], more: Partial<LoadedManifest> = {}): unknown => {
    const { rootfs: _, ...rest } = loaded.manifest;
    return resourceOf({ ...loaded, manifest: { ...rest, ...(rootfs === undefined ? {} : { rootfs }) }, ...more })
      ?.source;
  };

  test('is the image of its package, whatever it runs on itself, or the folder that is its root', () => {
    assert.deepEqual(offer(undefined, { image }), { type: 'image', image });
    assert.deepEqual(offer({ type: 'package' }, { image }), { type: 'image', image });
    assert.deepEqual(offer({ type: 'host' }, { image }), { type: 'image', image });
    assert.deepEqual(offer({ type: 'dir', path: '/srv/maps' }), { type: 'dir', path: '/srv/maps' });
  });

  test('is nothing when it has no files of its own', () => {
    for (const rootfs of [undefined, { type: 'package' }, { type: 'host' }] as const)
      assert.equal(offer(rootfs), undefined);
  });
});

describe('facts about resources', () => {
  const resource = (name: string, version: string, path: string): Resource => ({
    name,
    version,
    source: { type: 'dir', path },
  });

  test('hold every version of what the manifest names, and nothing else of the repositories', () => {
    using folder = temporaryFolder();
    const manifest = withMounts({ '/maps': { type: 'resource', name: 'maps', version: '^1.0', dir: '/share' } });
    const offered = [
      resource('maps', '1.0.0', folder.path),
      resource('fonts', '1.0.0', folder.path),
      resource('maps', '2.0.0', folder.path),
    ];
    const facts = gatherFacts(manifest, offered);
    assert.deepEqual(
      facts.resources.map(({ name, version }) => `${name}:${version}`),
      ['maps:1.0.0', 'maps:2.0.0'],
    );
    assert.deepEqual(facts.paths[`${folder.path}/share`], { type: 'missing' });
    assert.deepEqual(gatherFacts(shell('exit 0').manifest, offered).resources, []);
  });

  test('look a folder up inside of its root, and are looked at anew at each plan', () => {
    using folder = temporaryFolder();
    const root = `${folder.path}/maps`;
    mkdirSync(`${root}/data`, { recursive: true });
    const manifest = withMounts({ '/maps': { type: 'resource', name: 'maps', version: '*', dir: '/share' } });
    const cache = new FactsCache();
    const codes = (...offered: Resource[]): string[] =>
      cache.plan(manifest, {}, offered).problems.map(({ code }) => code);
    assert.deepEqual(codes(), ['TH1402']);
    assert.deepEqual(codes(resource('maps', '1.0.0', root)), ['TH3005']);
    symlinkSync('/data', `${root}/share`);
    assert.deepEqual(codes(resource('maps', '1.0.0', root)), []);
    const fact = gatherFacts(manifest, [resource('maps', '1.0.0', root)]).paths[`${root}/share`];
    assert.deepEqual(fact, { type: 'directory', real: `${root}/data` });
  });
});

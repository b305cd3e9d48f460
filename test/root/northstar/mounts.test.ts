import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { FactsCache } from '../../../src/runtime/facts-cache.ts';
import { gatherFacts, plan, type LaunchPlan, type PlanOptions } from '../../../src/runtime/index.ts';
import { install, onPackages } from '../../support/built-packages.ts';
import { mountsOf } from '../../support/identity.ts';
import { needsImages, onPackage } from '../../support/packages.ts';

const CONTEXT = 'unconfined_u:object_r:user_home_t:s0';
const selinux = { mount_context: CONTEXT };

const hasSelinux = existsSync('/sys/fs/selinux/enforce');

/** As `needsImages`, on one kind of kernel. */
function needsSelinux(wanted: boolean): { skip: string | false } {
  const images = needsImages();
  if (images.skip !== false || hasSelinux === wanted) return images;
  return {
    skip: wanted ? 'needs a kernel that runs with SELinux: there is no /sys/fs/selinux/enforce' : 'SELinux runs',
  };
}

/** The row of / in the table of mounts of a container whose manifest has a context, and what the daemon logged. */
async function rootMount(): Promise<{ row: string; log: string }> {
  const found = { row: '', log: '' };
  await onPackages(async (daemon, maker) => {
    await daemon.start();
    const sections = { selinux, mounts: { '/data': { type: 'tmpfs', size: 4096 } } };
    const installed = await install(
      daemon,
      await maker.make({ name: 'labelled', script: 'exec /bin/sleep 1000', sections }),
    );
    const { pid } = await daemon.client.start('labelled');
    const table = readFileSync(`/proc/${pid}/mountinfo`, 'utf8');
    assert.equal(mountsOf(table).get('/')?.type, 'squashfs', table);
    found.row = table.split('\n').find((line) => line.split(' ')[4] === '/') ?? '';
    found.log = JSON.stringify(installed.warnings) + daemon.log;
  });
  return found;
}

/** Plans as if SELinux were running. */
class WithSelinux extends FactsCache {
  override plan(manifest: Manifest, options: PlanOptions): LaunchPlan {
    return plan(manifest, { ...gatherFacts(manifest), modules: ['selinux'] }, options);
  }
}

describe('the image of a package with an SELinux context', () => {
  test('has that context for all of its files', needsSelinux(true), async () => {
    assert.match((await rootMount()).row, new RegExp(` - squashfs .*context="?${CONTEXT}"?(,|$)`));
  });

  test('is a plain squashfs on a kernel without SELinux, as in Northstar', needsSelinux(false), async () => {
    const { row } = await rootMount();
    assert.doesNotMatch(row, /context/);
  });

  test('is mounted with that option: a kernel without SELinux does not know it', needsSelinux(false), async () => {
    await onPackage(async ({ session, run }) => {
      assert.equal((await run('exit 0', { selinux })).exit.reason, 'exited');
      session.board.facts = new WithSelinux();
      assert.equal((await run('exit 0')).exit.reason, 'exited');
      const { exit } = await run('exit 0', { selinux });
      assert.equal(exit.reason, 'start_failed');
      assert.match(JSON.stringify(exit), /EINVAL/);
    });
  });
});

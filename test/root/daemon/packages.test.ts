import assert from 'node:assert/strict';
import { copyFileSync, createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import type { Installed } from '../../../src/runtime/index.ts';
import { PackageMaker } from '../../support/built-packages.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsImages } from '../../support/packages.ts';
import { until } from '../../support/processes.ts';

const STAYS = 'echo here; exec /bin/sleep 1000';

async function onDaemon(
  body: (daemon: TestDaemon, maker: PackageMaker) => Promise<void>,
  config?: string,
): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon(config);
    await body(daemon, new PackageMaker(daemon.shared));
    if (!daemon.isDead) await daemon.signal('SIGTERM');
  });
}

function install(daemon: TestDaemon, file: string): Promise<Installed> {
  return daemon.client.install('default', { chunks: createReadStream(file), size: statSync(file).size });
}

describe('installing a package', needsImages(), () => {
  test('lists its container, and starts it when it starts by itself', async () => {
    await onDaemon(async (daemon, maker) => {
      await daemon.start();
      const file = await maker.make({ name: 'camera', script: STAYS, sections: { autostart: 'relaxed' } });
      const done = await install(daemon, file);
      assert.deepEqual(done, {
        id: 'camera:1.0.0',
        repository: 'default',
        file: join(daemon.repository, 'camera-1.0.0.tar'),
        size: statSync(file).size,
        started: true,
        warnings: [],
      });
      const camera = await daemon.container('camera');
      assert.equal(camera.state, 'running');
      await until('it has written', () => daemon.hasLog('camera', 'here'));
      await assert.rejects(install(daemon, file), { code: 'TH5007' });
      const rested = await install(daemon, await maker.make({ name: 'report', script: 'exit 0' }));
      assert.equal(rested.started, false);
      assert.equal((await daemon.container('report')).state, 'stopped');
      assert.deepEqual(readdirSync(daemon.repository).sort(), ['camera-1.0.0.tar', 'report-1.0.0.tar']);
      await assert.rejects(daemon.client.uninstall('default', 'camera'), { code: 'TH5006' });
      await daemon.client.stop('camera');
      assert.equal((await daemon.client.uninstall('default', 'camera')).id, 'camera:1.0.0');
      assert.deepEqual(
        (await daemon.client.containers()).map(({ id }) => id),
        ['report:1.0.0'],
      );
      assert.ok(!existsSync(done.file));
    });
  });

  test('is the same as copying the file into the folder', async () => {
    await onDaemon(async (daemon, maker) => {
      await daemon.start();
      const file = await maker.make({ name: 'camera', script: STAYS, sections: { autostart: 'relaxed' } });
      copyFileSync(file, join(daemon.repository, basename(file)));
      await daemon.reached('camera', 'running');
    });
  });
});

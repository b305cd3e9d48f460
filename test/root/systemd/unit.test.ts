import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { geteuid } from 'node:process';
import { describe, test } from 'node:test';
import { ConsoleClient } from '../../../src/console/index.ts';
import { shell } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { until } from '../../support/processes.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const BUNDLE = join(ROOT, 'dist/thuban.mjs');
const CGROUP = '/sys/fs/cgroup';
const UNIT = `thuban-test-${process.pid}`;
const LIMIT = 33_554_432;

function needsSystemd(): { skip: string | false } {
  if (geteuid?.() !== 0) return { skip: 'needs root: sudo npm test' };
  const runs = existsSync('/run/systemd/system') && existsSync(`${CGROUP}/cgroup.controllers`);
  return { skip: runs ? false : 'needs systemd as the first program: npm run test:vm -- --systemd' };
}

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

function property(name: string): string {
  return run('systemctl', 'show', '--value', '--property', name, `${UNIT}.service`).trim();
}

/** DelegateSubgroup=, without which a unit that hands controllers down cannot be started again. */
const hasSubgroups =
  Number(/^systemd (\d+)/.exec(spawnSync('systemctl', ['--version'], { encoding: 'utf8' }).stdout)?.[1]) >= 254;

interface Service {
  client: ConsoleClient;
  repository: string;
  /** Folder of the groups of all containers. */
  top: string;
}

/** The unit that we ship, with other folders, until the body is done. Nothing of it is on a disk. */
async function service(body: (service: Service) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    const { path: folder } = temporaryFolder();
    const file = `/run/systemd/system/${UNIT}.service`;
    const [repository, runDir] = [join(folder, 'repository'), `/run/${UNIT}`];
    mkdirSync(repository, { mode: 0o755 });
    writeFileSync(join(folder, 'thuban.yaml'), 'daemon: {lease: 20 s}\n', { mode: 0o644 });
    const flags = ['--config', join(folder, 'thuban.yaml'), '--repository', repository, '--run-dir', runDir];
    const command = `${process.execPath} --disallow-code-generation-from-strings ${BUNDLE} daemon ${flags.join(' ')} --data-dir ${folder}/data`;
    const shipped = readFileSync(join(ROOT, 'examples/systemd/thuban.service'), 'utf8');
    const unit = shipped
      .replace(/^ExecStart=.*$/m, `ExecStart=${command}`)
      .replace(/^RuntimeDirectory=thuban$/m, `RuntimeDirectory=${UNIT}`);
    mkdirSync('/run/systemd/system', { recursive: true });
    writeFileSync(file, unit);
    try {
      run('systemctl', 'daemon-reload');
      run('systemctl', 'start', UNIT);
      const client = new ConsoleClient(join(runDir, 'console.sock'));
      await answers(client);
      const group = property('ControlGroup');
      assert.ok(group.endsWith(`/${UNIT}.service`), group);
      const top = join(CGROUP, hasSubgroups ? group : '', 'thuban');
      await body({ client, repository, top });
    } finally {
      spawnSync('systemctl', ['stop', UNIT]);
      rmSync(file, { force: true });
      spawnSync('systemctl', ['daemon-reload']);
      for (const path of [folder, runDir]) rmSync(path, { recursive: true, force: true });
    }
  });
}

async function answers(client: ConsoleClient): Promise<void> {
  for (const end = Date.now() + 60_000; ;) {
    try {
      await client.version();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function add(repository: string, name: string, script = 'exec sleep 1000'): void {
  const { manifest } = shell(script, {
    name,
    cgroups: {
      memory: { memory_hard_limit: LIMIT, memory_swap_limit: LIMIT },
      pids: { limit: 10 },
      cpu: { shares: 512 },
    },
  });
  writeFileSync(join(repository, `${name}.yaml`), JSON.stringify(manifest), { mode: 0o644 });
}

function limits(group: string): string[] {
  return ['memory.max', 'pids.max', 'cpu.weight'].map((file) => readFileSync(join(group, file), 'utf8').trim());
}

async function listed(client: ConsoleClient, name: string): Promise<void> {
  for (const end = Date.now() + 60_000; ;) {
    if ((await client.containers()).some((each) => each.name === name)) return;
    assert.ok(Date.now() < end, `${name} is not listed`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('the daemon as a service of systemd', needsSystemd(), () => {
  test('limits its containers, survives its own death with them, and leaves nothing', async () => {
    await service(async ({ client, repository, top }) => {
      assert.equal(property('Delegate'), 'yes');
      add(repository, 'a');
      await listed(client, 'a');
      const { pid } = await client.start('a');
      const group = join(top, 'c-a@1.0.0');
      assert.deepEqual(
        (await client.container('a')).groups?.map(({ path }) => path),
        [group],
      );
      assert.deepEqual(limits(group), [String(LIMIT), '10', '59']);
      assert.ok(readFileSync(`/proc/${pid}/cgroup`, 'utf8').endsWith('thuban/c-a@1.0.0\n'));

      // What systemd does to groups that it knows must not touch those of containers.
      run('systemctl', 'daemon-reload');
      assert.deepEqual(limits(group), [String(LIMIT), '10', '59']);

      // An out-of-memory kill in a container is no reason to end the unit.
      add(repository, 'hog', 'exec tail /dev/zero');
      await listed(client, 'hog');
      await client.start('hog');
      await until('it was killed', async () => (await client.container('hog')).last_exit?.reason === 'oom_killed');
      assert.equal(property('ActiveState'), 'active');

      const first = property('MainPID');
      process.kill(Number(first), 'SIGKILL');
      await until('systemd has started another daemon', () => !['0', first].includes(property('MainPID')));
      await answers(client);
      const [adopted] = await client.containers();
      assert.deepEqual([adopted?.name, adopted?.state, adopted?.pid], ['a', 'running', pid]);
      await client.restart('a');
      assert.deepEqual(limits(group), [String(LIMIT), '10', '59']);
      run('systemctl', 'stop', UNIT);
      assert.ok(!existsSync(group));
      assert.equal(property('ActiveState'), 'inactive');
    });
  });
});

describe('thuban run in a scope of systemd with Delegate=yes', needsSystemd(), () => {
  test('makes its groups below the scope and nowhere else', async () => {
    await leavesNothingBehind(async () => {
      const { path: folder } = temporaryFolder();
      try {
        const { manifest } = shell('exec sleep 1000', {
          name: 'scoped',
          cgroups: { memory: { memory_hard_limit: LIMIT } },
        });
        const file = join(folder, 'scoped.yaml');
        writeFileSync(file, JSON.stringify(manifest), { mode: 0o644 });
        const scope = ['--scope', '--quiet', '--property=Delegate=yes', `--unit=${UNIT}`];
        // It becomes the program that it starts, so that its pid is that of `thuban run`.
        const run = spawn('systemd-run', [...scope, process.execPath, BUNDLE, 'run', file], { stdio: 'inherit' });
        const ended = once(run, 'exit');
        const below = `${CGROUP}/system.slice/${UNIT}.scope/thuban`;
        const group = `${below}/c-scoped@1.0.0#${run.pid ?? 0}`;
        await until(
          'the container runs',
          () => existsSync(group) && readFileSync(`${group}/cgroup.procs`, 'utf8') !== '',
        );
        assert.equal(readFileSync(`${group}/memory.max`, 'utf8').trim(), String(LIMIT));
        run.kill('SIGTERM');
        await ended;
        await until('the scope is gone', () => !existsSync(`${CGROUP}/system.slice/${UNIT}.scope`));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
});

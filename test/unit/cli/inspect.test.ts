import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspectText } from '../../../src/cli/inspect/text.ts';
import { widthOf } from '../../../src/cli/text-width.ts';
import type { ContainerDetail } from '../../../src/runtime/index.ts';
import { fakeContainers } from '../../support/fake-containers.ts';
import { fakeTerminal, plain } from '../../support/terminal.ts';
import { thuban, withConsole } from './support.ts';

process.env['TZ'] = 'UTC'; // clock times of a terminal are local
const now = Date.parse('2026-01-31T10:44:08.000Z');

function container(name: string, more: Partial<ContainerDetail> = {}): ContainerDetail {
  const found = fakeContainers().find((one) => one.name === name);
  assert.ok(found !== undefined);
  return { ...found, ...more };
}

function text(detail: ContainerDetail, terminal = fakeTerminal(), wide = false): string[] {
  return inspectText(detail, terminal, { wide, now });
}

describe('thuban inspect', () => {
  test('tells why, since when, and what to type next', () => {
    assert.deepEqual(text(container('oom')), [
      '✗ oom:1.0.0  failed  since 10:41:07 (3m ago)',
      '  why        restart limit reached: 3 starts',
      '  last exit  oom_killed, own limit of 32 MiB reached, after 212 ms, oom_kill +1,',
      '             3m ago',
      '  manifest   /var/lib/thuban/repository/oom.yaml  (read 10:40:58)',
      '  counters   restarts 2  oom_kills 3',
      '  history    10:41:07 failed',
      'next: thuban logs oom:1.0.0',
      '      thuban start oom:1.0.0',
      '      thuban explain oom_killed',
    ]);
  });

  test('shows a schedule, its next and its last run', () => {
    const schedule = {
      cron: '0 3 * * *',
      time_zone: 'UTC',
      overlap: 'replace',
      catch_up: 'once',
      catch_up_window: 3600,
      jitter: 30,
      max_runtime: 300,
    } as const;
    const manifest = { name: 'report', version: '1.0.0', uid: 1000, gid: 1000, schedule };
    const lines = text(
      container('report', { manifest, lines: { 'schedule.cron': 9 } }),
      fakeTerminal({ columns: 120 }),
    );
    const from = lines.findIndex((line) => line.includes('schedule'));
    assert.deepEqual(lines.slice(from, from + 3), [
      '  schedule   0 3 * * * UTC, overlap replace, catch_up within 1 h, jitter 30 s, max_runtime 5 min :9',
      '  next run   03:00 UTC',
      '  last run   03:00 UTC',
    ]);
  });

  test('shows limits with their lines in the manifest, and what was used of them', () => {
    const camera = container('camera', {
      manifest: {
        name: 'camera',
        version: '2.1.0',
        uid: 1000,
        gid: 1001,
        cgroups: { cpu: { quota: 50_000 } },
      },
      lines: { 'cgroups.memory.memory_hard_limit': 9, 'cgroups.cpu.quota': 11, init: 4, restart: 14 },
      restart: {
        policy: 'on_failure',
        initial_delay: 1,
        max_delay: 60,
        multiplier: 2,
        jitter: 0.2,
        reset_after: 60,
        max_restarts: 2,
      },
      restart_history: 1,
    });
    const lines = text(camera);
    const has = (line: string): void => {
      assert.ok(lines.includes(line), `${line}\n${lines.join('\n')}`);
    };
    has('  program    pid 2210  up 3 d 4 h, since 2026-01-28 06:41:07');
    has('  command    /usr/bin/camera --fps 15 :4  uid 1000 gid 1001');
    has('  restart    on_failure, 1 of 2 used :14');
    has('  memory     limit 96 MiB :9  use 88 MiB  peak 92 MiB');
    has('  cpu        quota 50% of one CPU :11  used 1 min 1 s  throttled in 3.2% of');
    has('  cgroup     v2 /thuban/c-camera@2.1.0');
    has('  mounts     /proc proc');
  });

  test('lists nothing that is not set and did not happen', () => {
    const labels = text(container('report')).map((line) => line.slice(2, 13).trim());
    for (const label of ['why', 'memory', 'cpu', 'cgroup', 'mounts', 'history', 'counters', 'autostart', 'rights'])
      assert.ok(!labels.includes(label), label);
  });

  test('of a container without a program says what it is for and who uses it, and suggests no start', () => {
    const texts = (mounted_by: string[]): string[] =>
      text(container('report', { resource: true, mounted_by }), fakeTerminal({ columns: 120 }));
    const used = texts(['reader:1.0.0', 'shop:2.0.0', 'third:1.0.0']);
    assert.ok(used.includes('  command    none: its files are for others to mount'));
    assert.ok(used.includes('  mounted by reader:1.0.0, shop:2.0.0, third:1.0.0'));
    assert.equal(used.at(-1), 'next: thuban inspect reader:1.0.0    thuban inspect shop:2.0.0');
    assert.doesNotMatch(texts([]).join('\n'), /mounted by|next:/);
  });

  test('tells the digest of a package, and which resource is mounted', () => {
    const digest = 'ab'.repeat(32);
    const mounts = [{ target: '/srv/texts', type: 'resource', source: 'texts ^1 /texts' }];
    const lines = text(
      container('report', { file: '/r/report-1.0.0.tar', digest, mounts }),
      fakeTerminal({ columns: 120 }),
    );
    assert.ok(lines.includes(`  package    sha256 ${digest}`));
    assert.ok(lines.includes('  mounts     /srv/texts resource texts ^1 /texts'));
    assert.doesNotMatch(text(container('report', { digest })).join('\n'), /sha256/);
  });

  test('tells where sockets are reached, and what its console may', () => {
    const manifest = { name: 'report', version: '1.0.0', uid: 1, gid: 1 };
    const sockets = [{ name: 'control', type: 'stream', path: '/run/thuban/sockets/report:1.0.0:control' }];
    const lines = (permissions: 'full' | string[]): string[] =>
      text(
        container('report', { sockets, manifest: { ...manifest, console: { permissions } }, lines: { console: 9 } }),
        fakeTerminal({ columns: 120 }),
      );
    assert.ok(lines([]).includes('  socket     control stream /run/thuban/sockets/report:1.0.0:control'));
    assert.ok(lines([]).includes('  console    may nothing :9'));
    assert.ok(lines(['list', 'start']).includes('  console    may list, start :9'));
    assert.ok(lines('full').includes('  console    may everything :9'));
  });

  test('shows what the manifest keeps for tools, in one line of JSON that is broken at its blanks', () => {
    const manifest = { name: 'report', version: '1.0.0', uid: 1, gid: 1 };
    const shown = (custom: unknown, columns: number): string[] => {
      const detail = container('report', { manifest: { ...manifest, custom }, lines: { custom: 21 } });
      const lines = text(detail, fakeTerminal({ columns }));
      const from = lines.findIndex((line) => line.startsWith('  custom'));
      const to = lines.findIndex((line) => line.startsWith('next:'));
      return from < 0 ? [] : lines.slice(from, to);
    };
    const line = '  custom     { "site": "roof\\nnorth", "cameras": [ 7, null ] } :21';
    assert.deepEqual(shown({ site: 'roof\nnorth', cameras: [7, null] }, 120), [line]);
    assert.deepEqual(shown({ site: 'roof', camera: 7 }, 34), [
      '  custom     { "site": "roof",',
      '             "camera": 7 } :21',
    ]);
    assert.deepEqual(shown(0, 120), ['  custom     0 :21']);
    assert.deepEqual(shown(undefined, 120), []);
  });

  test('names privileges and conditions', () => {
    const lines = text(container('gateway', { lines: { 'process.privileged': 12 } }));
    assert.equal(lines[0], '● gateway:1.4.2  running degraded  since 10:41:07 (3m ago)');
    assert.ok(lines.includes('  degraded   no swap accounting (TH2002)'));
    assert.ok(lines.includes('  rights     privileged, root on the board :12'));
  });

  test('lists the errors of a rejected manifest', () => {
    const lines = text(container('sensors.yaml'), fakeTerminal({ isTTY: false }));
    assert.equal(lines[0], 'sensors.yaml  rejected  since 2026-01-31T10:41:07.000Z (3m ago)');
    assert.ok(lines.includes('  error      12:5 TH1102 unknown key `memroy` in cgroups (did you mean `memory`?)'));
    assert.equal(lines.at(-1), 'next: thuban validate /var/lib/thuban/repository/sensors.yaml');
  });

  test('of a file that is not to be trusted says what repairs it, and no line', () => {
    const place = { file: '/srv/a.yaml', line: 1, column: 1, length: 1, path: '' };
    const error = {
      code: 'TH5010',
      severity: 'error',
      message: 'others may write',
      hint: 'chmod go-w',
      ...place,
    } as const;
    const lines = text(container('sensors.yaml', { errors: [error] }), fakeTerminal({ isTTY: false }));
    assert.ok(lines.includes('  error      TH5010 others may write (chmod go-w)'));
    assert.equal(lines.at(-1), 'next: chmod go-w');
  });

  test('cuts nothing on a narrow terminal: lines go on below, commands stand below each other', () => {
    const lines = text(container('gateway'), fakeTerminal({ columns: 40 }));
    for (const line of lines.slice(1, -2)) assert.ok(widthOf(line) <= 40, line);
    assert.deepEqual(lines.slice(-2), [
      'next: thuban logs -f gateway:1.4.2',
      '      thuban events -f --container gateway:1.4.2',
    ]);
    assert.match(lines.join('').replaceAll(/ +/g, ''), /repository\/gateway\.yaml/);
  });

  test('makes visible what a manifest could say to the terminal', () => {
    const odd = container('camera', { command: ['/bin/sh', '-c', "echo 'x'\u001b[2J"], message: 'a\nb' });
    const all = text(odd, fakeTerminal({ color: true }))
      .map(plain)
      .join('\n');
    assert.match(all, /why +a\^Jb/);
    assert.match(all, /\/bin\/sh -c 'echo '\\''x'\\''\^\[\[2J'/);
  });

  test('shows the newest of the history and counts the rest', () => {
    const event = (seq: number, type: string, more: object = {}): ContainerDetail['history'][number] => ({
      epoch: 'e',
      seq,
      time: `2026-01-31T10:41:0${seq}.000Z`,
      type,
      ...more,
    });
    const history = [
      event(5, 'state', { state: 'failed' }),
      event(4, 'oom'),
      event(3, 'started'),
      event(2, 'x'),
      event(1, 'x'),
    ];
    const lines = text(container('oom', { history }));
    assert.ok(lines.includes('  history    10:41:05 failed · 10:41:04 oom · 10:41:03 started · +2'), lines.join('\n'));
  });
});

test('a name that ends in .tar is a rejected package of the daemon, or a file that is not there', () =>
  withConsole({}, async (bench) => {
    const [container] = bench.control.containers.filter(({ state }) => state === 'rejected');
    assert.ok(container !== undefined);
    Object.assign(container, { id: 'broken.tar', name: 'broken.tar' });
    assert.match((await thuban(bench, 'inspect', 'broken.tar')).stdout, /^broken\.tar {2}rejected/);
    const nobody = { path: '/nonexistent/console.sock' };
    for (const [place, name] of [
      [bench, 'nope.tar'],
      [bench, './broken.tar'],
      [nobody, 'nope.tar'],
      [nobody, '/nonexistent/nope.tar'],
    ] as const)
      assert.equal(
        (await thuban(place, 'inspect', name)).stderr,
        `error[TH1008]: there is no file \`${name}\`\n  hint: check the path\n`,
      );
  }));

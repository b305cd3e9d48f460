import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { measure, type Measured } from '../../../src/cli/ps/measure.ts';
import { notesOf } from '../../../src/cli/ps/notes.ts';
import { psTable } from '../../../src/cli/ps/rows.ts';
import { Filters, sorted } from '../../../src/cli/ps/select.ts';
import { widthOf } from '../../../src/cli/text-width.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import type { ContainerSummary } from '../../../src/runtime/index.ts';
import { fakeContainers } from '../../support/fake-containers.ts';
import { fakeTerminal, plain } from '../../support/terminal.ts';

const now = Date.parse('2026-01-31T10:44:08.000Z');

/** The board of the fake containers, with what two samples would have told. */
function board(): Measured[] {
  const cpu: Record<string, number> = { camera: 0.61, gateway: 0.02 };
  return fakeContainers().map((container) => {
    const share = cpu[container.name];
    return share === undefined ? { container } : { container, cpu: share };
  });
}

function ps(terminal: Terminal, measured = board(), wide = false): string[] {
  return psTable(measured, terminal, { wide, now });
}

describe('thuban ps', () => {
  test('has its header where it stands above rows, also without any', () => {
    assert.match(ps(fakeTerminal(), [])[0] ?? '', /^ {2}NAME/);
    assert.match(ps(fakeTerminal({ isTTY: false }), [])[0] ?? '', /^NAME/);
  });

  test('tells for what a container was stopped, and how only where that is remarkable', () => {
    const cases: [last: Partial<NonNullable<ContainerSummary['last_exit']>>, shown: string][] = [
      [{ signal: 'SIGTERM' }, 'stopped on request, 3m ago'],
      [{ code: 0, stopped_for: 'for replacement' }, 'stopped for replacement, 3m ago'],
      [{ signal: 'SIGTERM', stopped_for: 'max_runtime 12 s' }, 'stopped after max_runtime 12 s, 3m ago'],
      [{ signal: 'SIGKILL', stopped_for: 'on request' }, 'stopped on request, killed by SIGKILL, 3m ago'],
      [{ code: 3, stopped_for: 'for restart' }, 'stopped for restart, code 3, 3m ago'],
    ];
    for (const [last, shown] of cases) {
      const last_exit = { reason: 'stopped', time: '2026-01-31T10:41:00.000Z', duration: 1, ...last } as const;
      const measured = board()
        .slice(0, 1)
        .map(({ container }) => ({ container: { ...container, last_exit } }));
      assert.ok(ps(fakeTerminal({ isTTY: false }), measured)[1]?.endsWith(`  ${shown}`), shown);
    }
  });

  test('answers what is wrong at a glance, in 80 columns', () => {
    assert.deepEqual(ps(fakeTerminal()), [
      '  NAME           STATE        UP    CPU   MEM/LIMIT       RST  LAST EXIT',
      '● camera:2.1.0   running      3d4h  61%   88/96 MiB  92%    0  -',
      '● gateway:1.4.2  running ▲ #  3d4h  2.0%  41 MiB       -    1  code 1, 3d ago',
      '↻ modem:0.9.0    backoff      -     -     -            -    7  code 3, 4s ago',
      '✗ oom:1.0.0      failed       -     -     -            -    2  OOM 32 M…, 3m ago',
      '○ report:1.0.0   stopped      -     -     -            -    0  code 0, 6h ago',
      '⊘ sensors.yaml   rejected     -     -     -            -    -  1 error',
    ]);
  });

  test('shows all columns from 120 on', () => {
    const [header, camera, , modem, , report] = ps(fakeTerminal({ columns: 120 }));
    const titles = 'NAME STATE HEALTH PID UP CPU QUOTA MEM/LIMIT % PIDS RST OOM LAST EXIT NEXT';
    assert.equal(header?.trim().replaceAll(/ +/g, ' '), titles);
    assert.match(camera ?? '', /running +- +2210 +3d4h +61% +100% +88\/96 MiB +92% +9 +0 +0 +- +-$/);
    assert.match(modem ?? '', /code 3, 4s ago +in 12s$/);
    assert.match(report ?? '', /code 0, 6h ago +03:00 UTC$/);
    assert.equal(ps(fakeTerminal({ columns: 119 }))[0]?.includes('HEALTH'), false);
    assert.equal(ps(fakeTerminal({ columns: 80 }), board(), true)[0]?.includes('NEXT'), true);
  });

  test('keeps name and state on a narrow terminal, in ASCII too', () => {
    const lines = ps(fakeTerminal({ columns: 40, ascii: true }));
    assert.equal(lines[0], '  NAME           STATE        UP    CPU');
    assert.deepEqual(
      lines.slice(1).map((line) => line[0]),
      ['*', '*', '~', 'x', 'o', '!'],
    );
    assert.match(lines[2] ?? '', /^\* gateway:1\.4\.2 {2}running \^ #/);
    for (const line of lines) assert.match(line, /^[\x20-\x7e]*$/);
  });

  test('has no symbols and no colour in a pipe, shortens nothing, and names what symbols stand for', () => {
    const lines = ps(fakeTerminal({ isTTY: false, columns: 20 }));
    assert.equal(lines[0], 'NAME           STATE                        UP    CPU   MEM/LIMIT       RST  LAST EXIT');
    assert.match(lines[2] ?? '', /^gateway:1\.4\.2 {2}running degraded privileged {2}3d4h/);
    assert.match(lines[4] ?? '', /OOM 32 MiB, 3m ago$/);
    for (const line of lines) assert.match(line, /^[\x20-\x7e]*$/);
  });

  test('colours the state and nothing else', () => {
    const coloured = ps(fakeTerminal({ color: true }));
    assert.deepEqual(coloured.map(plain), ps(fakeTerminal()));
    assert.ok(coloured[1]?.startsWith('\u001b[32m●\u001b[39m camera:2.1.0   \u001b[32mrunning\u001b[39m '));
    assert.ok(coloured[4]?.includes('\u001b[31mfailed\u001b[39m'));
  });

  test('says ? for what is not known and - for what does not apply', () => {
    const [first] = board();
    assert.ok(first?.container.usage !== undefined);
    first.cpu = null;
    first.container.usage.memory = null;
    assert.match(ps(fakeTerminal(), [first])[1] ?? '', /3d4h +\? +\?\/96 MiB +\? +0 +-$/);
  });

  test('fits whatever the names and numbers are', () => {
    const name = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'grapheme', maxLength: 60 }));
    fc.assert(
      fc.property(fc.array(name, { maxLength: 20 }), fc.integer({ min: 1, max: 250 }), (names, columns) => {
        const measured = names.map((id, at) => ({
          ...board()[at % 6],
          container: { ...board()[at % 6]!.container, id },
        }));
        for (const line of ps(fakeTerminal({ columns }), measured)) assert.ok(widthOf(line) <= columns);
      }),
    );
  });

  test('has a row for each of very many', () => {
    const [first] = board();
    const many = Array.from({ length: 2000 }, (_, at) => ({
      container: { ...first!.container, id: `c${at}:1.0.0` },
    }));
    assert.equal(ps(fakeTerminal(), many).length, 2001);
  });
});

describe('the notes under the table', () => {
  const containers = board().map(({ container }) => container);
  const notes = (terminal: Terminal, all: ContainerSummary[] = containers, nextShown = false): string[] =>
    notesOf(all, terminal, { now, nextShown });

  test('tell what repairs a file or folder that is not to be trusted', () => {
    const place = { file: '/srv/repository', line: 1, column: 1, length: 1, path: '' };
    const hint = 'chmod go-w /srv/repository';
    const error = { code: 'TH5010', severity: 'error', message: 'its group may write', hint, ...place } as const;
    const rejected = fakeContainers().filter(({ state }) => state === 'rejected');
    const all = rejected.map((container) => ({ ...container, file: '/srv/repository', errors: [error] }));
    assert.deepEqual(notesOf(all, fakeTerminal({ columns: 200 }), { now, nextShown: false }), [
      'repository: its group may write (chmod go-w /srv/repository)',
    ]);
  });

  test('say what the table has no room for, at most three lines', () => {
    assert.deepEqual(notes(fakeTerminal()), [
      '# privileged: gateway · ▲ gateway: degraded, no swap accounting · modem: next',
      'start in 12s · report: next run 03:00 UTC · sensors.yaml:12:5 unknown key',
      '`memroy` in cgroups (thuban validate)',
    ]);
  });

  test('break no command, and nothing at all in a pipe', () => {
    for (let columns = 30; columns < 120; columns++) {
      const lines = notes(fakeTerminal({ columns }), containers.slice(-1));
      assert.equal(lines.filter((line) => line.includes('(thuban validate)')).length, 1, lines.join('\n'));
    }
    const piped = notes(fakeTerminal({ isTTY: false, columns: 20 }));
    assert.equal(piped.length, 1);
    assert.match(piped[0] ?? '', /^# privileged: gateway · .* in cgroups \(thuban validate\)$/);
  });

  test('count what does not fit, and never leave out who is privileged', () => {
    const many = Array.from({ length: 30 }, (_, at) => ({
      ...containers[2]!,
      name: `modem${at}`,
    }));
    const lines = notes(fakeTerminal(), [...many, ...containers]);
    assert.equal(lines.length, 3);
    assert.match(lines[0] ?? '', /^# privileged: gateway/);
    assert.match(lines.join(' '), /· \d+ more \(thuban inspect NAME\)$/);
    assert.ok(notes(fakeTerminal({ columns: 5 })).length <= 3);
  });

  test('leave out what a column tells, and are nothing when all is well', () => {
    assert.doesNotMatch(notes(fakeTerminal({ columns: 120 }), containers, true).join(' '), /next start/);
    assert.deepEqual(notes(fakeTerminal(), [containers[0]!]), []);
  });
});

describe('the CPU of ps', () => {
  const clock = {
    at: 0,
    now: () => 0,
    monotonic: () => clock.at,
    sleep: (ms: number) => Promise.resolve(void (clock.at += ms)),
  };
  const asked = (samples: ContainerSummary[][]): Parameters<typeof measure>[0] =>
    ({ containers: () => Promise.resolve(samples.shift()) }) as unknown as Parameters<typeof measure>[0];
  const sample = (cpu_us: number | null, started_at = '2026-01-31T10:00:00.000Z'): ContainerSummary =>
    ({ ...fakeContainers()[0], started_at, usage: { cpu_us, memory: 1, pids: 1 } }) as ContainerSummary;

  test('is the time between two samples, in shares of one CPU', async () => {
    const [measured] = await measure(asked([[sample(1_000_000)], [sample(1_300_000)]]), clock);
    assert.equal(measured?.cpu, 2);
  });

  test('is not known when the counter was not read or another run began, and never negative', async () => {
    const cases: [ContainerSummary, ContainerSummary][] = [
      [sample(null), sample(5)],
      [sample(5), sample(null)],
      [sample(900_000), sample(5, '2026-01-31T10:00:01.000Z')],
    ];
    for (const [before, after] of cases) assert.equal((await measure(asked([[before], [after]]), clock))[0]?.cpu, null);
    assert.equal((await measure(asked([[sample(9)], [sample(5)]]), clock))[0]?.cpu, 0);
  });

  test('costs no second question when nothing runs', async () => {
    const samples = [fakeContainers().slice(2)];
    assert.equal((await measure(asked(samples), clock)).length, 4);
    assert.equal(samples.length, 0);
  });
});

describe('the selection of ps', () => {
  const ids = (measured: Measured[]): string[] => measured.map(({ container }) => container.name);

  test('sorts by what is asked for, largest first, and keeps the order of equals', () => {
    assert.deepEqual(ids(sorted(board(), 'restarts')).slice(0, 3), ['modem', 'oom', 'gateway']);
    assert.deepEqual(ids(sorted(board(), 'mem')).slice(0, 3), ['camera', 'gateway', 'modem']);
    assert.deepEqual(ids(sorted(board(), 'cpu')).slice(0, 2), ['camera', 'gateway']);
    const [camera, gateway] = board();
    assert.ok(camera !== undefined && gateway !== undefined);
    gateway.container.started_at = '2026-01-01T00:00:00.000Z';
    assert.deepEqual(ids(sorted([camera, gateway], 'up')), ['gateway', 'camera']);
    assert.deepEqual(ids(sorted(board(), undefined)), ids(board()));
  });

  test('filters: one key widens, two keys narrow', () => {
    const matching = (...filters: string[]): string[] => {
      const all = new Filters(filters);
      return ids(board().filter((entry) => all.matches(entry)));
    };
    assert.deepEqual(matching('state=failed', 'state=backoff'), ['modem', 'oom']);
    assert.deepEqual(matching('name=*m*', 'state=running'), ['camera']);
    assert.deepEqual(matching('name=camera:2.1.0'), ['camera']);
    assert.deepEqual(matching('name=nobody'), []);
  });

  test('refuses keys and states that there are not', () => {
    assert.throws(() => new Filters(['colour=red']), { code: 'TH6011', message: '`colour=red` is not a filter' });
    assert.throws(() => new Filters(['running']), { code: 'TH6011' });
    assert.throws(() => new Filters(['state=runing']), { code: 'TH6011', hint: 'did you mean `running`?' });
  });
});

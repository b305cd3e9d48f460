import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decodeStatus,
  exitSentence,
  processExitCode,
  signalName,
  startFailureCode,
  type Exit,
} from '../../../src/runtime/exit.ts';
import { ThubanError } from '../../../src/base/index.ts';

const exit = (parts: Partial<Exit>): Exit => ({
  reason: 'exited',
  time: '2026-01-01T00:00:00.000Z',
  duration: 0.212,
  ...parts,
});

describe('an exit', () => {
  test('is read from the raw wait status', () => {
    assert.deepEqual(decodeStatus(0), { code: 0 });
    assert.deepEqual(decodeStatus(42 << 8), { code: 42 });
    assert.deepEqual(decodeStatus(255 << 8), { code: 255 });
    assert.deepEqual(decodeStatus(9), { signal: 9, coreDumped: false });
    assert.deepEqual(decodeStatus(11 | 0x80), { signal: 11, coreDumped: true });
    assert.deepEqual(decodeStatus(40), { signal: 40, coreDumped: false });
  });

  test('becomes the exit code of the command', () => {
    assert.equal(processExitCode(exit({ code: 42 })), 42);
    assert.equal(processExitCode(exit({ reason: 'signalled', signal: 'SIGTERM' })), 143);
    assert.equal(processExitCode(exit({ reason: 'oom_killed', signal: 'SIGKILL' })), 137);
    assert.equal(processExitCode(exit({ reason: 'signalled', signal: signalName(40) })), 168);
    assert.equal(processExitCode(exit({ reason: 'start_failed' })), 125);
  });

  test('of a start that failed is told apart as a shell does', () => {
    assert.equal(startFailureCode(new ThubanError('TH3001', 'x')), 127);
    assert.equal(startFailureCode(new ThubanError('TH3003', 'x')), 126);
    assert.equal(startFailureCode(new ThubanError('TH2004', 'x')), 125);
  });

  test('is said in one sentence', () => {
    const limit = 32 * 1024 * 1024;
    const cases: [Partial<Exit>, string][] = [
      [{ code: 0 }, 'code 0'],
      [{ code: 3, error: { code: 'TH2010' } }, 'code 3, not all of it could be killed'],
      [{ code: 0, oom: { cause: 'own_limit', kills: 1, limit } }, 'code 0 (a child was OOM-killed)'],
      [{ reason: 'signalled', signal: 'SIGSEGV', core_dumped: true }, 'killed by SIGSEGV (11), core dumped'],
      [
        { reason: 'oom_killed', signal: 'SIGKILL', oom: { cause: 'own_limit', kills: 1, limit } },
        'OOM, own limit of 32 MiB reached',
      ],
      [{ reason: 'stopped', signal: 'SIGTERM' }, 'stopped on request, killed by SIGTERM (15)'],
      [
        { reason: 'stopped', signal: 'SIGTERM', stopped_for: 'max_runtime 12 s' },
        'stopped after max_runtime 12 s, killed by SIGTERM (15)',
      ],
      [{ reason: 'start_failed', error: { message: 'no group `x`' } }, 'start failed: no group `x`'],
      [
        { reason: null, signal: 'SIGKILL' },
        'unknown: the counter could not be read (killed by SIGKILL (9) after 212 ms)',
      ],
    ];
    for (const [parts, sentence] of cases) assert.equal(exitSentence(exit(parts)), sentence);
  });
});

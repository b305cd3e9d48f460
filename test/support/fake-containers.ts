import { ThubanError } from '../../src/base/index.ts';
import type { ContainerDetail, ContainerSummary, Exit } from '../../src/runtime/index.ts';
import { typo } from './fake-board.ts';

const REPOSITORY = '/var/lib/thuban/repository';
const MIB = 1024 * 1024;

function container(name: string, version: string, rest: Partial<ContainerDetail>): ContainerDetail {
  return {
    id: `${name}:${version}`,
    name,
    version,
    state: 'stopped',
    since: '2026-01-31T10:41:07.000Z',
    conditions: [],
    restarts: 0,
    oom_kills: 0,
    file: `${REPOSITORY}/${name}.yaml`,
    loaded_at: '2026-01-31T10:40:58.000Z',
    digest: 'a'.repeat(64),
    repository: 'default',
    history: [],
    ...rest,
  };
}

/** One container in each state that a person meets: the board that reference outputs show. */
export function fakeContainers(): ContainerDetail[] {
  return [
    container('camera', '2.1.0', {
      state: 'running',
      pid: 2210,
      started_at: '2026-01-28T06:41:07.000Z',
      autostart: 'critical',
      usage: { cpu_us: 61_000_000, cpu_quota_percent: 100, memory: 88 * MIB, memory_limit: 96 * MIB, pids: 9 },
      command: ['/usr/bin/camera', '--fps', '15'],
      groups: [{ controllers: ['memory', 'cpu', 'pids'], version: 2, path: '/thuban/c-camera@2.1.0' }],
      mounts: [{ target: '/proc', type: 'proc' }],
      memory: { usage: 88 * MIB, limit: 96 * MIB, peak: 92 * MIB },
      cpu: { usage_us: 61_000_000, nr_periods: 1000, nr_throttled: 32 },
      lines: { 'cgroups.memory.memory_hard_limit': 9 },
    }),
    container('gateway', '1.4.2', {
      state: 'running',
      pid: 2214,
      started_at: '2026-01-28T06:41:07.000Z',
      restarts: 1,
      privileged: true,
      conditions: [
        { type: 'degraded', since: '2026-01-28T06:41:07.000Z', message: 'no swap accounting', code: 'TH2002' },
      ],
      usage: { cpu_us: 2_000_000, memory: 41 * MIB, pids: 17 },
      last_exit: { reason: 'exited', code: 1, time: '2026-01-28T06:41:06.000Z', duration: 12 },
    }),
    container('modem', '0.9.0', {
      state: 'backoff',
      restarts: 7,
      next_start: '2026-01-31T10:44:20.000Z',
      last_exit: { reason: 'exited', code: 3, time: '2026-01-31T10:44:04.000Z', duration: 0.8 },
    }),
    container('oom', '1.0.0', {
      state: 'failed',
      restarts: 2,
      oom_kills: 3,
      message: 'restart limit reached: 3 starts',
      last_exit: {
        reason: 'oom_killed',
        signal: 'SIGKILL',
        oom: { cause: 'own_limit', kills: 1, limit: 32 * MIB },
        time: '2026-01-31T10:41:07.000Z',
        duration: 0.212,
      },
      history: [
        {
          epoch: '0f3a',
          seq: 12,
          time: '2026-01-31T10:41:07.000Z',
          type: 'state',
          container: 'oom:1.0.0',
          state: 'failed',
        },
      ],
    }),
    container('report', '1.0.0', {
      next_run: '2026-02-01T03:00:00.000Z',
      last_run: '2026-01-31T03:00:00.000Z',
      last_exit: { reason: 'exited', code: 0, time: '2026-01-31T04:00:02.000Z', duration: 2.1 },
    }),
    {
      ...withoutVersion(container('sensors.yaml', '', { state: 'rejected' })),
      id: 'sensors.yaml',
      file: `${REPOSITORY}/sensors.yaml`,
      errors: [typo],
    },
  ];
}

/** A rejected manifest may not tell its version. */
function withoutVersion(detail: ContainerDetail): ContainerDetail {
  const { version: _version, ...rest } = detail;
  return rest;
}

/** Whether a pattern means a container, by its id or its name. */
export function matches(pattern: string, id: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const form = new RegExp(`^${parts.join('.*')}$`);
  return form.test(id) || form.test(id.replace(/:.*/, ''));
}

const detailOnly =
  'message loaded_at digest outdated manifest limits lines repository command restart restart_history last_run groups mounts memory cpu history';

/** What a listing shows of a detail. */
export function summaryOf(detail: Omit<ContainerDetail, 'usage'>): ContainerSummary {
  const keys = new Set(detailOnly.split(' '));
  return Object.fromEntries(Object.entries(detail).filter(([key]) => !keys.has(key))) as unknown as ContainerSummary;
}

/** As the supervisor refuses it. */
export function wrongState(container: ContainerSummary, action: string, wanted: string[]): ThubanError {
  const { id, state } = container;
  return new ThubanError('TH6005', `\`${id}\` is ${state}, ${action} needs ${wanted.join(' or ')}`, {
    details: { id, state, action },
  });
}

export function begin(container: ContainerDetail, pid: number): void {
  const time = new Date().toISOString();
  delete container.next_start;
  Object.assign(container, { state: 'running', since: time, started_at: time, pid });
}

export function end(container: ContainerDetail, signal: string): Exit {
  const time = new Date().toISOString();
  const exit: Exit = { reason: 'stopped', signal, time, duration: 1.5 };
  delete container.pid;
  delete container.next_start;
  Object.assign(container, { state: 'stopped', since: time, last_exit: exit });
  return exit;
}

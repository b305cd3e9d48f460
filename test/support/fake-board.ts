import type { Diagnostic } from '../../src/base/index.ts';
import type { Applied, Change, DaemonVersion, RepositorySummary, Updated } from '../../src/runtime/index.ts';

const REPOSITORY = '/var/lib/thuban/repository';
const MIB = 1024 * 1024;

function change(id: string, rest: Partial<Change> & Pick<Change, 'action'>): Change {
  const [name = ''] = id.split(':');
  return { id, restart: false, start: false, stop: false, changed: [], file: `${REPOSITORY}/${name}.yaml`, ...rest };
}

/** What is wrong with the manifest of `sensors`. */
export const typo: Diagnostic = {
  code: 'TH1102',
  severity: 'error',
  message: 'unknown key `memroy` in cgroups',
  hint: 'did you mean `memory`?',
  file: `${REPOSITORY}/sensors.yaml`,
  line: 12,
  column: 5,
  length: 6,
  path: 'cgroups.memroy',
};

/** Each kind of change, and a file that is rejected: the board that reference outputs show. */
export function fakeApplied(): Applied {
  return {
    changes: [
      change('camera:2.1.0', { action: 'update' }),
      change('gateway:1.4.2', {
        action: 'replace',
        restart: true,
        changed: [
          { key: 'args[1]', from: '--qos=0', to: '--qos=1', line: 6 },
          { key: 'cgroups.memory.memory_hard_limit', from: 64 * MIB, to: 96 * MIB, line: 9 },
          { key: 'hostname', from: 'gate', to: null },
        ],
      }),
      change('legacy:0.3.0', { action: 'remove', stop: true }),
      change('modem:1.0.0', { action: 'replace', replaces: 'modem:0.9.0', restart: true }),
      change('report:1.0.0', { action: 'add', start: true }),
    ],
    rejected: [
      { file: `${REPOSITORY}/sensors.yaml`, repository: 'default', errors: [typo, typo], keeps: ['sensors:1.1.0'] },
    ],
    unsettled: [],
  };
}

export function fakeRepositories(): RepositorySummary[] {
  const looked_at = '2026-01-31T10:44:10.000Z';
  return [
    {
      id: 'default',
      dir: REPOSITORY,
      containers: 5,
      running: 2,
      rejected: [{ file: `${REPOSITORY}/sensors.yaml`, errors: [typo] }],
      watched: true,
      looked_at,
    },
    {
      id: 'vendor',
      dir: '/srv/vendor',
      containers: 1,
      running: 1,
      rejected: [],
      problem: {
        code: 'TH5010',
        name: 'untrusted',
        message: '`/srv/vendor` has mode 0777, so everybody may write',
        hint: 'chmod go-w /srv/vendor',
        details: {},
      },
      watched: true,
      looked_at,
    },
  ];
}

/** Limits that were raised. */
export function fakeUpdated(): Omit<Updated, 'id' | 'duration'> {
  return {
    changed: [{ key: 'cgroups.memory.memory_hard_limit', from: 100_663_296, to: 134_217_728 }],
    writes: [{ path: '/thuban/c-camera@2.1.0', file: 'memory.max', value: '134217728' }],
    differs: true,
    warnings: [],
    degraded: [],
  };
}

export function fakeVersion(containers: number): DaemonVersion {
  return {
    version: '0.1.0',
    pid: process.pid,
    started_at: '2026-01-31T10:02:11.000Z',
    node: '20.20.2',
    kernel: '6.12.48',
    arch: 'aarch64',
    cgroups: 'v2',
    api: 'v1',
    launcher: { pid: 2811, version: '0.1.0' },
    run_dir: '/run/thuban',
    repositories: ['/var/lib/thuban/repository'],
    containers,
  };
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { loadManifest, readStatus, toNorthstarJson, type Manifest } from '../../../src/manifest/index.ts';
import { accept, acceptAll, HEAD } from './support.ts';

const PROBE = { start_period: 0, on_unhealthy: 'restart', interval: 30, timeout: 5, retries: 3 };

/** The lines after HEAD, and what the section becomes. */
const cases: [text: string, key: keyof Manifest, expected: unknown][] = [
  ['standby: true\nautostart: relaxed\n', 'standby', true],
  ['health: {type: exec, command: [/bin/c, 7]}\n', 'health', { type: 'exec', command: ['/bin/c', '7'], ...PROBE }],
  [
    'health: {type: http, port: 0x50}\n',
    'health',
    { type: 'http', port: 80, host: '127.0.0.1', path: '/', status: '200-399', ...PROBE },
  ],
  [
    "health: {type: http, port: 1, host: '::1', path: /a?b=%20, status: ' 204, 300 - 399 ', interval: 1 min, retries: 1}\n",
    'health',
    { ...PROBE, type: 'http', port: 1, host: '::1', path: '/a?b=%20', status: '204,300-399', interval: 60, retries: 1 },
  ],
  [
    'health: {type: http, port: 1, status: 204, host: db.example.org}\n',
    'health',
    { ...PROBE, type: 'http', port: 1, host: 'db.example.org', path: '/', status: '204' },
  ],
  [
    'health: {type: tcp, port: 1, start_period: 500 ms, timeout: 0.5, on_unhealthy: none}\n',
    'health',
    { ...PROBE, type: 'tcp', port: 1, host: '127.0.0.1', start_period: 0.5, timeout: 0.5, on_unhealthy: 'none' },
  ],
  ['health: {type: unix, path: /run/a}\n', 'health', { type: 'unix', path: '/run/a', ...PROBE }],
  ['health: {type: notify}\n', 'health', { type: 'notify', watchdog: 30, start_period: 30, on_unhealthy: 'restart' }],
  [
    'health: {type: notify, watchdog: unlimited, start_period: 2 min, on_unhealthy: kill}\n',
    'health',
    { type: 'notify', watchdog: 'unlimited', start_period: 120, on_unhealthy: 'kill' },
  ],
  [
    'depends_on:\n  db: healthy\n  net: {}\n  __proto__: {condition: completed, version: 1.2, timeout: 1 min, on_exit: stop}\n',
    'depends_on',
    JSON.parse(
      '{"db":{"condition":"healthy","version":"*","timeout":"unlimited","on_exit":"ignore"},' +
        '"net":{"condition":"started","version":"*","timeout":"unlimited","on_exit":"ignore"},' +
        '"__proto__":{"condition":"completed","version":"^1.2","timeout":60,"on_exit":"stop"}}',
    ),
  ],
  [
    'stop: {timeout: 20 s, pre_stop: {command: [/bin/flush]}, post_stop: {command: [a, b], timeout: 1 min}}\n',
    'stop',
    {
      signal: 'SIGTERM',
      timeout: 20,
      pre_stop: { command: ['/bin/flush'], timeout: 5 },
      post_stop: { command: ['a', 'b'], timeout: 60 },
    },
  ],
  ['logs: {}\n', 'logs', { target: 'memory', size: 262_144, files: 3, max_line: 16_384, rate: 1000, timestamps: true }],
  [
    'logs: {target: file, size: 1 MB, files: 1, max_line: 80, rate: 1, timestamps: false}\n',
    'logs',
    { target: 'file', size: 1_000_000, files: 1, max_line: 80, rate: 1, timestamps: false },
  ],
  // What is not kept needs no pipe.
  [
    'logs: {target: none}\nio: {stdout: discard, stderr: discard}\n',
    'logs',
    { target: 'none', size: 262_144, files: 3, max_line: 16_384, rate: 1000, timestamps: true },
  ],
  ['update: {}\n', 'update', { strategy: 'manual', probation: 60, on_failure: 'rollback', keep: 1 }],
  [
    'update: {strategy: replace, probation: 5 min, on_failure: stay, keep: 0}\n',
    'update',
    { strategy: 'replace', probation: 300, on_failure: 'stay', keep: 0 },
  ],
  [
    'process: {working_dir: /srv, umask: 0o077, oom_score_adj: -500, no_new_privs: false, new_session: false}\n',
    'process',
    {
      privileged: false,
      working_dir: '/srv',
      umask: 0o077,
      oom_score_adj: -500,
      no_new_privs: false,
      new_session: false,
    },
  ],
  ['process: {umask: 0}\n', 'process', { privileged: false, umask: 0 }],
  ['paths: {}\n', 'paths', {}],
  ['paths: {masked: none, read_only: [/proc/sys]}\n', 'paths', { masked: 'none', read_only: ['/proc/sys'] }],
  ['user_namespace: {host_uid: 200000}\n', 'user_namespace', { host_uid: 200_000, host_gid: 100_000, size: 65_536 }],
  ['apparmor: {profile: /usr/bin/a//b}\n', 'apparmor', { profile: '/usr/bin/a//b' }],
  ['apparmor: {profile: a, optional: true}\n', 'apparmor', { profile: 'a', optional: true }],
  [
    'rootfs: {type: package, overlay: tmpfs}\n',
    'rootfs',
    { type: 'package', overlay: 'tmpfs', overlay_size: 16_777_216 },
  ],
  [
    'rootfs: {type: dir, path: /a, overlay: tmpfs, overlay_size: 1 MiB}\n',
    'rootfs',
    { type: 'dir', path: '/a', overlay: 'tmpfs', overlay_size: 1_048_576 },
  ],
  ['rootfs: {type: package, overlay: persist}\n', 'rootfs', { type: 'package', overlay: 'persist' }],
  [
    'mounts: {/a: {type: device, host: /dev/a}, /b: {type: device, host: /dev/b, access: mr, mode: 0o600, wait: unlimited, optional: true}}\n',
    'mounts',
    {
      '/a': { type: 'device', host: '/dev/a', access: 'rw', mode: 0o660, wait: 0 },
      '/b': { type: 'device', host: '/dev/b', access: 'rm', mode: 0o600, wait: 'unlimited', optional: true },
    },
  ],
  [
    'mounts: {/a: {type: overlay, lower: [/b, /c]}, /d: {type: overlay, lower: [/b], size: 1 MiB}, /e: {type: overlay, lower: [/b], upper: persist}}\n',
    'mounts',
    {
      '/a': { type: 'overlay', lower: ['/b', '/c'], upper: 'tmpfs', size: 16_777_216 },
      '/d': { type: 'overlay', lower: ['/b'], upper: 'tmpfs', size: 1_048_576 },
      '/e': { type: 'overlay', lower: ['/b'], upper: 'persist' },
    },
  ],
  [
    'cgroups: {devices: [{allow: false}, {allow: true, type: c, major: 89, minor: 1, access: wr}]}\n',
    'cgroups',
    {
      devices: [
        { allow: false, type: 'a', access: 'rwm' },
        { allow: true, type: 'c', major: 89, minor: 1, access: 'rw' },
      ],
    },
  ],
  [
    'cgroups: {memory: {pressure: {some: 150 ms, full: 2}}}\n',
    'cgroups',
    { memory: { pressure: { some: 0.15, full: 2, window: 2, level: 'medium' } } },
  ],
  [
    'cgroups: {memory: {pressure: {level: critical}}}\n',
    'cgroups',
    { memory: { pressure: { window: 2, level: 'critical' } } },
  ],
];

describe('the sections that only Thuban has', () => {
  for (const [text, key, expected] of cases)
    it(`become one form, which reads back equal: ${text.trim().replaceAll('\n', '; ')}`, () => {
      const manifest = accept(text);
      assert.deepEqual(manifest[key], expected);
      for (const printed of [JSON.stringify(manifest), stringify(manifest)])
        assert.deepEqual(acceptAll(printed), manifest);
      const northstar = toNorthstarJson(manifest);
      assert.deepEqual(toNorthstarJson(acceptAll(JSON.stringify(northstar))), northstar);
    });

  it('say nothing when they are not there', () => {
    assert.deepEqual(Object.keys(accept('')), ['name', 'version', 'init', 'uid', 'gid']);
  });
});

describe('codes of HTTP', () => {
  it('are read as ranges', () => {
    assert.deepEqual(readStatus('200,204-299, 599'), {
      ranges: [
        [200, 200],
        [204, 299],
        [599, 599],
      ],
    });
    assert.deepEqual(readStatus(204), { ranges: [[204, 204]] });
    assert.ok('fault' in readStatus('200,'.repeat(40)));
    assert.ok('fault' in readStatus('2'.repeat(100_000)));
  });
});

describe('any value in these sections', () => {
  it('is read or refused, and never a fault of Thuban', () => {
    const sections = [
      'standby',
      'health',
      'depends_on',
      'stop',
      'logs',
      'update',
      'process',
      'paths',
      'user_namespace',
    ];
    const words = ['exec', 'http', 'notify', 'tmpfs', 'unlimited', '1 s', '64 KiB', '/a', 'default', '*', '\0', '-1'];
    const keys = ['type', 'command', 'port', 'host', 'path', 'status', 'timeout', 'condition', 'size', 'pre_stop'];
    const leaf = fc.oneof(fc.constantFrom<unknown>(...words, 0, 1, -1, 1e308, true, null), fc.string());
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys, '__proto__', 'db'), tie('value'), { maxKeys: 4 }),
      ),
    }));
    const extra = [...sections, 'apparmor', 'mounts', 'cgroups', 'rootfs', 'logs'];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...extra), value), (sectionsOf) => {
        const result = loadManifest(
          JSON.stringify({ name: 'a', version: '1.0.0', init: '/a', uid: 1, gid: 1, ...sectionsOf }),
          'f.yaml',
        );
        assert.ok(
          result.diagnostics.every(({ code }) => code !== 'TH9001'),
          JSON.stringify(result.diagnostics),
        );
        if (!result.ok) return;
        const again = loadManifest(stringify(result.manifest.manifest), 'f.yaml');
        assert.ok(again.ok, JSON.stringify(again.diagnostics));
        assert.deepEqual(again.manifest.manifest, result.manifest.manifest);
      }),
      { numRuns: 1500 },
    );
  });

  it('takes no longer than its length', () => {
    const long = 'a'.repeat(200_000);
    for (const text of [
      `health: {type: http, port: 1, host: "${'a.'.repeat(100_000)}", path: "/${long}", status: "${'200,'.repeat(50_000)}"}`,
      `apparmor: {profile: "${long} "}`,
      `mounts: {/a: {type: device, host: "/dev/${'/'.repeat(200_000)}", access: "${'r'.repeat(200_000)}"}}`,
      `depends_on: {${Array.from({ length: 10_000 }, (_, i) => `a${i}: {version: "${'>=1,'.repeat(5)}"}`).join(', ')}}`,
    ]) {
      const start = performance.now();
      assert.equal(loadManifest(`${HEAD}${text}\n`, 'f.yaml').ok, false);
      assert.ok(performance.now() - start < 5000, text.slice(0, 40));
    }
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadManifest, unsupportedIn } from '../../../src/manifest/index.ts';
import { accept, acceptAll, brief, HEAD, refuse, refuseAll } from './support.ts';

/** What is refused, the lines after HEAD (they begin on line 6), and code, place and path. */
const faults: Record<string, [what: string, text: string, expected: string][]> = {
  standby: [
    ['without autostart', 'standby: true\n', 'TH1104 6:1 standby'],
    ['beside a schedule', "standby: true\nschedule: '@daily'\n", 'TH1306 6:1 standby'],
    ['that is a word', 'standby: yes\nautostart: relaxed\n', 'TH1101 6:10 standby'],
  ],
  health: [
    ['without a type', 'health: {port: 80}\n', 'TH1104 6:1 health.type'],
    ['of an unknown type', 'health: {type: ping}\n', 'TH1201 6:16 health.type'],
    ['exec without a command', 'health: {type: exec}\n', 'TH1104 6:1 health.command'],
    ['exec with an empty command', 'health: {type: exec, command: []}\n', 'TH1104 6:31 health.command'],
    ['exec with an empty program', "health: {type: exec, command: ['', a]}\n", 'TH1104 6:31 health.command'],
    ['exec with a shell text', 'health: {type: exec, command: a b}\n', 'TH1101 6:31 health.command'],
    ['exec with a port', 'health: {type: exec, command: [a], port: 1}\n', 'TH1102 6:36 health.port'],
    ['http without a port', 'health: {type: http}\n', 'TH1104 6:1 health.port'],
    ['http with port 0', 'health: {type: http, port: 0}\n', 'TH1205 6:28 health.port'],
    ['http with port 65536', 'health: {type: http, port: 65536}\n', 'TH1205 6:28 health.port'],
    ['http with a relative path', 'health: {type: http, port: 1, path: a}\n', 'TH1201 6:37 health.path'],
    ['http with a blank in its path', 'health: {type: http, port: 1, path: /a b}\n', 'TH1201 6:37 health.path'],
    ['http with a second request', 'health: {type: http, port: 1, path: "/\\r\\nX: y"}\n', 'TH1201 6:37 health.path'],
    ['http with a status of words', 'health: {type: http, port: 1, status: ok}\n', 'TH1201 6:39 health.status'],
    ['http with a status of 99', 'health: {type: http, port: 1, status: 99}\n', 'TH1201 6:39 health.status'],
    ['http with a range backwards', 'health: {type: http, port: 1, status: 300-200}\n', 'TH1201 6:39 health.status'],
    ['http with an empty status', "health: {type: http, port: 1, status: ''}\n", 'TH1201 6:39 health.status'],
    ['http with a watchdog', 'health: {type: http, port: 1, watchdog: 1 s}\n', 'TH1102 6:31 health.watchdog'],
    ['tcp with a path', 'health: {type: tcp, port: 1, path: /}\n', 'TH1102 6:30 health.path'],
    ['tcp with a name of no host', 'health: {type: tcp, port: 1, host: a_b}\n', 'TH1201 6:36 health.host'],
    ['tcp with half an address', 'health: {type: tcp, port: 1, host: 127.0.0.256}\n', 'TH1201 6:36 health.host'],
    ['tcp with an empty host', "health: {type: tcp, port: 1, host: ''}\n", 'TH1201 6:36 health.host'],
    ['unix without a path', 'health: {type: unix}\n', 'TH1104 6:1 health.path'],
    ['unix with a relative path', 'health: {type: unix, path: run/a}\n', 'TH1211 6:28 health.path'],
    ['unix with ..', 'health: {type: unix, path: /run/../a}\n', 'TH1211 6:28 health.path'],
    ['unix with 108 bytes', `health: {type: unix, path: /${'a'.repeat(107)}}\n`, 'TH1211 6:28 health.path'],
    ['notify with an interval', 'health: {type: notify, interval: 1 s}\n', 'TH1102 6:24 health.interval'],
    ['notify that is ready at once', 'health: {type: notify, start_period: 0}\n', 'TH1205 6:38 health.start_period'],
    ['notify with a watchdog of 0', 'health: {type: notify, watchdog: 0}\n', 'TH1205 6:34 health.watchdog'],
    ['with an unknown reaction', 'health: {type: notify, on_unhealthy: stop}\n', 'TH1201 6:38 health.on_unhealthy'],
    ['without any try', 'health: {type: tcp, port: 1, retries: 0}\n', 'TH1205 6:39 health.retries'],
    ['with an interval of 0', 'health: {type: tcp, port: 1, interval: 0}\n', 'TH1205 6:40 health.interval'],
    ['with a timeout of 0', 'health: {type: tcp, port: 1, timeout: 0}\n', 'TH1205 6:39 health.timeout'],
    ['with an unknown key', 'health: {type: tcp, port: 1, threshold: 3}\n', 'TH1102 6:30 health.threshold'],
  ],
  depends_on: [
    ['as a list', 'depends_on: [db]\n', 'TH1101 6:13 depends_on'],
    ['with an unknown condition', 'depends_on: {db: ready}\n', 'TH1201 6:18 depends_on.db'],
    ['with it in the long form', 'depends_on: {db: {condition: ready}}\n', 'TH1201 6:30 depends_on.db.condition'],
    ['on itself', 'depends_on: {camera: started}\n', 'TH1405 6:14 depends_on.camera'],
    ['on what is no name', 'depends_on: {a/b: started}\n', 'TH1201 6:14 depends_on.a/b'],
    ['with a version of words', 'depends_on: {db: {version: new}}\n', 'TH1206 6:28 depends_on.db.version'],
    ['without any time', 'depends_on: {db: {timeout: 0}}\n', 'TH1205 6:28 depends_on.db.timeout'],
    ['with an unknown reaction', 'depends_on: {db: {on_exit: kill}}\n', 'TH1201 6:28 depends_on.db.on_exit'],
  ],
  stop: [
    ['with pre_stop without a command', 'stop: {pre_stop: {timeout: 1}}\n', 'TH1104 6:8 stop.pre_stop.command'],
    ['with an empty post_stop', 'stop: {post_stop: {command: []}}\n', 'TH1104 6:29 stop.post_stop.command'],
    [
      'with more time for pre_stop than for all',
      'stop: {timeout: 3 s, pre_stop: {command: [a], timeout: 4 s}}\n',
      'TH1205 6:56 stop.pre_stop.timeout',
    ],
    [
      'with less time than pre_stop has by default',
      'stop: {timeout: 3 s, pre_stop: {command: [a]}}\n',
      'TH1205 6:17 stop.timeout',
    ],
    ['with a shell text', 'stop: {pre_stop: {command: sync}}\n', 'TH1101 6:28 stop.pre_stop.command'],
  ],
  logs: [
    ['with an unknown target', 'logs: {target: syslog}\n', 'TH1201 6:16 logs.target'],
    ['with too small a file', 'logs: {size: 1 KiB}\n', 'TH1205 6:14 logs.size'],
    ['without files', 'logs: {files: 0}\n', 'TH1205 6:15 logs.files'],
    ['with lines longer than a file', 'logs: {size: 8 KiB, max_line: 9 KiB}\n', 'TH1205 6:31 logs.max_line'],
    ['with a file shorter than the default of a line', 'logs: {size: 8 KiB}\n', 'TH1205 6:14 logs.size'],
    ['with a rate of 0', 'logs: {rate: 0}\n', 'TH1205 6:14 logs.rate'],
    ['of output that is thrown away', 'io: {stdout: discard, stderr: discard}\nlogs: {}\n', 'TH1306 7:1 logs'],
  ],
  update: [
    ['with an unknown strategy', 'update: {strategy: rolling}\n', 'TH1201 6:20 update.strategy'],
    ['that goes back to nothing', 'update: {strategy: replace, keep: 0}\n', 'TH1306 6:35 update.keep'],
    ['with a negative count', 'update: {keep: -1}\n', 'TH1205 6:16 update.keep'],
    ['with an unknown reaction', 'update: {on_failure: retry}\n', 'TH1201 6:22 update.on_failure'],
  ],
  process: [
    ['with a relative folder', 'process: {working_dir: srv}\n', 'TH1211 6:24 process.working_dir'],
    ['with a folder with ..', 'process: {working_dir: /srv/..}\n', 'TH1211 6:24 process.working_dir'],
    ['with an old octal umask', 'process: {umask: 022}\n', 'TH1209 6:18 process.umask'],
    ['with a umask of too many bits', 'process: {umask: 0o7777}\n', 'TH1205 6:18 process.umask'],
    ['with a score of 1001', 'process: {oom_score_adj: 1001}\n', 'TH1205 6:26 process.oom_score_adj'],
    ['with a word for a boolean', 'process: {no_new_privs: no}\n', 'TH1101 6:25 process.no_new_privs'],
  ],
  paths: [
    ['with an unknown word', 'paths: {masked: all}\n', 'TH1201 6:17 paths.masked'],
    ['with a relative path', 'paths: {read_only: [proc/sys]}\n', 'TH1211 6:21 paths.read_only[0]'],
    ['with ..', 'paths: {masked: [/proc/kcore, /proc/..]}\n', 'TH1211 6:31 paths.masked[1]'],
  ],
  user_namespace: [
    ['with the root of the board', 'user_namespace: {host_uid: 0}\n', 'TH1205 6:28 user_namespace.host_uid'],
    ['without ids', 'user_namespace: {size: 0}\n', 'TH1205 6:24 user_namespace.size'],
    ['beyond 32 bits', 'user_namespace: {host_gid: 4294910000}\n', 'TH1205 6:28 user_namespace.host_gid'],
    ['that is empty', 'user_namespace:\n  host_uid: 4294967295\n', 'TH1205 7:13 user_namespace.host_uid'],
  ],
  apparmor: [
    ['without a profile', 'apparmor: {}\n', 'TH1104 6:1 apparmor.profile'],
    ['with a blank', 'apparmor: {profile: a b}\n', 'TH1201 6:21 apparmor.profile'],
    ['with an empty name', "apparmor: {profile: ''}\n", 'TH1201 6:21 apparmor.profile'],
    ['with a NUL byte', 'apparmor: {profile: "a\\0"}\n', 'TH1201 6:21 apparmor.profile'],
  ],
  rootfs: [
    ['with an unknown overlay', 'rootfs: {type: package, overlay: rw}\n', 'TH1201 6:34 rootfs.overlay'],
    ['of the host with an overlay', 'rootfs: {type: host, overlay: tmpfs}\n', 'TH1306 6:22 rootfs.overlay'],
    ['of the host with a size', 'rootfs: {type: host, overlay_size: 1 MiB}\n', 'TH1306 6:22 rootfs.overlay_size'],
    ['with a size and no overlay', 'rootfs: {type: package, overlay_size: 1 MiB}\n', 'TH1306 6:25 rootfs.overlay_size'],
    [
      'with a size of what is kept',
      'rootfs: {type: package, overlay: persist, overlay_size: 1 MiB}\n',
      'TH1306 6:43 rootfs.overlay_size',
    ],
    [
      'with a size of 1 byte',
      'rootfs: {type: package, overlay: tmpfs, overlay_size: 1}\n',
      'TH1205 6:55 rootfs.overlay_size',
    ],
  ],
  'mounts of type device': [
    ['without a host', 'mounts: {/dev/a: {type: device}}\n', 'TH1104 6:10 mounts./dev/a.host'],
    ['of another folder', 'mounts: {/a: {type: device, host: /etc/passwd}}\n', 'TH1201 6:35 mounts./a.host'],
    ['of /dev itself', 'mounts: {/a: {type: device, host: /dev/}}\n', 'TH1201 6:35 mounts./a.host'],
    ['that leaves /dev', 'mounts: {/a: {type: device, host: /dev/../etc/passwd}}\n', 'TH1211 6:35 mounts./a.host'],
    [
      'with an unknown access',
      'mounts: {/a: {type: device, host: /dev/a, access: rx}}\n',
      'TH1201 6:51 mounts./a.access',
    ],
    ['with a letter twice', 'mounts: {/a: {type: device, host: /dev/a, access: rr}}\n', 'TH1201 6:51 mounts./a.access'],
    ['with options', 'mounts: {/a: {type: device, host: /dev/a, options: rw}}\n', 'TH1102 6:43 mounts./a.options'],
    ['with too long a wait', 'mounts: {/a: {type: device, host: /dev/a, wait: 2 d}}\n', 'TH1205 6:49 mounts./a.wait'],
  ],
  'mounts of type overlay': [
    ['without lower', 'mounts: {/a: {type: overlay}}\n', 'TH1104 6:10 mounts./a.lower'],
    ['with an empty lower', 'mounts: {/a: {type: overlay, lower: []}}\n', 'TH1205 6:37 mounts./a.lower'],
    ['with a relative lower', 'mounts: {/a: {type: overlay, lower: [/b, c]}}\n', 'TH1211 6:42 mounts./a.lower[1]'],
    ['with one folder', 'mounts: {/a: {type: overlay, lower: /b}}\n', 'TH1101 6:37 mounts./a.lower'],
    [
      'with an unknown upper',
      'mounts: {/a: {type: overlay, lower: [/b], upper: disk}}\n',
      'TH1201 6:50 mounts./a.upper',
    ],
    [
      'with a size of what is kept',
      'mounts: {/a: {type: overlay, lower: [/b], upper: persist, size: 1 MiB}}\n',
      'TH1306 6:59 mounts./a.size',
    ],
    ['with keys of others', 'mounts: {/a: {type: overlay, lower: [/b], wait: 1}}\n', 'TH1102 6:43 mounts./a.wait'],
  ],
  'cgroups.devices': [
    ['as a map', 'cgroups: {devices: {allow: true}}\n', 'TH1101 6:20 cgroups.devices'],
    ['without allow', 'cgroups: {devices: [{type: c}]}\n', 'TH1104 6:21 cgroups.devices[0].allow'],
    ['of an unknown type', 'cgroups: {devices: [{allow: true, type: p}]}\n', 'TH1201 6:41 cgroups.devices[0].type'],
    [
      'with a number beside all devices',
      'cgroups: {devices: [{allow: true, major: 1}]}\n',
      'TH1306 6:35 cgroups.devices[0].major',
    ],
    [
      'with too large a number',
      'cgroups: {devices: [{allow: true, type: c, minor: 1048576}]}\n',
      'TH1205 6:51 cgroups.devices[0].minor',
    ],
    [
      'with an unknown access',
      'cgroups: {devices: [{allow: true, access: rwx}]}\n',
      'TH1201 6:43 cgroups.devices[0].access',
    ],
  ],
  'cgroups.memory.pressure': [
    ['that says nothing', 'cgroups: {memory: {pressure: {}}}\n', 'TH1104 6:30 cgroups.memory.pressure'],
    ['with a window only', 'cgroups: {memory: {pressure: {window: 1 s}}}\n', 'TH1104 6:30 cgroups.memory.pressure'],
    [
      'with too short a window',
      'cgroups: {memory: {pressure: {some: 1 ms, window: 499 ms}}}\n',
      'TH1205 6:51 cgroups.memory.pressure.window',
    ],
    [
      'with too long a window',
      'cgroups: {memory: {pressure: {some: 1 ms, window: 11 s}}}\n',
      'TH1205 6:51 cgroups.memory.pressure.window',
    ],
    ['beyond its window', 'cgroups: {memory: {pressure: {full: 3 s}}}\n', 'TH1205 6:37 cgroups.memory.pressure.full'],
    ['of no time', 'cgroups: {memory: {pressure: {some: 0}}}\n', 'TH1205 6:37 cgroups.memory.pressure.some'],
    [
      'of an unknown level',
      'cgroups: {memory: {pressure: {level: high}}}\n',
      'TH1201 6:38 cgroups.memory.pressure.level',
    ],
  ],
};

for (const [section, cases] of Object.entries(faults))
  describe(`the section ${section}`, () => {
    for (const [what, text, expected] of cases)
      it(`${what} is refused with ${expected.slice(0, 6)} at its place`, () => {
        assert.deepEqual(brief(refuse(text)), [expected]);
        for (const { message, hint } of refuse(text)) assert.ok(message !== '' && hint !== undefined && hint !== '');
      });
  });

describe('ids of a container', () => {
  const ids = (uid: number, gid: number): string =>
    HEAD.replace('uid: 1000', `uid: ${uid}`).replace('gid: 1000', `gid: ${gid}`);

  it('may be 0 in a user namespace, where they are not root of the board', () => {
    const manifest = acceptAll(`${ids(0, 0)}user_namespace: {}\n`);
    assert.deepEqual(manifest.user_namespace, { host_uid: 100_000, host_gid: 100_000, size: 65_536 });
    assert.deepEqual([manifest.uid, manifest.gid], [0, 0]);
  });

  it('must be in the user namespace', () => {
    const found = refuseAll(`${ids(10, 9)}user_namespace: {size: 10}\n`);
    assert.deepEqual(brief(found), ['TH1205 4:6 uid']);
    assert.equal(found[0]?.message, '`uid` is 10, which `user_namespace` does not have: it ends at 9');
  });

  it('are told of the user namespace where 0 is refused', () => {
    const [found] = refuseAll(ids(0, 1000));
    assert.match(found?.hint ?? '', /`user_namespace: {}`/);
  });
});

describe('a check that starts a process', () => {
  it('every second is fine, and is warned of when it comes more often', () => {
    const codes = (health: string): string[] => brief(loadManifest(`${HEAD}health: ${health}\n`, 'f.yaml').diagnostics);
    const of = (health: string): string[] => codes(health).filter((line) => line.startsWith('TH1312'));
    assert.deepEqual(of('{type: exec, command: [a], interval: 999 ms}'), ['TH1312 6:46 health.interval']);
    assert.deepEqual(of('{type: exec, command: [a], interval: 1 s}'), []);
    assert.deepEqual(of('{type: tcp, port: 1, interval: 500 ms}'), []);
  });
});

describe('a resource container', () => {
  const RESOURCE = 'name: r\nversion: 1.0.0\nuid: 1\ngid: 1\n';
  const keys = ['standby: false', 'health: {type: tcp, port: 1}', 'depends_on: {}', 'logs: {}', 'update: {}'];
  for (const line of keys)
    it(`is refused \`${line}\` with TH1303`, () => {
      assert.deepEqual(brief(refuseAll(`${RESOURCE}${line}\n`)), [`TH1303 5:1 ${line.split(':', 1)[0] ?? ''}`]);
    });
});

describe('what cannot be executed yet', () => {
  const refused = (text: string): string[] => unsupportedIn(accept(text)).map(({ path }) => path.join('.'));
  const cases: [text: string, paths: string[]][] = [
    ['standby: true\nautostart: relaxed\n', ['standby']],
    ['health: {type: notify}\n', ['health']],
    ['depends_on: {db: started}\n', ['depends_on']],
    ['logs: {}\n', ['logs']],
    ['update: {strategy: replace}\n', ['update']],
    ['stop: {pre_stop: {command: [a]}, post_stop: {command: [a]}}\n', ['stop.pre_stop', 'stop.post_stop']],
    // What happens anyway is executed.
    ['standby: false\ndepends_on: {}\nupdate: {}\n', []],
    ['update: {strategy: manual, probation: 1 min, on_failure: rollback, keep: 1}\n', []],
    ['rootfs: {type: package, overlay: none}\n', []],
    ['process: {working_dir: /a, umask: 0, oom_score_adj: -5, no_new_privs: false, new_session: false}\n', []],
  ];
  for (const [text, paths] of cases)
    it(`${paths.length === 0 ? 'does not hold' : 'holds'} ${text.trim().replaceAll('\n', '; ')}`, () => {
      assert.deepEqual(refused(text), paths);
    });
});

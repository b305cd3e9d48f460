import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accept, acceptAll, brief, refuse } from './support.ts';

describe('the process and its world', () => {
  it('keep masks and values of 64 bits exact', () => {
    const { seccomp } = accept(
      'seccomp: {allow: {ioctl: !args {index: 1, mask: 0xffffffffffffffff, values: [0, 9007199254740993, 0b101, "0x10"]}}}\n',
    );
    assert.deepEqual(seccomp?.allow, {
      ioctl: { args: { index: 1, mask: '18446744073709551615', values: [0, '9007199254740993', 5, 16] } },
    });
    const again = acceptAll(
      JSON.stringify(accept(`seccomp: {allow: {ioctl: !args {index: 1, mask: 0xffffffffffffffff}}}\n`)),
    );
    assert.deepEqual(again.seccomp?.allow, { ioctl: { args: { index: 1, mask: '18446744073709551615' } } });
  });

  it('say what a call that is not allowed does', () => {
    assert.deepEqual(accept('seccomp: {}\n').seccomp, {});
    assert.deepEqual(accept('seccomp: {action: errno}\n').seccomp, { action: 'errno' });
    assert.deepEqual(accept('seccomp: {action: errno, errno: ENOSYS, deny: {ptrace: any}}\n').seccomp, {
      action: 'errno',
      errno: 'ENOSYS',
      deny: { ptrace: 'any' },
    });
  });

  it('count a permission twice once, and sort them', () => {
    assert.deepEqual(accept('console: {permissions: [stop, list, stop]}\n').console, { permissions: ['list', 'stop'] });
  });

  it('read the times of the policy `deadline`', () => {
    const { sched } = accept('sched: {policy: !deadline {runtime: 10 ms, deadline: 30000, period: 100 ms}}\n');
    assert.deepEqual(sched, { policy: { deadline: { runtime: 10_000, deadline: 30_000, period: 100_000 } } });
  });

  it('take modes in octal, sockets without an owner and files of another owner', () => {
    const { sockets } = accept(
      'sockets: {a: {type: stream, mode: 0o660}, b: {type: seq_packet, mode: 0, uid: 0, gid: 5, passcred: true}}\n',
    );
    assert.deepEqual(sockets, {
      a: { type: 'stream', mode: 0o660 },
      b: { type: 'seq_packet', mode: 0, uid: 0, gid: 5, passcred: true },
    });
  });

  it('keep whatever `custom` holds, with the types of YAML', () => {
    const { custom } = accept(
      'custom: {n: 234, hex: 0x10, t: true, none: ~, text: "1", list: [one, 1.5, {a: b}], __proto__: x}\n',
    );
    assert.deepEqual(Object.entries(custom as object), [
      ['n', 234],
      ['hex', 16],
      ['t', true],
      ['none', null],
      ['text', '1'],
      ['list', ['one', 1.5, { a: 'b' }]],
      ['__proto__', 'x'],
    ]);
    for (const [text, value] of [
      ['custom: word', 'word'],
      ['custom: [1, 2]', [1, 2]],
      ['custom: 7', 7],
    ] as const)
      assert.deepEqual(accept(`${text}\n`).custom, value);
    assert.ok(!Object.hasOwn(accept('custom:\n'), 'custom'));
  });

  it('accept categories in an SELinux context', () => {
    assert.deepEqual(accept('selinux: {exec: "u_u:r_r:t_t:s0-s0:c0.c1,c3"}\n').selinux, {
      exec: 'u_u:r_r:t_t:s0-s0:c0.c1,c3',
    });
  });

  it('accept targets that count from the root, and a host path that the host resolves', () => {
    const { mounts } = accept('mounts: {data: {type: persist, mode: 0o750}, /a: {type: bind, host: /x/../etc}}\n');
    assert.deepEqual(mounts, { data: { type: 'persist', mode: 0o750 }, '/a': { type: 'bind', host: '/x/../etc' } });
  });

  const faults: [string, string, string][] = [
    ['a namespace that is a path', 'network: !namespace ../../proc/1/ns/net\n', 'TH1201 6:21 network.namespace'],
    ['a namespace of 257 bytes', `network: !namespace ${'n'.repeat(257)}\n`, 'TH1201 6:21 network.namespace'],
    ['an empty namespace', 'network: !namespace ""\n', 'TH1201 6:21 network.namespace'],
    ['another kind of network', 'network: bridge\n', 'TH1201 6:10 network'],
    ['a rule that says nothing', 'seccomp: {allow: {a: !args {index: 1}}}\n', 'TH1104 6:28 seccomp.allow.a.args'],
    [
      'an argument that no call has',
      'seccomp: {allow: {a: !args {index: 6, mask: 1}}}\n',
      'TH1205 6:36 seccomp.allow.a.args.index',
    ],
    [
      'a value over 64 bits',
      'seccomp: {allow: {a: !args {index: 1, mask: 0x10000000000000000}}}\n',
      'TH1205 6:45 seccomp.allow.a.args.mask',
    ],
    [
      'a negative value',
      'seccomp: {allow: {a: !args {index: 1, values: [-1]}}}\n',
      'TH1205 6:48 seccomp.allow.a.args.values[0]',
    ],
    [
      '51 values',
      `seccomp: {allow: {a: !args {index: 1, values: [${Array(51).fill(1).join(', ')}]}}}\n`,
      'TH1205 6:39 seccomp.allow.a.args.values',
    ],
    ['another rule than any', 'seccomp: {allow: {a: all}}\n', 'TH1201 6:22 seccomp.allow.a'],
    ['a call that is no name', 'seccomp: {deny: {"a b": any}}\n', 'TH1201 6:18 seccomp.deny.a b'],
    ['an error that is never returned', 'seccomp: {errno: EPERM}\n', 'TH1306 6:11 seccomp.errno'],
    ['an error that is no name', 'seccomp: {action: errno, errno: 1}\n', 'TH1201 6:33 seccomp.errno'],
    ['a priority of 0', 'sched: {policy: !fifo {priority: 0}}\n', 'TH1205 6:34 sched.policy.fifo.priority'],
    ['a nice of 20', 'sched: {policy: !batch {nice: 20}}\n', 'TH1205 6:31 sched.policy.batch.nice'],
    ['an unknown policy', 'sched: {policy: realtime}\n', 'TH1201 6:17 sched.policy'],
    ['a socket name that is a path', 'sockets: {../x: {type: stream, mode: 0o600}}\n', 'TH1201 6:11 sockets.../x'],
    ['a socket without a mode', 'sockets: {x: {type: stream}}\n', 'TH1104 6:11 sockets.x.mode'],
    ['an old octal mode', 'sockets: {x: {type: stream, mode: 0600}}\n', 'TH1209 6:35 sockets.x.mode'],
    ['a socket type spelled otherwise', 'sockets: {x: {type: seqpacket, mode: 0}}\n', 'TH1201 6:21 sockets.x.type'],
    ['a context with a blank', 'selinux: {exec: "a b"}\n', 'TH1201 6:17 selinux.exec'],
    ['an empty context', 'selinux: {exec: ""}\n', 'TH1201 6:17 selinux.exec'],
    ['an unknown permission', 'console: {permissions: [token]}\n', 'TH1201 6:25 console.permissions[0]'],
    ['permissions in one word', 'console: {permissions: all}\n', 'TH1201 6:24 console.permissions'],
    ['no permissions', 'console: {}\n', 'TH1104 6:1 console.permissions'],
    ['a group that leaves the hierarchy', 'cgroups: {parent: ../x}\n', 'TH1211 6:19 cgroups.parent'],
    ['a parent that is the root', 'cgroups: {parent: /}\n', 'TH1201 6:19 cgroups.parent'],
    ['a mode on a mount that has none', 'mounts: {/a: {type: proc, mode: 0}}\n', 'TH1102 6:27 mounts./a.mode'],
    [
      'a version of a mount without quotes',
      'mounts: {/a: {type: resource, name: a, version: 1, dir: /}}\n',
      'TH1101 6:49 mounts./a.version',
    ],
    [
      'deadlines in the wrong order',
      'sched: {policy: !deadline {runtime: 10 ms, deadline: 5 ms, period: 100 ms}}\n',
      'TH1306 6:54 sched.policy.deadline.deadline',
    ],
  ];
  for (const [what, text, expected] of faults)
    it(`are refused with ${what}`, () => {
      assert.deepEqual(brief(refuse(text)), [expected]);
    });
});
